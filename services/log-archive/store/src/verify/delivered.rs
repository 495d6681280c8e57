//! What was delivered: it is archived, or it waits and not for too long.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use log_archive_domain::{Hour, Partition, layout};
use log_archive_intake::read_raw;

use super::Verified;
use crate::archive::sha256;
use crate::compact::NO_HOUR;
use crate::{Archive, ArchiveError, OpenHour, chain};

/// A raw object that waits longer is one that no compaction could read, or there was none. One that could not be delivered is put back
/// as often.
const LATE_HOURS: i64 = 3;

impl Verified {
    /// Objects that wait for too long, and whether those that were archived are all in manifests. Says whether anything was ever delivered.
    pub(super) async fn delivered(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
        now: Timestamp,
    ) -> Result<bool, ArchiveError> {
        let late = Hour::of_ms(now.as_millisecond()).plus(-LATE_HOURS);
        let raw = self.raw(archive, late).await?;
        let failed = self.failed(archive, late).await?;
        let expiring = self.expiring(archive, newest).await?;
        Ok(raw || failed || expiring)
    }

    async fn raw(&mut self, archive: &Archive, late: Hour) -> Result<bool, ArchiveError> {
        let raw = archive.list(layout::RAW).await?;
        for object in &raw {
            match layout::raw_hour(&object.key) {
                None => self.fault(&object.key, format!("cannot be archived: {NO_HOUR}")),
                Some(hour) if hour < late => {
                    let bytes = archive.get(&object.key).await?;
                    let what = match bytes.map(|bytes| read_raw(&bytes, &mut |_| {})) {
                        Some(Err(error)) => format!("cannot be archived: {}", chain(&error)),
                        _ => "is not archived: run `shopwatch archive compact`".to_owned(),
                    };
                    self.fault(&object.key, what);
                }
                Some(_) => {}
            }
        }
        Ok(!raw.is_empty())
    }

    /// Of a key without an hour nobody knows since when it waits: it is only counted.
    async fn failed(&mut self, archive: &Archive, late: Hour) -> Result<bool, ArchiveError> {
        let failed = archive.list(layout::FAILED).await?;
        self.undelivered = failed.len();
        for object in &failed {
            if layout::failed_hour(&object.key).is_some_and(|hour| hour < late) {
                let what = "could not be delivered: run `shopwatch archive replay`, which says so if it cannot be read";
                self.fault(&object.key, what);
            }
        }
        Ok(!failed.is_empty())
    }

    async fn expiring(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
    ) -> Result<bool, ArchiveError> {
        let expiring = archive.list(layout::EXPIRING).await?;
        for object in &expiring {
            let Some(bytes) = archive.get(&object.key).await? else {
                continue;
            };
            self.raw += 1;
            let raw_key = object.key.replacen(layout::EXPIRING, layout::RAW, 1);
            if let Err(what) = is_archived(&raw_key, &bytes, newest) {
                self.fault(&object.key, what);
            }
        }
        Ok(!expiring.is_empty())
    }
}

/// Does every hour that lines of this raw object belong to name it, with that many lines?
fn is_archived(raw_key: &str, bytes: &Bytes, newest: &BTreeMap<Hour, OpenHour>) -> Result<(), String> {
    let partition = Partition::arrived(layout::raw_hour(raw_key).unwrap_or(Hour::of_ms(0)));
    let mut lines: BTreeMap<Hour, u64> = BTreeMap::new();
    read_raw(bytes, &mut |line| {
        *lines.entry(partition.hour(line.at)).or_default() += 1
    })
    .map_err(|error| format!("is altered since it was archived: {}", chain(&error)))?;
    let digest = sha256(bytes);
    for (hour, lines) in lines {
        let raw = newest.get(&hour).map(|open| &open.manifest.raw);
        let is_named = raw.is_some_and(|raw| {
            raw.iter()
                .any(|raw| raw.key == raw_key && raw.sha256 == digest && raw.lines == lines)
        });
        if !is_named {
            return Err(format!(
                "has {lines} lines of {hour} that no manifest knows: move it back to {raw_key} and compact"
            ));
        }
    }
    Ok(())
}
