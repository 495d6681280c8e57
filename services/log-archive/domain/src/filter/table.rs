//! Filters side by side, as a file has them: a header, then row by row a block of every slot with a checksum.

use std::ops::Range;

use super::BLOCK;
use super::split_block::{SplitBlock, bits, index};

/// Bytes of a row's checksum.
const SUM: usize = 4;
/// What a file begins with; the last byte is the version of this form.
const MAGIC: &[u8; 8] = b"SWIDS\0\0\x03";
/// Bytes before the first block: magic, blocks, slots.
pub const HEADER: usize = 16;

/// Filters side by side, as a file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    shape: Shape,
    bytes: Vec<u8>,
}

/// What must be known of a [`Table`] to read a part of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Blocks of each filter, a power of two.
    pub blocks: u32,
    /// Filters.
    pub slots: u32,
    /// What else the checksum of a row covers: a row of another file, or of the same file before it was replaced, is told.
    pub seed: u64,
}

/// A file of filters cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTable {
    /// It begins otherwise.
    #[error("the file is no filter over IDs: it begins with other bytes, or it is cut")]
    Magic,
    /// A shape that no filter has.
    #[error("a filter over IDs of {blocks} blocks and {slots} slots does not exist")]
    Shape {
        /// As it was read.
        blocks: u32,
        /// As it was read.
        slots: u32,
    },
    /// The length is not what the header says.
    #[error("a filter over IDs has {found} bytes; its header says {expected}")]
    Length {
        /// From the header.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// A row is not what was written there.
    #[error("a filter over IDs is altered: a row has another checksum")]
    Altered,
}

/// A [`Table`] that is being written, slot by slot: no more than the file and one filter are in memory.
#[derive(Debug)]
pub struct TableWriter {
    shape: Shape,
    bytes: Vec<u8>,
}

impl TableWriter {
    /// Every slot knows nothing yet.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let mut bytes = vec![0; usize::try_from(shape.length()).unwrap_or(usize::MAX)];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&shape.blocks.to_le_bytes());
        bytes[12..16].copy_from_slice(&shape.slots.to_le_bytes());
        Self { shape, bytes }
    }

    /// The filter of a slot. One with more blocks than the table loses some of what it is good for.
    pub fn put(&mut self, slot: u32, filter: SplitBlock) {
        if slot >= self.shape.slots {
            return;
        }
        let blocks = self.shape.blocks as usize;
        let filter = filter.at_most(blocks);
        let rows = self.bytes[HEADER..].chunks_mut(self.shape.row_bytes());
        for (at, row) in rows.enumerate() {
            let own = &mut row[slot as usize * BLOCK..][..BLOCK];
            for (bytes, word) in own.chunks_exact_mut(4).zip(filter.block(at, blocks)) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
    }

    /// The table.
    #[must_use]
    pub fn finish(self) -> Table {
        let Self { shape, mut bytes } = self;
        for (at, row) in bytes[HEADER..].chunks_mut(shape.row_bytes()).enumerate() {
            if let Some((blocks, own)) = row.split_last_chunk_mut() {
                *own = shape.sum(at, blocks);
            }
        }
        Table { shape, bytes }
    }
}

impl Table {
    /// The filters of slots; what is `None` knows nothing.
    #[must_use]
    pub fn of(slots: &[Option<&SplitBlock>]) -> Self {
        let blocks = slots.iter().flatten().map(|slot| slot.blocks()).max();
        Self::with_blocks(blocks.unwrap_or(1), slots)
    }

    /// The smallest one in which no more than so many slots are wrong about an unknown ID on average. All slots have as many blocks as
    /// the largest; so most of them are seldom wrong, and the largest may be wrong more often.
    #[must_use]
    pub fn fit(slots: &[SplitBlock], wrong: f64) -> Self {
        let mut blocks = slots.iter().map(SplitBlock::blocks).max().unwrap_or(1);
        let wrong_with = |blocks: usize| -> f64 {
            slots
                .iter()
                .map(|slot| slot.clone().at_most(blocks).wrong())
                .sum()
        };
        while blocks > 1 && wrong_with(blocks / 2) <= wrong {
            blocks /= 2;
        }
        Self::with_blocks(blocks, &slots.iter().map(Some).collect::<Vec<_>>())
    }

