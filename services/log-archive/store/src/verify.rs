//! Proving an archive: the chain without a gap, every manifest and file as it was written, every line once and in order, every
//! delivered line there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use log_archive_domain::filter::Table;
use log_archive_domain::{Hour, Partition, layout};
use log_archive_format::{Manifest, Object};
use log_archive_intake::read_raw;

use crate::archive::sha256;
use crate::compact::chain::{links, read_link};
use crate::{Archive, ArchiveError, Hours, OpenHour, chain, day};

mod lines;

use lines::Lines;

/// A raw object that waits longer is one that no compaction could read, or there was none.
const LATE_HOURS: i64 = 3;

/// Something is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The object.
    pub key: String,
    /// What is wrong with it, and what to do.
    pub what: String,
}

/// What was proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Links of the chain.
    pub links: usize,
    /// Hours with lines.
    pub hours: usize,
    /// Parquet files that were read.
    pub parts: usize,
    /// Lines that were read.
    pub lines: u64,
    /// Raw objects of which every line was looked for among what manifests say.
    pub raw: usize,
    /// What is wrong; the first one first, in the order of commits.
    pub faults: Vec<Fault>,
}

/// Reads everything and compares it with what the chain and the manifests say.
///
/// # Errors
/// The store refuses. What is missing or damaged is a [`Fault`].
pub async fn verify(archive: &Archive, now: Timestamp) -> Result<Verified, ArchiveError> {
    let mut verified = Verified::default();
    let chained = verified.chain(archive).await?;
    let newest = verified.manifests(archive, &chained).await?;
    for open in newest.values() {
        verified.hours += 1;
        verified.hour(archive, open).await?;
    }
    verified.days(archive, &newest).await?;
    verified.strangers(archive, &newest).await?;
    verified.raw(archive, &newest, now).await?;
    Ok(verified)
}

impl Verified {
    fn fault(&mut self, key: &str, what: impl Into<String>) {
        let (key, what) = (key.to_owned(), what.into());
        self.faults.push(Fault { key, what });
    }

    /// Manifests in the chain, with the digests that it has of them.
    async fn chain(&mut self, archive: &Archive) -> Result<BTreeMap<String, String>, ArchiveError> {
        let mut chained = BTreeMap::new();
        let (mut expected, mut previous) = (1, None);
        for sequence in links(archive, 0).await? {
            while expected < sequence {
                self.fault(&layout::link(expected), "is missing: the chain has a gap");
                expected += 1;
                previous = None;
            }
            expected += 1;
            match read_link(archive, sequence).await {
                Ok((link, digest)) => {
                    self.links += 1;
                    if link.sequence != sequence
                        || (sequence > 1 && previous.is_some() && link.previous != previous)
                    {
                        self.fault(
                            &layout::link(sequence),
                            "does not follow the link before it: one of them is altered",
                        );
                    }
                    chained.insert(link.manifest, link.sha256);
                    previous = Some(digest);
                }
                Err(error @ ArchiveError::Store { .. }) => return Err(error),
                Err(error) => {
                    self.fault(&layout::link(sequence), chain(&error));
                    previous = None;
                }
            }
        }
        Ok(chained)
    }

