//! What became of the hours of a window, as they were committed one after the other.

use std::collections::BTreeSet;

use jiff::Timestamp;
use log_archive_domain::{Hour, layout};

use super::hour_run::HourRun;
use super::plan::Plan;
use super::{Compacted, Step};
use crate::ArchiveError;

/// What became of the hours of a window.
#[derive(Default)]
pub(super) struct Written {
    pub(super) committed: BTreeSet<Hour>,
    /// Hours whose lines do not add up, and how.
    pub(super) miscounted: Vec<(Hour, String)>,
    /// Another compactor was faster.
    pub(super) contended: Option<Hour>,
}

impl Written {
    pub(super) async fn commit(
        &mut self,
        now: Timestamp,
        run: HourRun<'_>,
        plan: &Plan,
        compacted: &mut Compacted,
    ) -> Result<(), ArchiveError> {
        let (hour, watch) = (run.hour, run.watch);
        let raw = plan.fresh.get(&hour).cloned().unwrap_or_default();
        let before = plan.bases.get(&hour).map_or(0, |base| base.manifest.lines);
        match run.commit(raw, now.to_string()).await {
            Ok(Some(open)) => {
                self.committed.insert(hour);
                compacted.hours.push((hour, open.manifest.generation));
                compacted.lines += open.manifest.lines - before;
                compacted.text_bytes += open.manifest.text_bytes;
                // Counted first: whoever is stopped here has archived them.
                let step = Step::Committed(layout::manifest(hour, open.manifest.generation));
                watch.done(&step).map_err(ArchiveError::Stopped)?;
            }
            Ok(None) => self.contended = Some(hour),
            Err(error @ ArchiveError::Miscounted { .. }) => {
                self.miscounted.push((hour, crate::chain(&error)));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