    fn with_blocks(blocks: usize, slots: &[Option<&SplitBlock>]) -> Self {
        let mut table = TableWriter::new(Shape {
            blocks: u32::try_from(blocks).unwrap_or(u32::MAX),
            slots: u32::try_from(slots.len()).unwrap_or(u32::MAX),
            seed: 0,
        });
        for (at, slot) in (0_u32..).zip(slots) {
            if let Some(slot) = slot {
                table.put(at, (*slot).clone());
            }
        }
        table.finish()
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The file.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Reads a whole file, of which this was the seed.
    ///
    /// # Errors
    /// It is something else, cut, or altered.
    pub fn read(bytes: Vec<u8>, seed: u64) -> Result<Self, InvalidTable> {
        let shape = Shape::read(&bytes, seed)?;
        let (expected, found) = (shape.length(), bytes.len() as u64);
        if expected != found {
            return Err(InvalidTable::Length { expected, found });
        }
        for (at, row) in bytes[HEADER..].chunks(shape.row_bytes()).enumerate() {
            shape.checked(at, row)?;
        }
        Ok(Self { shape, bytes })
    }

    /// The filter of a slot; `None` if there is no such slot.
    #[must_use]
    pub fn slot(&self, slot: u32) -> Option<SplitBlock> {
        if slot >= self.shape.slots {
            return None;
        }
        let rows = self.bytes[HEADER..].chunks(self.shape.row_bytes());
        let blocks = rows.map(|row| block_at(row, slot as usize)).collect();
        Some(SplitBlock::of_blocks(blocks))
    }
}

impl Shape {
    /// From the beginning of a file, of which this was the seed.
    ///
    /// # Errors
    /// It is something else.
    pub fn read(bytes: &[u8], seed: u64) -> Result<Self, InvalidTable> {
        let word =
            |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
        let (Some(blocks), Some(slots)) = (word(8), word(12)) else {
            return Err(InvalidTable::Magic);
        };
        if !bytes.starts_with(MAGIC) {
            return Err(InvalidTable::Magic);
        }
        if !blocks.is_power_of_two() || blocks > 1 << 24 || slots > 1 << 20 {
            return Err(InvalidTable::Shape { blocks, slots });
        }
        Ok(Self { blocks, slots, seed })
    }

    /// Blocks of the filters in a file of this length.
    #[must_use]
    pub fn blocks_in(length: u64, slots: u32) -> u32 {
        let row = u64::from(slots) * BLOCK as u64 + SUM as u64;
        u32::try_from(length.saturating_sub(HEADER as u64) / row).unwrap_or(u32::MAX)
    }

    /// Bytes of the file.
    #[must_use]
    pub fn length(self) -> u64 {
        HEADER as u64 + u64::from(self.blocks) * self.row()
    }

    /// What must be read to ask for an ID: that block of every slot.
    #[must_use]
    pub fn range(self, hash: u64) -> Range<u64> {
        let start = HEADER as u64 + index(hash, self.blocks as usize) as u64 * self.row();
        start..start + self.row()
    }

    /// Slots that may know the ID, from the bytes of [`Shape::range`].
    ///
    /// # Errors
    /// The bytes are not what was written there.
    pub fn slots_of(self, row: &[u8], hash: u64) -> Result<Vec<u32>, InvalidTable> {
        let row = self.checked(index(hash, self.blocks as usize), row)?;
        let may_contain = |slot: &u32| {
            let block = block_at(row, *slot as usize);
            block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0)
        };
        Ok((0..self.slots).filter(may_contain).collect())
    }

    /// A row without its checksum, if it is right.
    fn checked(self, at: usize, row: &[u8]) -> Result<&[u8], InvalidTable> {
        let (blocks, own) = row.split_last_chunk().ok_or(InvalidTable::Altered)?;
        let is_right = row.len() == self.row_bytes() && self.sum(at, blocks) == *own;
        is_right.then_some(blocks).ok_or(InvalidTable::Altered)
    }

    /// The checksum of a row covers where it stands too: a row that is right in itself and read from another place is told.
    fn sum(self, at: usize, row: &[u8]) -> [u8; SUM] {
        let mut place = [0; 16];
        place[..8].copy_from_slice(&(at as u64).to_le_bytes());
        place[8..12].copy_from_slice(&self.blocks.to_le_bytes());
        place[12..].copy_from_slice(&self.slots.to_le_bytes());
        let seed = xxhash_rust::xxh64::xxh64(&place, self.seed);
        // The lower half of a hash is a hash.
        (xxhash_rust::xxh64::xxh64(row, seed) as u32).to_le_bytes()
    }

    fn row(self) -> u64 {
        self.row_bytes() as u64
    }

    fn row_bytes(self) -> usize {
        self.slots as usize * BLOCK + SUM
    }
}

