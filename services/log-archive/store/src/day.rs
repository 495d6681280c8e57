//! The filter of a day: which of its hours may know an ID. It is made from the filters of hours and may be older than they are; so
//! it says of which generation of each hour it was made, and of any other generation it says nothing.
//!
//! It is the one file that is replaced: the checksums of its rows cover the generations, so that a row of another version than that
//! of which the beginning is known is told, and read again.
//!
//! At its beginning is a small filter over the IDs that carry the time of another day: a story goes on after midnight, and
//! whether it does shall not cost a read.

use log_archive_domain::filter::{self, HEADER, InvalidTable, Shape, SplitBlock, Table, TableWriter};
use log_archive_domain::{Day, Hour, Id, layout, sum64, uuid_v7_hour};

use crate::{Archive, ArchiveError, Hours, OpenHour};

/// Bytes of the generation of each hour.
const GENERATIONS: usize = 24 * 4;
/// Blocks of the filter over IDs of other days: of 5,000 it lets one in a hundred unknown IDs through.
pub(crate) const CARRIED_BLOCKS_LOG2: u32 = 8;
/// Bytes before the filters of hours.
const BEFORE: usize = GENERATIONS + (32 << CARRIED_BLOCKS_LOG2);
/// Blocks of an hour: 4 MiB, so that a day has 100 MB at most. Of 2.8 million IDs an hour it lets one in a hundred unknown IDs through.
const MOST_BLOCKS: u32 = 1 << 17;

/// What must be known to ask the filter of a day. Small, and to be cached as long as the generations are the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayFilter {
    day: Day,
    generations: [u32; 24],
    carried: SplitBlock,
    shape: Shape,
}

/// An hour that may know an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) hour: Hour,
    /// May a line name the ID as something else than its correlation ID?
    pub(crate) is_elsewhere: bool,
}

impl DayFilter {
    /// Reads the beginning of the filter; `None` if the day has none.
    pub(crate) async fn open(archive: &Archive, day: Day) -> Result<Option<Self>, ArchiveError> {
        let key = layout::day_filter(day);
        let head = (BEFORE + HEADER) as u64;
        let Some(bytes) = archive.get_range(&key, 0..head).await? else {
            return Ok(None);
        };
        let (before, table) = bytes.split_at_checked(BEFORE).unwrap_or_default();
        let shape = Shape::read(table, sum64(before)).map_err(|cause| invalid(&key, cause))?;
        let (own, carried) = before.split_at(GENERATIONS);
        let mut generations = [0; 24];
        for (generation, bytes) in generations.iter_mut().zip(own.chunks_exact(4)) {
            *generation = bytes.try_into().map_or(0, u32::from_le_bytes);
        }
        let known = generations.iter().filter(|generation| **generation > 0).count();
        if shape.slots as usize != known {
            let Shape { blocks, slots, .. } = shape;
            return Err(invalid(&key, InvalidTable::Shape { blocks, slots }));
        }
        Ok(Some(Self {
            day,
            generations,
            carried: SplitBlock::from_le_bytes(carried).unwrap_or_else(SplitBlock::of_everything),
            shape,
        }))
    }

    /// Hours of the day that may know the ID: one range read, or none if it is not [asked](Self::is_asked).
    pub(crate) async fn hours(
        &self,
        archive: &Archive,
        hours: &Hours,
        id: &Id,
    ) -> Result<Vec<Candidate>, ArchiveError> {
        let rows = if self.is_asked(id) {
            Some(self.ask(archive, filter::hash(id.as_str())).await?)
        } else {
            None
        };
        let candidate = |hour: Hour| {
            let Some(slot) = self.slot(hours, hour) else {
                // Of an hour that changed since then the filter says nothing.
                let is_elsewhere = true;
                return Some(Candidate { hour, is_elsewhere });
            };
            let (named, elsewhere) = rows.as_ref()?;
            let is_elsewhere = elsewhere.contains(&slot);
            named.contains(&slot).then_some(Candidate { hour, is_elsewhere })
        };
        Ok(hours.iter().filter_map(|(hour, _)| candidate(hour)).collect())
    }

    /// Must a row be read? Not if the ID is of another day and nobody carried it here.
    pub(crate) fn is_asked(&self, id: &Id) -> bool {
        let is_of_day = id.hour().is_none_or(|hour| hour.day() == self.day);
        is_of_day || !id.is_uuid_v7() || self.carried.may_contain(filter::hash(id.as_str()))
    }

