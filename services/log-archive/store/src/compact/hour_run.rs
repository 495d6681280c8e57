//! One hour on its way from sorted lines to a manifest.

use log_archive_domain::filter::{self, SplitBlock, Table};
use log_archive_domain::{Hour, KnownIds, Line, layout};
use log_archive_format::{FinishedPart, Manifest, Object, Part, PartWriter, RawObject};

use super::{CompactLimits, Step, Watch, miscounted};
use crate::archive::{hexadecimal, sha256};
use crate::day::{CARRIED_BLOCKS_LOG2, is_carried};
use crate::{Archive, ArchiveError, OpenHour};

/// IDs that a line may add to what is known: seldom more than one.
const IDS_PER_LINE: u64 = 1;
/// Share of unknown IDs that the filter over IDs of other days lets through.
const CARRIED_WRONG: f64 = 0.001;
/// Share of unknown IDs that a fitted filter of an hour lets through: each is a read in vain, and a day has 23 other hours.
const WRONG: f64 = 0.0005;
/// How many row groups of an hour may know an unknown ID, on average: each is a read in vain too.
const WRONG_ROW_GROUPS: f64 = 0.02;

/// An hour that is being written.
pub(super) struct HourRun<'a> {
    pub(super) hour: Hour,
    limits: CompactLimits,
    archive: &'a Archive,
    pub(super) watch: &'a dyn Watch,
    base: Option<&'a OpenHour>,
    /// Apart from what futures carry around.
    writer: Box<PartWriter>,
    parts: Vec<Part>,
    row_groups: Vec<SplitBlock>,
    ids: SplitBlock,
    known: KnownIds,
    /// IDs that carry the time of another day.
    carried: Option<SplitBlock>,
    last: Option<Event>,
    /// Lines of the base and of the raw objects.
    expected: u64,
    lines: u64,
    repeated: u64,
    chain_before: u64,
    text_bytes: u64,
    times: (i64, i64),
    checksum: u64,
}

/// What is known of an hour before its lines come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// Lines of the base and of the raw objects.
    pub(super) lines: u64,
    /// The newest link of the chain.
    pub(super) chain_before: u64,
}

/// What makes a line the same event as the one before.
#[derive(Default)]
struct Event {
    at: i64,
    id: String,
    account: String,
    log_group: String,
    log_stream: String,
    message: String,
}

impl Event {
    fn is(&self, line: &Line<'_>) -> bool {
        self.id == line.event_id
            && self.at == line.at
            && self.log_stream == line.source.log_stream
            && self.log_group == line.source.log_group
            && self.account == line.source.account
            && self.message == line.message
    }

    fn set(&mut self, line: &Line<'_>) {
        self.at = line.at;
        line.event_id.clone_into(&mut self.id);
        line.source.account.clone_into(&mut self.account);
        line.source.log_group.clone_into(&mut self.log_group);
        line.source.log_stream.clone_into(&mut self.log_stream);
        line.message.clone_into(&mut self.message);
    }
}

impl<'a> HourRun<'a> {
    pub(super) fn new(
        hour: Hour,
        base: Option<&'a OpenHour>,
        limits: CompactLimits,
        archive: &'a Archive,
        watch: &'a dyn Watch,
        Expected { lines, chain_before }: Expected,
    ) -> Result<Self, ArchiveError> {
        Ok(Self {
            hour,
            limits,
            archive,
            watch,
            base,
            writer: writer(hour, limits)?,
            parts: Vec::new(),
            row_groups: Vec::new(),
            ids: SplitBlock::for_ids(lines.saturating_mul(IDS_PER_LINE)),
            known: KnownIds::default(),
            carried: None,
            last: None,
            expected: lines,
            lines: 0,
            repeated: 0,
            chain_before,
            text_bytes: 0,
            times: (i64::MAX, i64::MIN),
            checksum: 0,
        })
    }

    pub(super) fn generation(&self) -> u32 {
        self.base.map_or(1, |base| base.manifest.generation + 1)
    }

    /// Takes the next line in order. One that is there already is left out.
    pub(super) async fn push(&mut self, line: &Line<'_>) -> Result<(), ArchiveError> {
        if self.last.as_ref().is_some_and(|last| last.is(line)) {
            self.repeated += 1;
            return Ok(());
        }
        self.last.get_or_insert_default().set(line);
        if self.is_full(line) {
            let next = writer(self.hour, self.limits)?;
            let full = std::mem::replace(&mut self.writer, next);
            self.store_part(full).await?;
        }
        self.learn(line);
        self.writer
            .push(line)
            .map_err(|cause| write_failed(self.hour, cause))
    }

    /// A part is cut between stories, unless one is as long as a part.
    fn is_full(&self, line: &Line<'_>) -> bool {
        let (text, full) = (self.writer.text_bytes(), self.limits.part_text);
        text >= full.saturating_mul(2) || text >= full && self.writer.is_other_story(line)
    }

    fn learn(&mut self, line: &Line<'_>) {
        let day = self.hour.day();
        for id in self.known.new_in(line).into_iter().flatten() {
            let hash = filter::hash(id);
            self.ids.insert(hash);
            if is_carried(id, day) {
                let new = || SplitBlock::with_blocks_log2(CARRIED_BLOCKS_LOG2);
                self.carried.get_or_insert_with(new).insert(hash);
            }
            if line.is_elsewhere(id) {
                for hash in filter::elsewhere(hash) {
                    self.ids.insert(hash);
                }
            }
        }
    }

