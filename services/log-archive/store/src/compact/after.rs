//! What follows a commit and the chain: files that nobody needs any more, filters of days, raw objects on their way out. Each step
//! may be repeated.

use std::collections::BTreeSet;

use log_archive_domain::{Day, layout};

use super::{Step, Watch};
use crate::{Archive, ArchiveError, OpenHour, day};

/// Deletes files of an hour that its manifest does not name. Those of later generations are left: somebody is writing them.
/// Nobody can still commit an earlier one, because its manifest is there.
pub(super) async fn clean(archive: &Archive, watch: &dyn Watch, hour: &OpenHour) -> Result<(), ArchiveError> {
    let manifest = &hour.manifest;
    let mut named: BTreeSet<&str> = manifest
        .parts
        .iter()
        .map(|part| part.object.key.as_str())
        .collect();
    named.extend([
        manifest.parts_filter.key.as_str(),
        manifest.hour_filter.key.as_str(),
    ]);
    for prefix in [layout::lines_prefix(hour.hour), layout::ids_prefix(hour.hour)] {
        for object in archive.list(&prefix).await? {
            let is_past =
                layout::generation_of_file(&object.key).is_some_and(|own| own <= manifest.generation);
            if is_past && !named.contains(object.key.as_str()) {
                archive.delete(&object.key).await?;
            }
        }
    }
    watch
        .done(&Step::Cleaned(hour.hour.to_string()))
        .map_err(ArchiveError::Stopped)
}

/// Makes the filter of a day anew.
pub(super) async fn day_filter(archive: &Archive, watch: &dyn Watch, day: Day) -> Result<(), ArchiveError> {
    let key = day::store(archive, day).await?;
    watch
        .done(&Step::DayFilterStored(key))
        .map_err(ArchiveError::Stopped)
}

/// Moves a raw object to where it expires.
pub(super) async fn expire(archive: &Archive, watch: &dyn Watch, key: &str) -> Result<(), ArchiveError> {
    let stop = |step| watch.done(&step).map_err(ArchiveError::Stopped);
    let Some(to) = layout::expiring(key) else {
        return Ok(());
    };
    if archive.copy(key, &to).await? {
        stop(Step::RawCopied(to))?;
        archive.delete(key).await?;
        stop(Step::RawDeleted(key.to_owned()))?;
    }
    Ok(())
}
