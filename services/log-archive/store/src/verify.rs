//! Proving an archive: the chain without a gap, every manifest and file as it was written, every line once and in order, every
//! delivered line there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use log_archive_domain::filter::Table;
use log_archive_domain::{Hour, layout};
use log_archive_format::{Manifest, Object};

use crate::archive::sha256;
use crate::compact::chain::{links, read_link};
use crate::day::DayFilter;
use crate::{Archive, ArchiveError, Hours, OpenHour, chain, day};

mod delivered;
mod lines;
mod strangers;

use lines::Lines;

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
    /// Objects that could not be delivered and were not put back yet. Those that wait for too long are faults too.
    pub undelivered: usize,
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
    verified.days(archive, &newest, &chained).await?;
    verified.strangers(archive, &newest, &chained).await?;
    let is_delivered_to = verified.delivered(archive, &newest, now).await?;
    if chained.is_empty() && verified.faults.is_empty() && newest.is_empty() && !is_delivered_to {
        verified.fault(
            layout::CHAIN,
            "is empty, and so is all else of an archive: this is none, or nothing was ever delivered to it",
        );
    }
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
                            "does not follow the link before it: one of them was replaced",
                        );
                    }
                    // The first one counts: whoever made a manifest again did not know what it had.
                    let first = chained
                        .entry(link.manifest.clone())
                        .or_insert_with(|| link.sha256.clone());
                    if *first != link.sha256 {
                        let what = format!(
                            "names {} again, with another digest: it was lost, and its hour taken for a new one",
                            link.manifest
                        );
                        self.fault(&layout::link(sequence), what);
                    }
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
        let waiting: BTreeSet<String> = archive
            .list(layout::RAW)
            .await?
            .into_iter()
            .map(|object| object.key)
            .collect();
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
                None => self.fault(&object.key, not_in_the_chain(&open, &waiting)),
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
            self.fault(key, "is missing, although it is in the chain: restore it");
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

    /// Filters of days. One that is missing is made by the next compaction of the day; until then lookups do without. One that knows an hour
    /// of which neither the chain nor a manifest does tells that the chain's end was cut off.
    async fn days(
        &mut self,
        archive: &Archive,
        newest: &BTreeMap<Hour, OpenHour>,
        chained: &BTreeMap<String, String>,
    ) -> Result<(), ArchiveError> {
        let folders = archive.folders(layout::IDS).await?;
        let of_filters = folders.iter().filter_map(|folder| layout::day_of_folder(folder));
        let days: BTreeSet<_> = newest.keys().map(|hour| hour.day()).chain(of_filters).collect();
        for day in days {
            match day::check(archive, day).await {
                Err(ArchiveError::Filter { key, cause }) => {
                    self.fault(&key, format!("{cause}: delete it, lookups do without"));
                    continue;
                }
                other => other?,
            }
            let filter = DayFilter::open(archive, day).await?;
            for (hour, generation) in filter.iter().flat_map(DayFilter::known) {
                let key = layout::manifest(hour, generation);
                let listed = newest.get(&hour).map(|open| open.manifest.generation);
                // What the chain names is told already.
                if listed < Some(generation) && !chained.contains_key(&key) {
                    self.fault(
                        &key,
                        "is missing, and so is its link, although the filter of its day knows it: restore both",
                    );
                }
            }
        }
        Ok(())
    }
}

/// A compaction that was killed behind the commit leaves the raw objects too, and the next one chains it. Else a link is lost.
fn not_in_the_chain(open: &OpenHour, waiting: &BTreeSet<String>) -> &'static str {
    if open.manifest.raw.iter().any(|raw| waiting.contains(&raw.key)) {
        "is not in the chain: run `shopwatch archive compact`"
    } else {
        "is not in the chain: its link is lost, restore it; or the next late line of its hour brings a new one"
    }
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
