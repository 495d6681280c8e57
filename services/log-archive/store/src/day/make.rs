//! Making the filter of a day from those of its hours.

use log_archive_domain::filter::{Shape, SplitBlock, Table, TableWriter};
use log_archive_domain::{Day, layout, sum64};

use super::{BEFORE, CARRIED_BLOCKS_LOG2, DayFilter, MOST_BLOCKS};
use crate::{Archive, ArchiveError, Hours, OpenHour};

/// The filter of an hour that goes into the one of its day.
struct Slot {
    generation: u32,
    blocks: u32,
    own: Own,
}

/// Where it is.
enum Own {
    /// Stored, under this key.
    Stored(String),
    /// In the filter of the day that is replaced.
    Kept(SplitBlock),
}

/// Makes the filter of a day anew; as long as hours change meanwhile the next compaction will. Says where it is.
pub(crate) async fn store(archive: &Archive, day: Day) -> Result<String, ArchiveError> {
    let mut slots: [Option<Slot>; 24] = [const { None }; 24];
    let mut carried = SplitBlock::with_blocks_log2(CARRIED_BLOCKS_LOG2);
    let hours = Hours::of_day(archive, day).await?;
    for (hour, generation) in hours.iter() {
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
            own: Own::Stored(open.manifest.hour_filter.key),
        });
    }
    keep_lost(archive, day, &hours, &mut slots, &mut carried).await?;
    let bytes = file(archive, &slots, &carried).await?;
    let key = layout::day_filter(day);
    archive.put(&key, bytes.into()).await?;
    Ok(key)
}

/// What the filter knows of hours whose newest manifest is gone stays in it: it is what tells a reader of them.
async fn keep_lost(
    archive: &Archive,
    day: Day,
    hours: &Hours,
    slots: &mut [Option<Slot>; 24],
    carried: &mut SplitBlock,
) -> Result<(), ArchiveError> {
    let is_ahead = |filter: DayFilter| filter.ahead_of(hours).next().is_some();
    if !DayFilter::open(archive, day).await?.is_some_and(is_ahead) {
        return Ok(());
    }
    let Some(bytes) = archive.get(&layout::day_filter(day)).await? else {
        return Ok(());
    };
    let Ok(filter) = DayFilter::read(day, &bytes) else {
        return Ok(());
    };
    let (before, table) = bytes.split_at_checked(BEFORE).unwrap_or_default();
    let table = Table::read(table.to_vec(), sum64(before)).ok();
    carried.add(&filter.carried);
    for (hour, generation) in filter.ahead_of(hours) {
        let own = table.as_ref().and_then(|table| table.slot(filter.number(hour)));
        let own = own.unwrap_or_else(SplitBlock::of_everything);
        slots[hour.of_day() as usize] = Some(Slot {
            generation,
            blocks: u32::try_from(own.blocks()).unwrap_or(u32::MAX),
            own: Own::Kept(own),
        });
    }
    Ok(())
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
        let filter = match &slot.own {
            Own::Kept(own) => Some(own.clone()),
            // Damaged, or replaced since the listing: whoever asks looks into the hour.
            Own::Stored(key) => archive
                .get(key)
                .await?
                .and_then(|bytes| Table::read(bytes.to_vec(), 0).ok()?.slot(0)),
        };
        table.put(number, filter.unwrap_or_else(SplitBlock::of_everything));
    }
    bytes.extend(table.finish().into_bytes());
    Ok(bytes)
}
