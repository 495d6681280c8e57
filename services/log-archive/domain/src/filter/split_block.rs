//! One filter.

use super::BLOCK;

/// Parquet's constants, one for each word.
const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// The hash of an ID, Parquet's for a byte array.
#[must_use]
pub fn hash(id: &str) -> u64 {
    xxhash_rust::xxh64::xxh64(id.as_bytes(), 0)
}

/// The hashes under which a filter is told that a line names this ID as something else than its correlation ID. They have the same
/// block as the ID's own hash and other bits: one row of a [`crate::filter::Table`] answers both questions.
///
/// Three, because a wrong yes costs a lookup a read that it may not have, and somebody who looks an ID up that is known meets a fuller
/// block than whoever looks for any other: with one hash it was one lookup in a hundred.
#[must_use]
pub fn elsewhere(hash: u64) -> [u64; 3] {
    let mut low = hash as u32;
    std::array::from_fn(|_| {
        low = mixed(low);
        hash & 0xffff_ffff_0000_0000 | u64::from(low)
    })
}

/// The last step of MurmurHash3: every bit changes every other one.
fn mixed(mut low: u32) -> u32 {
    low = (low ^ (low >> 16)).wrapping_mul(0x85eb_ca6b);
    low = (low ^ (low >> 13)).wrapping_mul(0xc2b2_ae35);
    low ^ (low >> 16)
}

/// A filter: it may say yes to an ID that it was never told, and never no to one that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitBlock(Vec<[u32; 8]>);

impl SplitBlock {
    /// An empty filter with two to this power of blocks.
    #[must_use]
    pub fn with_blocks_log2(log2: u32) -> Self {
        Self(vec![[0; 8]; 1 << log2.min(24)])
    }

    /// An empty filter that is not filled by so many IDs; with more it is wrong more often. At most 8 MiB.
    #[must_use]
    pub fn for_ids(ids: u64) -> Self {
        // 16 bits for an ID, a third of them set.
        let blocks = ids.saturating_mul(16).div_ceil(256).max(1);
        Self::with_blocks_log2(blocks.next_power_of_two().ilog2().min(18))
    }

    /// Learns an ID by its [`hash`].
    #[inline]
    pub fn insert(&mut self, hash: u64) {
        let at = index(hash, self.0.len());
        for (word, bit) in self.0[at].iter_mut().zip(bits(hash)) {
            *word |= bit;
        }
    }

    /// May it know the ID?
    #[must_use]
    pub fn may_contain(&self, hash: u64) -> bool {
        let block = &self.0[index(hash, self.0.len())];
        block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0)
    }

    /// The smallest filter that knows the same, as long as it says yes to an unknown ID no more often than `wrong`.
    #[must_use]
    pub fn fit(mut self, wrong: f64) -> Self {
        while self.0.len() > 1 {
            let half = self.half();
            if half.wrong() > wrong {
                break;
            }
            self = half;
        }
        self
    }

    /// How often it says yes to an ID that it does not know, from the bits that are set.
    #[must_use]
    pub fn wrong(&self) -> f64 {
        let of_block = |block: &[u32; 8]| -> f64 {
            block
                .iter()
                .map(|word| f64::from(word.count_ones()) / 32.0)
                .product()
        };
        let sum: f64 = self.0.iter().map(of_block).sum();
        let blocks = self.0.len() as f64;
        sum / blocks
    }

    /// Blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.0.len()
    }

    /// It with so many blocks at most; it knows the same, and is wrong more often if it had more.
    #[must_use]
    pub fn at_most(mut self, blocks: usize) -> Self {
        while self.0.len() > blocks.max(1) {
            self = self.half();
        }
        self
    }

    /// One that says yes to everything: for what cannot be known.
    #[must_use]
    pub fn of_everything() -> Self {
        Self(vec![[u32::MAX; 8]])
    }

    /// Learns what another one knows that has no more blocks.
    pub fn add(&mut self, other: &Self) {
        let blocks = self.0.len();
        for (at, block) in self.0.iter_mut().enumerate() {
            *block = union(*block, *other.block(at, blocks));
        }
    }

    /// Its blocks, as files have them.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flatten()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    /// What [`SplitBlock::to_le_bytes`] gave. `None` of what it never gives.
    #[must_use]
    pub fn from_le_bytes(bytes: &[u8]) -> Option<Self> {
        let is_right = bytes.len().is_multiple_of(BLOCK) && (bytes.len() / BLOCK).is_power_of_two();
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let block = |bytes: &[u8]| std::array::from_fn(|at| word(&bytes[at * 4..at * 4 + 4]));
        is_right.then(|| Self(bytes.chunks_exact(BLOCK).map(block).collect()))
    }

    fn half(&self) -> Self {
        Self(self.0.chunks(2).map(|pair| union(pair[0], pair[1])).collect())
    }

    pub(super) fn of_blocks(blocks: Vec<[u32; 8]>) -> Self {
        Self(blocks)
    }

    pub(super) fn block(&self, at: usize, of: usize) -> &[u32; 8] {
        // A filter with fewer blocks answers for several of the larger one.
        &self.0[at * self.0.len() / of]
    }
}