    /// Slots that may know the ID, and those where it may be something else than a correlation ID.
    async fn ask(&self, archive: &Archive, hash: u64) -> Result<(Vec<u32>, Vec<u32>), ArchiveError> {
        let key = layout::day_filter(self.day);
        let range = self.shape.range(hash);
        let before = BEFORE as u64;
        let row = archive
            .get_range(&key, range.start + before..range.end + before)
            .await?;
        let row = row.ok_or_else(|| invalid(&key, InvalidTable::Altered))?;
        let slots = |hash| {
            self.shape
                .slots_of(&row, hash)
                .map_err(|cause| invalid(&key, cause))
        };
        let named = slots(hash)?;
        let mut elsewhere = named.clone();
        for hash in filter::elsewhere(hash) {
            let told = slots(hash)?;
            elsewhere.retain(|slot| told.contains(slot));
        }
        Ok((named, elsewhere))
    }

    /// Where the filter of an hour is, if there is one of its newest generation.
    fn slot(&self, hours: &Hours, hour: Hour) -> Option<u32> {
        let at = hour.of_day() as usize;
        let own = self.generations.get(at).filter(|own| **own > 0)?;
        let before = self.generations.iter().take(at).filter(|own| **own > 0);
        (hours.generation(hour) == Some(*own)).then_some(u32::try_from(before.count()).unwrap_or(u32::MAX))
    }
}

/// Reads the whole filter of a day, if it has one.
pub(crate) async fn check(archive: &Archive, day: Day) -> Result<(), ArchiveError> {
    let key = layout::day_filter(day);
    let Some(bytes) = archive.get(&key).await? else {
        return Ok(());
    };
    let (before, table) = bytes.split_at_checked(BEFORE).unwrap_or_default();
    Table::read(table.to_vec(), sum64(before)).map_err(|cause| invalid(&key, cause))?;
    Ok(())
}

/// Does an ID that was found in this day carry the time of another one?
pub(crate) fn is_carried(id: &str, day: Day) -> bool {
    uuid_v7_hour(id).is_some_and(|hour| hour.day() != day)
}

/// The filter of an hour that goes into the one of its day.
struct Slot {
    generation: u32,
    key: String,
    blocks: u32,
}

/// Makes the filter of a day anew; as long as hours change meanwhile the next compaction will. Says where it is.
pub(crate) async fn store(archive: &Archive, day: Day) -> Result<String, ArchiveError> {
    let mut slots: [Option<Slot>; 24] = [const { None }; 24];
    let mut carried = SplitBlock::with_blocks_log2(CARRIED_BLOCKS_LOG2);
    for (hour, generation) in Hours::of_day(archive, day).await?.iter() {
        let open = match OpenHour::read(archive, hour, generation).await {
            Ok(open) => open,
            Err(error @ ArchiveError::Store { .. }) => return Err(error),
            // Damaged: `verify` names it. The filter says nothing of the hour, and a lookup that looks into it tells.
            Err(_) => continue,
        };
        if let Some(own) = open.manifest.carried() {
            carried.add(&own.at_most(1 << CARRIED_BLOCKS_LOG2));
        }
        slots[hour.of_day() as usize] = Some(Slot {
            generation,
            blocks: Shape::blocks_in(open.manifest.hour_filter.size, 1).min(MOST_BLOCKS),
            key: open.manifest.hour_filter.key,
        });
    }
    let bytes = file(archive, &slots, &carried).await?;
    let key = layout::day_filter(day);
    archive.put(&key, bytes.into()).await?;
    Ok(key)
}

/// In memory are the file, which has no more than [`MOST_BLOCKS`] for an hour, and the filter of one hour.
async fn file(
    archive: &Archive,
    slots: &[Option<Slot>; 24],
    carried: &SplitBlock,
) -> Result<Vec<u8>, ArchiveError> {
    let generation = |slot: &Option<Slot>| slot.as_ref().map_or(0, |slot| slot.generation);
    let mut bytes: Vec<u8> = slots
        .iter()
        .flat_map(|slot| generation(slot).to_le_bytes())
        .collect();
    bytes.extend(carried.to_le_bytes());
    let known = || slots.iter().flatten();
    let mut table = TableWriter::new(Shape {
        blocks: known()
            .map(|slot| slot.blocks)
            .max()
            .unwrap_or(1)
            .next_power_of_two(),
        slots: u32::try_from(known().count()).unwrap_or(u32::MAX),
        seed: sum64(&bytes),
    });
    for (number, slot) in (0_u32..).zip(known()) {
        // Damaged, or replaced since the listing: whoever asks looks into the hour.
        let filter = match archive.get(&slot.key).await? {
            Some(bytes) => Table::read(bytes.to_vec(), 0)
                .ok()
                .and_then(|table| table.slot(0)),
            None => None,
        };
        table.put(number, filter.unwrap_or_else(SplitBlock::of_everything));
    }
    bytes.extend(table.finish().into_bytes());
    Ok(bytes)
}

fn invalid(key: &str, cause: InvalidTable) -> ArchiveError {
    let key = key.to_owned();
    ArchiveError::Filter { key, cause }
}
