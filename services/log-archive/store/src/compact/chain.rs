//! The chain: one link for every manifest, in the order of commits. A generation is built upon only when it is in the chain, so that
//! none is ever left out.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use futures::stream::{self, StreamExt as _};
use log_archive_domain::{Hour, layout};
use log_archive_format::{Chained, ManifestError};

use super::{Step, Watch};
use crate::archive::sha256;
use crate::{Archive, ArchiveError, OpenHour};

/// Links that are read at once.
const AT_ONCE: usize = 16;

/// What a compaction knows of the chain: links never change.
#[derive(Debug, Default)]
pub(super) struct Chain {
    links: BTreeMap<u64, Known>,
    newest: u64,
}

#[derive(Debug, Clone)]
struct Known {
    manifest: String,
    sha256: String,
}

impl Chain {
    /// The number of the newest link. The first time all are listed, then only those behind it.
    pub(super) async fn newest(&mut self, archive: &Archive) -> Result<u64, ArchiveError> {
        let newer = links(archive, self.newest).await?;
        self.newest = newer.last().copied().unwrap_or(self.newest);
        Ok(self.newest)
    }

    /// Puts a manifest into the chain, unless it is there. Its link can only be behind those that there were before it was made.
    pub(super) async fn add(
        &mut self,
        archive: &Archive,
        watch: &dyn Watch,
        hour: &OpenHour,
    ) -> Result<(), ArchiveError> {
        let manifest = layout::manifest(hour.hour, hour.manifest.generation);
        let before = hour.manifest.chain_before;
        loop {
            let behind = links(archive, before).await?;
            self.read(archive, behind.iter().copied()).await?;
            let known = |sequence: &u64| self.links.get(sequence);
            if behind
                .iter()
                .filter_map(known)
                .any(|link| link.manifest == manifest)
            {
                return Ok(());
            }
            let last = behind.last().copied().unwrap_or(before);
            self.read(archive, (last > 0).then_some(last)).await?;
            let sequence = last + 1;
            let mut link = Chained {
                sequence,
                previous: self.links.get(&last).map(|link| link.sha256.clone()),
                manifest: manifest.clone(),
                sha256: hour.sha256.clone(),
                seal: String::new(),
            };
            let key = layout::link(sequence);
            let json = link.write().map_err(|error| failed(&key, error))?;
            if archive.create(&key, json.into()).await? {
                return watch.done(&Step::Chained(key)).map_err(ArchiveError::Stopped);
            }
        }
    }

    /// The newest generation of an hour that the chain names, 0 if it names none; and the first link that could name another one, because it
    /// is damaged or gone. Reads every link that is not known: for hours that are in doubt only.
    pub(super) async fn newest_of(
        &mut self,
        archive: &Archive,
        hour: Hour,
    ) -> Result<(u32, Option<u64>), ArchiveError> {
        let all = links(archive, 0).await?;
        self.read(archive, all.iter().copied()).await?;
        let (mut newest, mut unreadable) = (0, None);
        for sequence in 1..=all.last().copied().unwrap_or(0) {
            let known = self.links.get(&sequence);
            match known.and_then(|known| layout::manifest_of_key(&known.manifest)) {
                Some((own, generation)) if own == hour => newest = generation.max(newest),
                Some(_) => {}
                None => unreadable = unreadable.or(Some(sequence)),
            }
        }
        Ok((newest, unreadable))
    }

    /// Reads links that are not known. One that is damaged or gone is for `verify` to name; it is no reason to archive nothing.
    async fn read(
        &mut self,
        archive: &Archive,
        wanted: impl IntoIterator<Item = u64>,
    ) -> Result<(), ArchiveError> {
        let unknown = wanted
            .into_iter()
            .filter(|sequence| !self.links.contains_key(sequence));
        let reading: Vec<_> = unknown
            .map(|sequence| async move {
                let json = archive.get(&layout::link(sequence)).await?;
                Ok::<_, ArchiveError>(json.map(|json| {
                    let link = Chained::read(&json);
                    let manifest = link.map_or_else(|_| String::new(), |link| link.manifest);
                    let sha256 = sha256(&json);
                    (sequence, Known { manifest, sha256 })
                }))
            })
            .collect();
        let read = stream::iter(reading).buffered(AT_ONCE);
        let read: Vec<_> = read.try_collect().await?;
        self.links.extend(read.into_iter().flatten());
        Ok(())
    }
}

/// Numbers of the links behind this one, ascending; of all behind 0.
pub(crate) async fn links(archive: &Archive, behind: u64) -> Result<Vec<u64>, ArchiveError> {
    let listed = archive.list_after(layout::CHAIN, &layout::link(behind)).await?;
    Ok(listed
        .iter()
        .filter_map(|object| layout::link_of_key(&object.key))
        .collect())
}

/// A link with its SHA-256.
pub(crate) async fn read_link(archive: &Archive, sequence: u64) -> Result<(Chained, String), ArchiveError> {
    let key = layout::link(sequence);
    let json = archive.get(&key).await?.ok_or_else(|| ArchiveError::Missing {
        key: key.clone(),
        named_by: "the chain".to_owned(),
    })?;
    let link = Chained::read(&json).map_err(|error| failed(&key, error))?;
    Ok((link, sha256(&json)))
}

fn failed(key: &str, error: ManifestError) -> ArchiveError {
    ArchiveError::Link {
        key: key.to_owned(),
        cause: Box::new(error),
    }
}
