//! One run: replay, compaction, and what is left.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use log_archive_domain::{Hour, layout};
use log_archive_store::{
    Archive, ArchiveError, CompactLimits, Compacted, Compactor, Replayed, Watch, replay_into,
};
use telemetry_core::Coded;
use tokio::time::Instant;

use crate::metrics;
use crate::time::{RESERVE, Until};

/// Why a run failed. What it had committed stays; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum HourlyError {
    /// There is no directory for what does not fit into memory.
    #[error("make a directory for temporary files")]
    Scratch(#[source] std::io::Error),
    /// What failed could not be put back. The compaction was done.
    #[error("put back what could not be delivered")]
    Replay(#[source] ArchiveError),
    /// The compaction failed.
    #[error("compact the archive")]
    Compact(#[source] ArchiveError),
    /// What is left could not be listed.
    #[error("list the raw objects that are left")]
    List(#[source] ArchiveError),
}

impl Coded for HourlyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Scratch(_) | Self::Compact(ArchiveError::Sorter(_)) => "scratch-failed",
            Self::Replay(_) => "replay-failed",
            Self::Compact(ArchiveError::Store { .. }) | Self::List(_) => "store-failed",
            Self::Compact(ArchiveError::Contended { .. }) => "compactors-at-once",
            Self::Compact(_) => "compaction-failed",
        }
    }
}

/// What a run did, and what it left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects of the failure prefix that are raw objects now.
    pub replayed: usize,
    /// Hours that got a manifest.
    pub hours: usize,
    /// Lines that were new.
    pub lines: u64,
    /// Raw objects that now wait to expire.
    pub expired: usize,
    /// What waits for somebody: a key or an hour, and why.
    pub held_back: Vec<(String, String)>,
    /// Was there no time for all of it?
    pub is_cut_short: bool,
    /// Seconds since the beginning of the earliest hour of arrival that has raw objects; 0 when there are none.
    pub oldest_raw_s: i64,
}

/// The hourly work on an archive.
#[derive(Debug, Clone)]
pub struct Hourly {
    archive: Archive,
    limits: CompactLimits,
    scratch: PathBuf,
}

impl Hourly {
    /// With a directory for what does not fit into memory.
    #[must_use]
    pub fn new(archive: Archive, limits: CompactLimits, scratch: PathBuf) -> Self {
        Self {
            archive,
            limits,
            scratch,
        }
    }

    /// Does what is to be done at this time. There is `left` time before the function is stopped.
    ///
    /// # Errors
    /// The store or the disk fails. To have no time for all of it is none.
    pub async fn run(&self, now: Timestamp, left: Duration) -> Result<Summary, HourlyError> {
        self.run_watched(now, left, &()).await
    }

    /// The same under somebody's eyes: a test ends it after each of its steps.
    ///
    /// # Errors
    /// As [`Hourly::run`].
    pub async fn run_watched(
        &self,
        now: Timestamp,
        left: Duration,
        watch: &dyn Watch,
    ) -> Result<Summary, HourlyError> {
        let started = Instant::now();
        let left = left.saturating_sub(RESERVE);
        let mut summary = Summary::default();
        // At most half of the time: what failed may be much, and must not keep the rest from being archived.
        let until = |at| Until { at, also: watch };
        let replayed = self.replay(now, &until(started + left / 2), &mut summary).await;
        let compacted = self.compact(now, &until(started + left), &mut summary).await;
        summary.count();
        compacted?;
        replayed?;
        summary.oldest_raw_s = self.oldest_raw_s(now).await?;
        summary.tell();
        Ok(summary)
    }

    async fn replay(
        &self,
        now: Timestamp,
        watch: &Until<'_>,
        summary: &mut Summary,
    ) -> Result<(), HourlyError> {
        let mut replayed = Replayed::default();
        let hour = Hour::of_ms(now.as_millisecond());
        let result = replay_into(&self.archive, hour, watch, &mut replayed).await;
        summary.replayed = replayed.objects;
        summary.held_back.extend(replayed.unreadable);
        summary.unless_stopped(result).map_err(HourlyError::Replay)
    }

    async fn compact(
        &self,
        now: Timestamp,
        watch: &Until<'_>,
        summary: &mut Summary,
    ) -> Result<(), HourlyError> {
        let scratch = tempfile::tempdir_in(&self.scratch).map_err(HourlyError::Scratch)?;
        let compactor = Compactor::new(&self.archive, self.limits, scratch.path().to_owned(), watch);
        let mut compacted = Compacted::default();
        let result = compactor.run_into(now, &mut compacted).await;
        summary.hours = compacted.hours.len();
        summary.lines = compacted.lines;
        summary.expired = compacted.expired.len();
        summary.held_back.extend(compacted.broken);
        let stuck = compacted.stuck.into_iter();
        summary
            .held_back
            .extend(stuck.map(|(hour, why)| (hour.to_string(), why)));
        summary.unless_stopped(result).map_err(HourlyError::Compact)
    }

    /// Raw objects of the hour that is not over are among them: while nothing waits for longer this is less than that hour and the
    /// grace.
    async fn oldest_raw_s(&self, now: Timestamp) -> Result<i64, HourlyError> {
        let listed = self.archive.list(layout::RAW).await.map_err(HourlyError::List)?;
        let oldest = listed
            .iter()
            .filter_map(|object| layout::raw_hour(&object.key))
            .min();
        let since = |hour: Hour| (now.as_millisecond() - hour.start_ms()).max(0) / 1_000;
        Ok(oldest.map_or(0, since))
    }
}

impl Summary {
    /// That there is no time left is no failure.
    fn unless_stopped(&mut self, result: Result<(), ArchiveError>) -> Result<(), ArchiveError> {
        if let Err(ArchiveError::Stopped(_)) = result {
            self.is_cut_short = true;
            return Ok(());
        }
        result
    }

    /// What was done, whatever happens after it.
    fn count(&self) {
        metrics::ARCHIVED.add(self.lines, &[]);
        metrics::REPLAYED.add(self.replayed as u64, &[]);
        metrics::CUT_SHORT.add(self.is_cut_short.into(), &[]);
        for (what, why) in &self.held_back {
            // Nobody is woken by a line for what waits since hours: the metric has an alarm.
            tracing::warn!(what, why, "this is not archived until somebody looks");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "CloudWatch's numbers are doubles")]
    fn tell(&self) {
        metrics::HELD.set(self.held_back.len() as f64, &[]);
        metrics::OLDEST.set(self.oldest_raw_s as f64, &[]);
        tracing::info!(
            replayed = self.replayed,
            hours = self.hours,
            lines = self.lines,
            expired = self.expired,
            held_back = self.held_back.len(),
            cut_short = self.is_cut_short,
            oldest_raw_s = self.oldest_raw_s,
            "compacted"
        );
    }
}