fn union(one: [u32; 8], other: [u32; 8]) -> [u32; 8] {
    std::array::from_fn(|at| one[at] | other[at])
}

pub(super) fn index(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

pub(super) fn bits(hash: u64) -> [u32; 8] {
    let low = hash as u32;
    SALT.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(ids: impl Iterator<Item = u64>) -> SplitBlock {
        let mut filter = SplitBlock::with_blocks_log2(12);
        ids.for_each(|id| filter.insert(hash(&format!("id-{id}"))));
        filter
    }

    #[test]
    fn a_fitted_filter_is_small_and_seldom_wrong() {
        let fitted = filter(0..5_000).fit(0.01);
        assert!((0..5_000).all(|id| fitted.may_contain(hash(&format!("id-{id}")))));
        let wrong = (0..100_000)
            .filter(|id| fitted.may_contain(hash(&format!("other-{id}"))))
            .count();
        assert!(wrong < 1_200, "{wrong} of 100,000");
        // 12 bits for an ID would be 234 blocks; powers of two are between 8 and 16.
        assert_eq!(fitted.blocks(), 256);
        let small = fitted.at_most(64);
        assert!(small.blocks() == 64 && (0..5_000).all(|id| small.may_contain(hash(&format!("id-{id}")))));
    }

    #[test]
    fn named_elsewhere_is_another_question_to_the_same_block() {
        // As full as a filter gets, and asked for IDs that it knows: they are in the fuller blocks.
        let mut known = filter(0..20_000).fit(0.005);
        let asked = |filter: &SplitBlock| {
            let is_elsewhere = |id: &u64| {
                elsewhere(hash(&format!("id-{id}")))
                    .iter()
                    .all(|hash| filter.may_contain(*hash))
            };
            (0..20_000_u64).filter(is_elsewhere).count()
        };
        assert!(asked(&known) < 5, "{}", asked(&known));
        for id in 0..1_000_u64 {
            for hash in elsewhere(hash(&format!("id-{id}"))) {
                known.insert(hash);
            }
        }
        assert!((1_000..1_020).contains(&asked(&known)), "{}", asked(&known));
        let own = hash("x");
        assert!(
            elsewhere(own)
                .iter()
                .all(|hash| index(own, 1 << 20) == index(*hash, 1 << 20))
        );
    }

    proptest! {
        #[test]
        fn nothing_known_is_denied(ids in prop::collection::vec(".{1,40}", 1..200), blocks in 0_u32..8, wrong in 0.0..1.0) {
            let mut filter = SplitBlock::with_blocks_log2(blocks);
            ids.iter().for_each(|id| filter.insert(hash(id)));
            let fitted = filter.fit(wrong);
            let bytes = fitted.to_le_bytes();
            prop_assert_eq!(SplitBlock::from_le_bytes(&bytes), Some(fitted.clone()));
            prop_assert_eq!(SplitBlock::from_le_bytes(&bytes[1..]), None);
            let mut larger = SplitBlock::with_blocks_log2(8);
            larger.add(&fitted);
            for id in &ids {
                prop_assert!(fitted.may_contain(hash(id)) && larger.may_contain(hash(id)));
            }
        }
    }
}