    /// Every generation of every hour; the newest ones.
    async fn manifests(
        &mut self,
        archive: &Archive,
        chained: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<Hour, OpenHour>, ArchiveError> {
        let mut there = BTreeSet::new();
        let mut newest: BTreeMap<Hour, OpenHour> = BTreeMap::new();
        for object in archive.list(layout::MANIFESTS).await? {
            let Some((hour, generation)) = layout::manifest_of_key(&object.key) else {
                self.fault(&object.key, "is no manifest");
                continue;
            };
            there.insert(object.key.clone());
            let open = match OpenHour::read(archive, hour, generation).await {
                Ok(open) => open,
                Err(error @ ArchiveError::Store { .. }) => return Err(error),
                Err(error) => {
                    self.fault(&object.key, chain(&error));
                    continue;
                }
            };
            match chained.get(&object.key) {
                Some(digest) if *digest == open.sha256 => {}
                Some(_) => self.fault(&object.key, "is altered: the chain has another digest of it"),
                None => self.fault(
                    &object.key,
                    "is not in the chain: run `shopwatch archive compact`",
                ),
            }
            let before = newest.get(&hour);
            let follows = before.map(|before| before.sha256.clone()) == open.manifest.previous
                && before.map_or(1, |before| before.manifest.generation + 1) == generation;
            if !follows {
                self.fault(
                    &object.key,
                    "does not follow the generation before it, or that is missing",
                );
            }
            newest.insert(hour, open);
        }
        for key in chained.keys().filter(|key| !there.contains(*key)) {
            self.fault(key, "is missing, although it is in the chain");
        }
        Ok(newest)
    }

    /// Files of an hour, and every line in them.
    async fn hour(&mut self, archive: &Archive, open: &OpenHour) -> Result<(), ArchiveError> {
        let (manifest, before) = (&open.manifest, self.faults.len());
        let hour_filter = self
            .file(archive, &manifest.hour_filter)
            .await?
            .and_then(|bytes| {
                let table = Table::read(bytes.to_vec(), 0).ok()?;
                table.slot(0)
            });
        self.file(archive, &manifest.parts_filter).await?;
        let mut state = Lines::new(hour_filter);
        for part in &manifest.parts {
            let Some(bytes) = self.file(archive, &part.object).await? else {
                continue;
            };
            self.parts += 1;
            if let Err(what) = state.part(part, &bytes) {
                self.fault(&part.object.key, what);
            }
        }
        self.lines += state.lines;
        let key = layout::manifest(open.hour, manifest.generation);
        // What is said of a file already need not be said of the sums; other hours' faults are no reason.
        if self.faults.len() == before {
            self.totals(&key, manifest, &state);
        }
        Ok(())
    }

    fn totals(&mut self, key: &str, manifest: &Manifest, state: &Lines) {
        let delivered: u64 = manifest.raw.iter().map(|raw| raw.lines).sum();
        if state.lines != manifest.lines || delivered != manifest.lines + manifest.repetitions {
            let what = format!(
                "says {} lines and {} repetitions of {delivered} delivered; its parts have {} lines",
                manifest.lines, manifest.repetitions, state.lines
            );
            self.fault(key, what);
        } else if format!("{:016x}", state.checksum) != manifest.checksum {
            self.fault(key, "has another checksum than the lines of its parts");
        }
    }

    /// A file, if it is there and as it was written.
    async fn file(&mut self, archive: &Archive, object: &Object) -> Result<Option<Bytes>, ArchiveError> {
        match archive.get(&object.key).await? {
            None => self.fault(
                &object.key,
                "is missing, although the manifest of its hour names it",
            ),
            Some(bytes) if bytes.len() as u64 != object.size || sha256(&bytes) != object.sha256 => {
                self.fault(&object.key, "is altered: its manifest has another digest of it");
            }
            Some(bytes) => return Ok(Some(bytes)),
        }
        Ok(None)
    }

    /// Filters of days. One that is missing is made by the next compaction of the day; until then lookups do without.
    async fn days(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
    ) -> Result<(), ArchiveError> {
        let days: BTreeSet<_> = newest.keys().map(|hour| hour.day()).collect();
        for day in days {
            match day::check(archive, day).await {
                Err(ArchiveError::Filter { key, cause }) => {
                    self.fault(&key, format!("{cause}: delete it, lookups do without"));
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Files that SQL would read although no manifest names them.
    async fn strangers(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
    ) -> Result<(), ArchiveError> {
        let named: BTreeSet<&str> = newest
            .values()
            .flat_map(|open| open.manifest.parts.iter().map(|part| part.object.key.as_str()))
            .collect();
        for object in archive.list(layout::LINES).await? {
            if !named.contains(object.key.as_str()) {
                self.fault(&object.key, "is named by no manifest: SQL counts its lines twice until the next compaction of its hour");
            }
        }
        Ok(())
    }

    /// Raw objects that wait for too long, and whether those that were archived are all in manifests.
    async fn raw(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let late = Hour::of_ms(now.as_millisecond()).plus(-LATE_HOURS);
        for object in archive.list(layout::RAW).await? {
            if layout::raw_hour(&object.key).is_none_or(|hour| hour < late) {
                let what = match archive
                    .get(&object.key)
                    .await?
                    .map(|bytes| read_raw(&bytes, &mut |_| {}))
                {
                    Some(Err(error)) => format!("cannot be archived: {}", chain(&error)),
                    _ => "is not archived: run `shopwatch archive compact`".to_owned(),
                };
                self.fault(&object.key, what);
            }
        }
        for object in archive.list(layout::EXPIRING).await? {
            let Some(bytes) = archive.get(&object.key).await? else {
                continue;
            };
            self.raw += 1;
            let raw_key = object.key.replacen(layout::EXPIRING, layout::RAW, 1);
            if let Err(what) = is_archived(&raw_key, &bytes, newest) {
                self.fault(&object.key, what);
            }
        }
        Ok(())
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

/// The newest manifests of a range of hours.
///
/// # Errors
/// The store refuses, or a manifest is damaged or missing.
pub async fn manifests(
    archive: &Archive,
    hours: std::ops::RangeInclusive<Hour>,
) -> Result<Vec<OpenHour>, ArchiveError> {
    let mut open = Vec::new();
    for (hour, generation) in Hours::within(archive, &hours).await?.iter() {
        open.push(OpenHour::read(archive, hour, generation).await?);
    }
    Ok(open)
}