/// A block of a file; what is not there knows nothing.
fn block_at(bytes: &[u8], at: usize) -> [u32; 8] {
    let mut block = [0; 8];
    let own = bytes.get(at * BLOCK..(at + 1) * BLOCK).unwrap_or_default();
    for (word, bytes) in block.iter_mut().zip(own.chunks_exact(4)) {
        *word = bytes.try_into().map_or(0, u32::from_le_bytes);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    fn filter(ids: impl Iterator<Item = u64>) -> SplitBlock {
        let mut filter = SplitBlock::with_blocks_log2(12);
        ids.for_each(|id| filter.insert(hash(&format!("id-{id}"))));
        filter
    }

    fn row<'b>(shape: Shape, bytes: &'b [u8], id: &str) -> &'b [u8] {
        let range = shape.range(hash(id));
        &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
    }

    #[test]
    fn one_row_of_a_table_answers_for_all_slots() {
        let (small, large) = (filter(0..10).fit(0.001), filter(1_000..9_000).fit(0.001));
        assert!(small.blocks() < large.blocks());
        let table = Table::of(&[Some(&small), None, Some(&large)]);
        let (shape, first) = (table.shape(), table.slot(0).unwrap());
        let bytes = table.into_bytes();
        assert_eq!(bytes.len() as u64, shape.length());
        assert_eq!(Shape::blocks_in(shape.length(), 3), shape.blocks);
        let ask = |id: &str| shape.slots_of(row(shape, &bytes, id), hash(id)).unwrap();
        assert_eq!(
            (ask("id-7"), ask("id-5000"), ask("nobody")),
            (vec![0], vec![2], vec![])
        );
        assert!(first.may_contain(hash("id-7")) && !first.may_contain(hash("id-5000")));
        assert_eq!(Table::read(bytes, 0).unwrap().slot(3), None);
    }

    #[test]
    fn a_table_of_fewer_blocks_takes_a_larger_filter() {
        let large = filter(0..9_000);
        let (blocks, slots, seed) = (256, 1, 7);
        let mut table = TableWriter::new(Shape { blocks, slots, seed });
        table.put(0, large);
        let small = table.finish().slot(0).unwrap();
        assert_eq!(small.blocks(), 256);
        assert!((0..9_000).all(|id| small.may_contain(hash(&format!("id-{id}")))));
    }

    #[test]
    fn a_fitted_table_is_as_large_as_its_wrong_slots_allow() {
        // One full slot and nine that are nearly empty.
        let slots: Vec<_> = (0..10)
            .map(|slot| filter(slot * 10_000..slot * 10_000 + if slot == 0 { 9_000 } else { 300 }))
            .collect();
        let check = |wrong: f64, blocks: u32| {
            let table = Table::fit(&slots, wrong);
            let shape = table.shape();
            assert_eq!((shape.blocks, shape.slots), (blocks, 10), "{wrong}");
            let unknown = (0..20_000).map(|id| hash(&format!("other-{id}")));
            let own: Vec<_> = (0..10).filter_map(|slot| table.slot(slot)).collect();
            let found = unknown.flat_map(|hash| own.iter().filter(move |slot| slot.may_contain(hash)));
            assert!((found.count() as f64) < 20_000.0 * wrong * 1.2);
            assert!((0..9_000).all(|id| own[0].may_contain(hash(&format!("id-{id}")))));
        };
        check(0.02, 512);
        check(0.001, 1_024);
        check(10.0, 1);
        assert_eq!(Table::fit(&[], 0.1).shape().slots, 0);
    }

    #[test]
    fn a_row_knows_its_place() {
        let table = |ids| Table::of(&[Some(&filter(ids).at_most(64))]);
        let (one, other) = (table(0..10), table(0..2_000));
        let shape = one.shape();
        assert_eq!(shape, other.shape());
        let bytes = one.into_bytes();
        // A whole row, only from another place.
        let ids = || (0..100).map(|id| format!("other-{id}"));
        let home = ids().next().unwrap();
        let away = ids()
            .find(|id| shape.range(hash(id)) != shape.range(hash(&home)))
            .unwrap();
        let asked = shape.slots_of(row(shape, &bytes, &away), hash(&home));
        assert_eq!(asked, Err(InvalidTable::Altered));
        // From the right place of a file with another seed, or with other blocks.
        for changed in [Shape { seed: 1, ..shape }, Shape { blocks: 128, ..shape }] {
            let asked = changed.slots_of(row(shape, &bytes, &home), hash(&home));
            assert_eq!(asked, Err(InvalidTable::Altered), "{changed:?}");
        }
        assert!(shape.slots_of(row(shape, &bytes, &home), hash(&home)).is_ok());
    }

    #[test]
    fn damaged_files_are_told() {
        let bytes = Table::of(&[Some(&filter(0..10))]).into_bytes();
        let check = |bytes: Vec<u8>, expected: &str| {
            let error = Table::read(bytes, 0).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(bytes[..bytes.len() - 1].to_vec(), "its header says");
        check(bytes[..12].to_vec(), "begins with other bytes");
        check(
            [b"PAR1".as_slice(), &bytes[4..]].concat(),
            "begins with other bytes",
        );
        let mut flipped = bytes.clone();
        flipped[HEADER + 3] ^= 1;
        check(flipped, "another checksum");
        let mut odd = bytes.clone();
        odd[8] ^= 3;
        check(odd, "does not exist");
    }
}
