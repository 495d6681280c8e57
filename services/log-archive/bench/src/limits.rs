//! The targets. What is missed is collected, so that one run shows all of it.

use std::fmt::Display;

use anyhow::{Result, bail};

/// Bytes of the archive for a hundred of text.
pub(crate) const SIZE: f64 = 15.0;
/// Range reads of a lookup by correlation ID, with the index cached.
pub(crate) const READS: u64 = 3;
/// Bytes of these.
pub(crate) const BYTES: u64 = 256 * 1_024;
/// Range reads of a lookup by another ID.
pub(crate) const OTHER_READS: u64 = 6;
/// Most memory of a compaction, in bytes.
pub(crate) const MEMORY: u64 = 512_000_000;
/// Milliseconds of the median lookup by correlation ID.
pub(crate) const MEDIAN_MS: f64 = 20.0;
/// Megabytes of text that one core forwards in a second.
pub(crate) const FORWARDING: f64 = 50.0;
/// Megabytes of text that one core compacts in a second.
pub(crate) const COMPACTION: f64 = 100.0;
/// How much less the best other program needs than this, in bytes and in time.
pub(crate) const TIMES_BETTER: f64 = 20.0;

/// Targets that were missed.
#[derive(Debug, Default)]
pub(crate) struct Missed(Vec<String>);

impl Missed {
    /// Notes a value above its limit.
    pub(crate) fn at_most<T: PartialOrd + Display>(&mut self, what: &str, value: T, limit: T) {
        if value > limit {
            self.0.push(format!("{what}: {value:.1}, at most {limit:.1}"));
        }
    }

    /// Notes a value below its limit.
    pub(crate) fn at_least<T: PartialOrd + Display>(&mut self, what: &str, value: T, limit: T) {
        if value < limit {
            self.0.push(format!("{what}: {value:.1}, at least {limit:.1}"));
        }
    }

    /// # Errors
    /// If any target was missed, all of them.
    pub(crate) fn check(self) -> Result<()> {
        if !self.0.is_empty() {
            bail!("targets were missed: {}", self.0.join("; "));
        }
        Ok(())
    }
}
