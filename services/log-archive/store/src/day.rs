//! The filter of a day: which of its hours may know an ID. It is made from the filters of hours and may be older than they are; so
//! it says of which generation of each hour it was made, and of any other generation it says nothing.
//!
//! It is the one file that is replaced: the checksums of its rows cover the generations, so that a row of another version than that
//! of which the beginning is known is told, and read again.
//!
//! At its beginning is a small filter over the IDs that carry the time of another day: a story goes on after midnight, and
//! whether it does shall not cost a read.

use bytes::Bytes;
use log_archive_domain::filter::{self, HEADER, InvalidTable, Shape, SplitBlock, Table};
use log_archive_domain::{Day, Hour, Id, layout, sum64, uuid_v7_hour};

use crate::{Archive, ArchiveError, Hours};

mod make;

pub(crate) use make::store;

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
    /// Reads the beginning of the filter; `None` if the day has none, or one that is cut or something else: `verify` names it, and everybody
    /// else does without.
    pub(crate) async fn open(archive: &Archive, day: Day) -> Result<Option<Self>, ArchiveError> {
        let head = beginning(archive, &layout::day_filter(day)).await?;
        Ok(head.and_then(|bytes| Self::read(day, &bytes).ok()))
    }

    /// From the beginning of the file.
    fn read(day: Day, bytes: &[u8]) -> Result<Self, ArchiveError> {
        let invalid = |cause| invalid(&layout::day_filter(day), cause);
        let (before, table) = bytes.split_at_checked(BEFORE).unwrap_or_default();
        let shape = Shape::read(table, sum64(before)).map_err(invalid)?;
        let (own, carried) = before.split_at(GENERATIONS);
        let mut generations = [0; 24];
        for (generation, bytes) in generations.iter_mut().zip(own.chunks_exact(4)) {
            *generation = bytes.try_into().map_or(0, u32::from_le_bytes);
        }
        let known = generations.iter().filter(|generation| **generation > 0).count();
        if shape.slots as usize != known {
            let Shape { blocks, slots, .. } = shape;
            return Err(invalid(InvalidTable::Shape { blocks, slots }));
        }
        Ok(Self {
            day,
            generations,
            carried: SplitBlock::from_le_bytes(carried).unwrap_or_else(SplitBlock::of_everything),
            shape,
        })
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
        let all = (0..24).map(|of_day| self.day.hour(of_day));
        // Also what is known and not listed: who looks into it is told that its manifest is missing.
        let there = all.filter(|hour| self.generation(*hour).max(hours.generation(*hour)).is_some());
        Ok(there.filter_map(candidate).collect())
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

    /// The generation of an hour that the filter knows.
    pub(crate) fn generation(&self, hour: Hour) -> Option<u32> {
        let generation = self.generations.get(hour.of_day() as usize).copied();
        generation.filter(|generation| *generation > 0)
    }

    /// Hours of the day with the generations of which it was made.
    pub(crate) fn known(&self) -> impl Iterator<Item = (Hour, u32)> {
        (0..24).filter_map(|of_day| {
            let hour = self.day.hour(of_day);
            self.generation(hour).map(|generation| (hour, generation))
        })
    }

    /// Hours of which it knows a newer generation than is listed: a compaction was faster than the listing, or the manifest is lost.
    pub(crate) fn ahead_of(&self, hours: &Hours) -> impl Iterator<Item = (Hour, u32)> {
        self.known()
            .filter(|(hour, generation)| hours.generation(*hour) < Some(*generation))
    }

    /// Where the filter of an hour is, if there is one of its newest generation.
    fn slot(&self, hours: &Hours, hour: Hour) -> Option<u32> {
        let own = self.generation(hour)?;
        (hours.generation(hour) <= Some(own)).then(|| self.number(hour))
    }

    /// Hours before it that have a filter.
    fn number(&self, hour: Hour) -> u32 {
        let before = self.generations.iter().take(hour.of_day() as usize);
        let known = before.filter(|own| **own > 0).count();
        u32::try_from(known).unwrap_or(u32::MAX)
    }
}

/// The beginning of the file, if there is one. Stores refuse a range of an empty object, and so the whole is asked for before that is told.
async fn beginning(archive: &Archive, key: &str) -> Result<Option<Bytes>, ArchiveError> {
    let head = (BEFORE + HEADER) as u64;
    let refused = match archive.get_range(key, 0..head).await {
        Err(error @ ArchiveError::Store { .. }) => error,
        other => return other,
    };
    match archive.get(key).await? {
        Some(bytes) if !bytes.is_empty() => Err(refused),
        none_or_empty => Ok(none_or_empty),
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

fn invalid(key: &str, cause: InvalidTable) -> ArchiveError {
    let key = key.to_owned();
    ArchiveError::Filter { key, cause }
}
