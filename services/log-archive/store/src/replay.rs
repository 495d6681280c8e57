//! Putting back what could not be delivered.

use bytes::Bytes;
use log_archive_domain::{Hour, layout};
use log_archive_intake::{read_raw, redacted_envelopes_of_failed};

use crate::archive::sha256;
use crate::{Archive, ArchiveError, Step, Watch, chain};

/// What was put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Objects that are raw objects now.
    pub objects: usize,
    /// Lines in them.
    pub lines: u64,
    /// Objects that stay, and why.
    pub unreadable: Vec<(String, String)>,
}

/// Makes a raw object of each failed one and then deletes it. It arrived in the hour that its key names, or else in that of its latest
/// line, at the latest now: a line belongs to the hour that it would have had if it had not failed, however late that is. A line that was delivered all the same
/// is left out by the compaction; so is one that a kill in between put back twice.
///
/// # Errors
/// The store refuses, or the watch stops it.
pub async fn replay(archive: &Archive, now: Hour, watch: &dyn Watch) -> Result<Replayed, ArchiveError> {
    let mut replayed = Replayed::default();
    replay_into(archive, now, watch, &mut replayed).await?;
    Ok(replayed)
}

/// The same, for somebody who wants to know what was done before it failed or was stopped.
///
/// # Errors
/// The store refuses, or the watch stops it. What is in `replayed` is done.
pub async fn replay_into(
    archive: &Archive,
    now: Hour,
    watch: &dyn Watch,
    replayed: &mut Replayed,
) -> Result<(), ArchiveError> {
    let done = |step| watch.done(&step).map_err(ArchiveError::Stopped);
    for object in archive.list(layout::FAILED).await? {
        let Some(bytes) = archive.get(&object.key).await? else {
            continue;
        };
        match raw_object(&bytes) {
            Ok((raw, Content { lines, latest })) => {
                let hour = layout::failed_hour(&object.key).unwrap_or(latest).min(now);
                let key = format!("{}/replayed-{}.json", layout::raw_prefix(hour), sha256(&bytes));
                archive.put(&key, raw).await?;
                done(Step::RawPutBack(key))?;
                archive.delete(&object.key).await?;
                replayed.objects += 1;
                replayed.lines += lines;
                done(Step::FailedDeleted(object.key))?;
            }
            Err(why) => replayed.unreadable.push((object.key, why)),
        }
    }
    Ok(())
}

/// What is in a failed object.
struct Content {
    lines: u64,
    /// The hour of the latest line.
    latest: Hour,
}

/// The raw object, and what it has: it is read before anything is deleted.
fn raw_object(failed: &[u8]) -> Result<(Bytes, Content), String> {
    let raw = redacted_envelopes_of_failed(failed).map_err(|error| chain(&error))?;
    let mut latest = Hour::of_ms(0);
    let counts = read_raw(&raw, &mut |line| latest = latest.max(Hour::of_ms(line.at)));
    let lines = counts.map_err(|error| chain(&error))?.lines;
    Ok((raw.into(), Content { lines, latest }))
}
