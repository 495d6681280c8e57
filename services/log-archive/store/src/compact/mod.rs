//! Compaction: raw objects in, sorted Parquet and a manifest for each hour out.
//!
//! What makes the result the same however often it is begun: a line's hour follows from the line; a manifest names the raw objects
//! whose lines it has; it is created and never changed, so that of two compactors one has no effect; raw objects
//! leave only when every one of their lines is in a manifest. A redelivered line falls beside itself in the order and is left out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use log_archive_domain::{Hour, layout};
use log_archive_format::WriterLimits;

use crate::{Archive, ArchiveError, Hours, OpenHour, Sorter, parts};

mod after;
mod base;
pub(crate) mod chain;
mod hour_run;
mod input;
mod plan;
mod watch;
mod written;

pub use watch::{Step, Stopped, Watch};

use chain::Chain;
use hour_run::HourRun;
use input::Input;
use plan::Plan;
use written::Written;

/// Stands for lines that the hour has already.
const EXISTING: u32 = u32::MAX;
/// Why a raw object stays that nobody can say the arrival of.
pub(crate) const NO_HOUR: &str = "its key has no hour; Firehose's prefix is raw/!{timestamp:yyyy/MM/dd/HH}/";
/// How often a compaction begins again because of another one.
const ATTEMPTS: usize = 5;

/// How large things become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactLimits {
    /// Bytes of lines in memory before they go to disk.
    pub memory: usize,
    /// Bytes of text in a part.
    pub part_text: u64,
    /// Bytes of raw objects that are compacted together; at least three hours.
    pub window: u64,
    /// How long after its end an hour is waited for, in milliseconds: Firehose buffers for up to 15 minutes.
    pub grace_ms: i64,
    /// Of the Parquet files.
    pub writer: WriterLimits,
}

impl Default for CompactLimits {
    fn default() -> Self {
        Self {
            memory: 128 * 1_024 * 1_024,
            part_text: 256 * 1_024 * 1_024,
            window: 1_024 * 1_024 * 1_024,
            grace_ms: 20 * 60_000,
            writer: WriterLimits::default(),
        }
    }
}

/// What a compaction did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Hours that got a manifest, with its generation.
    pub hours: Vec<(Hour, u32)>,
    /// Lines that were new.
    pub lines: u64,
    /// Bytes of text that were sorted and written.
    pub text_bytes: u64,
    /// Raw objects that now wait to expire.
    pub expired: Vec<String>,
    /// Raw objects with lines of hours that are not over: they are read again.
    pub open: usize,
    /// Raw objects that cannot be read, and why. They stay until somebody repairs or removes them.
    pub broken: Vec<(String, String)>,
    /// Hours that got none of their new lines because what they have already cannot be read or is missing, and why. The raw objects stay; all other
    /// hours are compacted.
    pub stuck: Vec<(Hour, String)>,
    /// How often the sorter went to disk.
    pub spills: usize,
}

/// Compacts an archive.
pub struct Compactor<'a> {
    archive: &'a Archive,
    limits: CompactLimits,
    scratch: PathBuf,
    watch: &'a dyn Watch,
}

impl std::fmt::Debug for Compactor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compactor")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Raw objects that are compacted together.
struct Window {
    keys: Vec<String>,
    /// The last hour that gets no lines any more.
    settled: Hour,
    /// Where the next window begins, if there is one.
    next: Option<Hour>,
}

impl<'a> Compactor<'a> {
    /// With a directory for spills; it may be `/tmp`.
    #[must_use]
    pub fn new(archive: &'a Archive, limits: CompactLimits, scratch: PathBuf, watch: &'a dyn Watch) -> Self {
        Self {
            archive,
            limits,
            scratch,
            watch,
        }
    }

    /// Compacts everything that is settled now.
    ///
    /// # Errors
    /// The store or the disk fails, the watch stops it. What was committed stays.
    pub async fn run(&self, now: Timestamp) -> Result<Compacted, ArchiveError> {
        let mut compacted = Compacted::default();
        self.run_into(now, &mut compacted).await?;
        Ok(compacted)
    }