    async fn store_part(&mut self, writer: Box<PartWriter>) -> Result<(), ArchiveError> {
        let part = writer.finish().map_err(|cause| write_failed(self.hour, cause))?;
        let sha256 = sha256(&part.bytes);
        let key = layout::part(self.hour, self.generation(), self.parts.len() + 1, &sha256);
        self.archive.put(&key, part.bytes.clone()).await?;
        self.take_over(
            part,
            Object {
                key: key.clone(),
                size: 0,
                sha256,
            },
        );
        self.done(&Step::PartStored(key))
    }

    fn take_over(&mut self, part: FinishedPart, object: Object) {
        self.lines += part.lines;
        self.text_bytes += part.text_bytes;
        self.times = (self.times.0.min(part.times.0), self.times.1.max(part.times.1));
        self.checksum = self.checksum.wrapping_add(part.checksum);
        self.row_groups.extend(part.filters);
        let (first_id, last_id) = part.ids.unzip();
        let size = part.bytes.len() as u64;
        self.parts.push(Part {
            object: Object { size, ..object },
            tail: part.tail,
            tail_sum: part.tail_sum,
            lines: part.lines,
            first_id,
            last_id,
            sums: part.sums,
        });
    }

    /// Stores what is left, the filters and the manifest. `None` if another compactor has stored this generation.
    pub(super) async fn commit(
        mut self,
        raw: Vec<RawObject>,
        made_at: String,
    ) -> Result<Option<OpenHour>, ArchiveError> {
        let last = std::mem::replace(&mut self.writer, writer(self.hour, self.limits)?);
        if last.lines() > 0 {
            self.store_part(last).await?;
        }
        if self.lines + self.repeated != self.expected {
            let found = self.lines + self.repeated;
            return Err(miscounted(self.hour, self.expected, found));
        }
        let (parts_filter, hour_filter) = self.store_filters().await?;
        let mut manifest = self.manifest(raw, made_at, parts_filter, hour_filter);
        let key = layout::manifest(self.hour, manifest.generation);
        let json = manifest.write().map_err(|cause| ArchiveError::Manifest {
            key: key.clone(),
            cause: Box::new(cause),
        })?;
        let sha256 = sha256(&json);
        if !self.archive.create(&key, json.into()).await? && !self.is_own(&key, &sha256).await? {
            return Ok(None);
        }
        let hour = self.hour;
        Ok(Some(OpenHour {
            hour,
            manifest,
            sha256,
        }))
    }

    /// Is the manifest that is there ours all the same? A request whose answer is lost is sent again, and finds what it created.
    async fn is_own(&self, key: &str, own: &str) -> Result<bool, ArchiveError> {
        let there = self.archive.get(key).await?;
        Ok(there.is_some_and(|bytes| sha256(&bytes) == own))
    }

    async fn store_filters(&mut self) -> Result<(Object, Object), ArchiveError> {
        let parts = Table::fit(&self.row_groups, WRONG_ROW_GROUPS).into_bytes();
        let ids = std::mem::replace(&mut self.ids, SplitBlock::with_blocks_log2(0)).fit(WRONG);
        let hour = Table::of(&[Some(&ids)]).into_bytes();
        let (parts_sha256, hour_sha256) = (sha256(&parts), sha256(&hour));
        let parts_key = layout::parts_filter(self.hour, self.generation(), &parts_sha256);
        let hour_key = layout::hour_filter(self.hour, self.generation(), &hour_sha256);
        let parts = self.store(parts_key, parts_sha256, parts).await?;
        let hour = self.store(hour_key, hour_sha256, hour).await?;
        self.done(&Step::FiltersStored(hour.key.clone()))?;
        Ok((parts, hour))
    }

    async fn store(&self, key: String, sha256: String, bytes: Vec<u8>) -> Result<Object, ArchiveError> {
        let size = bytes.len() as u64;
        self.archive.put(&key, bytes.into()).await?;
        Ok(Object { key, size, sha256 })
    }

    fn manifest(
        &mut self,
        new: Vec<RawObject>,
        made_at: String,
        parts_filter: Object,
        hour_filter: Object,
    ) -> Manifest {
        let mut raw = self
            .base
            .map(|base| base.manifest.raw.clone())
            .unwrap_or_default();
        raw.extend(new);
        let before = self.base.map_or(0, |base| base.manifest.repetitions);
        let carried = self
            .carried
            .take()
            .map(|ids| ids.fit(CARRIED_WRONG).to_le_bytes());
        Manifest {
            version: Manifest::VERSION,
            hour: self.hour.to_string(),
            generation: self.generation(),
            previous: self.base.map(|base| base.sha256.clone()),
            chain_before: self.chain_before,
            made_at,
            lines: self.lines,
            repetitions: before + self.repeated,
            text_bytes: self.text_bytes,
            first_at: self.times.0,
            last_at: self.times.1,
            checksum: format!("{:016x}", self.checksum),
            parts: std::mem::take(&mut self.parts),
            parts_filter,
            hour_filter,
            carried: hexadecimal(&carried.unwrap_or_default()),
            raw,
            seal: String::new(),
        }
    }

    fn done(&self, step: &Step) -> Result<(), ArchiveError> {
        self.watch.done(step).map_err(ArchiveError::Stopped)
    }
}

fn writer(hour: Hour, limits: CompactLimits) -> Result<Box<PartWriter>, ArchiveError> {
    let writer = PartWriter::new(limits.writer).map_err(|cause| write_failed(hour, cause))?;
    Ok(Box::new(writer))
}

fn write_failed(hour: Hour, cause: parquet::errors::ParquetError) -> ArchiveError {
    ArchiveError::WritePart {
        hour: hour.to_string(),
        cause: Box::new(cause),
    }
}
