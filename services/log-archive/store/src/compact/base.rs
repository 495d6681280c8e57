//! What an hour has already. A listing that has no manifest of it is no proof that it has nothing: a manifest may have been deleted. Whoever
//! took such an hour for a new one would delete its parts, as files that no manifest names.
//!
//! Files of a generation that is not listed tell: they are what a lost manifest named, or what a killed compaction left. Which of both says
//! the filter of the day, or else the chain: it names every manifest that was ever built upon. All links are read only then.

use log_archive_domain::{Hour, layout};

use super::chain::Chain;
use crate::day::DayFilter;
use crate::{Archive, ArchiveError, Hours, OpenHour};

/// The newest manifest of an hour; `None` if it never had one.
///
/// # Errors
/// It is damaged or missing, that cannot be told ([`is_of_its_hour`]), or the store refuses.
pub(super) async fn base(
    archive: &Archive,
    chain: &mut Chain,
    hour: Hour,
) -> Result<Option<OpenHour>, ArchiveError> {
    loop {
        let open = OpenHour::newest(archive, hour).await?;
        let listed = open.as_ref().map_or(0, |open| open.manifest.generation);
        let Some(lost) = lost(archive, chain, hour, listed).await? else {
            return Ok(open);
        };
        // Another compactor may have committed since the listing.
        let hours = Hours::of_day(archive, hour.day()).await?;
        if hours.generation(hour).unwrap_or(0) == listed {
            return Err(lost);
        }
    }
}

/// Does it keep this hour from being compacted, and no other one?
pub(super) fn is_of_its_hour(error: &ArchiveError) -> bool {
    use ArchiveError::{Manifest, Missing, Unnamed};
    matches!(error, Manifest { .. } | Missing { .. } | Unnamed { .. })
}

/// Which manifest that is newer than the listed ones is lost, or why nobody knows.
async fn lost(
    archive: &Archive,
    chain: &mut Chain,
    hour: Hour,
    listed: u32,
) -> Result<Option<ArchiveError>, ArchiveError> {
    let Some(stranger) = newer_file(archive, hour, listed).await? else {
        return Ok(None);
    };
    let missing = |generation, named_by: &str| ArchiveError::Missing {
        key: layout::manifest(hour, generation),
        named_by: named_by.to_owned(),
    };
    if let Some(filter) = DayFilter::open(archive, hour.day()).await?
        && let Some(known) = filter.generation(hour).filter(|known| *known > listed)
    {
        return Ok(Some(missing(known, "the filter of its day")));
    }
    let (known, unreadable) = chain.newest_of(archive, hour).await?;
    if known > listed {
        return Ok(Some(missing(known, "the chain")));
    }
    Ok(unreadable.map(|link| ArchiveError::Unnamed {
        key: stranger,
        link: layout::link(link),
    }))
}

/// A file of the hour that was written for a generation behind this one.
async fn newer_file(archive: &Archive, hour: Hour, listed: u32) -> Result<Option<String>, ArchiveError> {
    for prefix in [layout::lines_prefix(hour), layout::ids_prefix(hour)] {
        let newer = |key: &str| layout::generation_of_file(key).is_some_and(|generation| generation > listed);
        let mut files = archive.list(&prefix).await?.into_iter();
        if let Some(file) = files.find(|file| newer(&file.key)) {
            return Ok(Some(file.key));
        }
    }
    Ok(None)
}