    /// The same, for somebody who wants to know what was done before it failed or was stopped.
    ///
    /// # Errors
    /// The store or the disk fails, the watch stops it. What is in `compacted` is done.
    pub async fn run_into(&self, now: Timestamp, compacted: &mut Compacted) -> Result<(), ArchiveError> {
        let (mut from, mut contended) = (Hour::of_ms(0), 0);
        let mut chain = Chain::default();
        loop {
            let window = self.window(now, from, compacted).await?;
            if let Some(hour) = self.compact(now, &window, &mut chain, compacted).await? {
                contended += 1;
                if contended == ATTEMPTS {
                    let hour = hour.to_string();
                    return Err(ArchiveError::Contended { hour });
                }
                continue;
            }
            match window.next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    /// Raw objects from an hour on. Lines of an hour arrive in it or in the next one; so while there is more behind it, the
    /// window's last hour is not settled.
    async fn window(
        &self,
        now: Timestamp,
        from: Hour,
        compacted: &mut Compacted,
    ) -> Result<Window, ArchiveError> {
        let listed = self.archive.list(layout::RAW).await?;
        let settled = Hour::of_ms(now.as_millisecond() - self.limits.grace_ms).plus(-1);
        let mut window = Window {
            keys: Vec::new(),
            settled,
            next: None,
        };
        let (mut bytes, mut hours) = (0, BTreeSet::new());
        for object in listed {
            let Some(hour) = layout::raw_hour(&object.key) else {
                compacted.note_broken(object.key, NO_HOUR.to_owned());
                continue;
            };
            if hour < from {
                continue;
            }
            if bytes >= self.limits.window && hours.len() >= 3 && !hours.contains(&hour) {
                let last = hours.last().copied().unwrap_or(hour).plus(-1);
                window.settled = settled.min(last);
                window.next = Some(last);
                break;
            }
            hours.insert(hour);
            bytes += object.size;
            window.keys.push(object.key);
        }
        let objects = window.keys.len();
        self.done(Step::Listed { objects })?;
        Ok(window)
    }

    /// Compacts a window. Says for which hour another compactor was faster.
    async fn compact(
        &self,
        now: Timestamp,
        window: &Window,
        chain: &mut Chain,
        compacted: &mut Compacted,
    ) -> Result<Option<Hour>, ArchiveError> {
        let chain_before = chain.newest(self.archive).await?;
        let mut sorter = Sorter::new(&self.scratch, self.limits.memory);
        let inputs = self.read(window, &mut sorter).await?;
        let mut plan = Plan::new(self.archive, &inputs, chain, chain_before).await?;
        if let Some(hour) = self.read_existing(&mut plan, chain, &mut sorter).await? {
            return Ok(Some(hour));
        }
        compacted.spills += sorter.spills();
        let written = self.write(now, sorter, &plan, compacted).await?;
        if let Some(hour) = written.contended {
            // What this one has stored for the hour is named by no manifest.
            if let Some(open) = OpenHour::newest(self.archive, hour).await? {
                after::clean(self.archive, self.watch, &open).await?;
            }
            return Ok(Some(hour));
        }
        for (hour, why) in written.miscounted {
            plan.give_up(hour, why);
        }
        // An hour of which not one line came back from the sorter was never begun.
        let missing = plan.fresh.keys().filter(|hour| !written.committed.contains(hour));
        for hour in missing.copied().collect::<Vec<_>>() {
            let expected = plan.expected(hour).lines;
            plan.give_up(hour, crate::chain(&miscounted(hour, expected, 0)));
        }
        self.finish(&inputs, &plan, chain, compacted).await?;
        Ok(None)
    }

    async fn read(&self, window: &Window, sorter: &mut Sorter) -> Result<Vec<Input>, ArchiveError> {
        let mut inputs = Vec::new();
        for key in &window.keys {
            // Not there: another compactor has archived it since the listing.
            let Some(object) = self.archive.get(key).await? else {
                continue;
            };
            let number = u32::try_from(inputs.len()).unwrap_or(EXISTING);
            inputs.push(input::read(key, &object, number, window.settled, sorter)?);
            self.done(Step::ObjectRead(key.clone()))?;
        }
        Ok(inputs)
    }

    /// Puts lines that an hour has already among the new ones. Says for which hour another compactor was faster.
    async fn read_existing(
        &self,
        plan: &mut Plan,
        chain: &mut Chain,
        sorter: &mut Sorter,
    ) -> Result<Option<Hour>, ArchiveError> {
        let hours: Vec<Hour> = plan.fresh.keys().copied().collect();
        for hour in hours {
            let Some(base) = plan.bases.get(&hour) else {
                continue;
            };
            chain.add(self.archive, self.watch, base).await?;
            match self.read_base(base, sorter).await {
                Ok(()) => {}
                Err(error @ ArchiveError::Sorter(_)) => return Err(error),
                Err(error) => {
                    let hours = Hours::of_day(self.archive, hour.day()).await?;
                    if hours.generation(hour) != Some(base.manifest.generation) {
                        return Ok(Some(hour));
                    }
                    plan.give_up(hour, crate::chain(&error));
                }
            }
        }
        Ok(None)
    }

    async fn read_base(&self, base: &OpenHour, sorter: &mut Sorter) -> Result<(), ArchiveError> {
        for part in &base.manifest.parts {
            let (index, bytes) = parts::whole(self.archive, part).await?;
            for row_group in 0..index.row_groups() {
                for line in parts::row_group(part, &index, &bytes, row_group)? {
                    sorter.push(base.hour, EXISTING, &line.as_line())?;
                }
            }
        }
        Ok(())
    }

    async fn write(
        &self,
        now: Timestamp,
        sorter: Sorter,
        plan: &Plan,
        compacted: &mut Compacted,
    ) -> Result<Written, ArchiveError> {
        let mut merge = sorter.merge()?;
        let mut run: Option<HourRun<'_>> = None;
        let mut written = Written::default();
        while let Some((hour, input, line)) = merge.next_line()? {
            if !plan.has(hour, input) {
                continue;
            }
            if run.as_ref().is_none_or(|run| run.hour != hour) {
                let (base, expected) = (plan.bases.get(&hour), plan.expected(hour));
                let next = HourRun::new(hour, base, self.limits, self.archive, self.watch, expected)?;
                if let Some(full) = run.replace(next) {
                    written.commit(now, full, plan, compacted).await?;
                }
                if written.contended.is_some() {
                    return Ok(written);
                }
            }
            if let Some(run) = &mut run {
                run.push(&line).await?;
            }
        }
        if let Some(last) = run {
            written.commit(now, last, plan, compacted).await?;
        }
        Ok(written)
    }

    /// Chain, filters, and raw objects on their way out. Also of hours that an earlier compaction committed and then ended.
    async fn finish(
        &self,
        inputs: &[Input],
        plan: &Plan,
        chain: &mut Chain,
        compacted: &mut Compacted,
    ) -> Result<(), ArchiveError> {
        let usable = || inputs.iter().filter(|input| input.broken.is_none());
        let hours: BTreeSet<Hour> = usable().flat_map(|input| input.lines.keys().copied()).collect();
        let reached = hours.iter().filter(|hour| !plan.stuck.contains_key(hour));
        for hour in reached {
            if let Some(open) = OpenHour::newest(self.archive, *hour).await? {
                chain.add(self.archive, self.watch, &open).await?;
                after::clean(self.archive, self.watch, &open).await?;
            }
        }
        let days: BTreeSet<_> = hours.iter().map(|hour| hour.day()).collect();
        for day in days {
            after::day_filter(self.archive, self.watch, day).await?;
        }
        compacted.open = usable().filter(|input| input.open > 0).count();
        for input in usable().filter(|input| input.open == 0 && !plan.is_stuck(input)) {
            after::expire(self.archive, self.watch, &input.key).await?;
            compacted.expired.push(input.key.clone());
        }
        compacted.note(inputs, plan);
        Ok(())
    }

    fn done(&self, step: Step) -> Result<(), ArchiveError> {
        self.watch.done(&step).map_err(ArchiveError::Stopped)
    }
}

fn miscounted(hour: Hour, expected: u64, found: u64) -> ArchiveError {
    let hour = hour.to_string();
    ArchiveError::Miscounted {
        hour,
        expected,
        found,
    }
}

impl Compacted {
    /// What could not be compacted.
    fn note(&mut self, inputs: &[Input], plan: &Plan) {
        for input in inputs {
            if let Some(why) = &input.broken {
                self.note_broken(input.key.clone(), why.clone());
            }
        }
        for (hour, why) in &plan.stuck {
            self.stuck.retain(|(known, _)| known != hour);
            self.stuck.push((*hour, why.clone()));
        }
    }

    fn note_broken(&mut self, key: String, why: String) {
        if !self.broken.iter().any(|(known, _)| *known == key) {
            self.broken.push((key, why));
        }
    }
}
