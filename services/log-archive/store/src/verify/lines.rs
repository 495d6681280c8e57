//! The lines of an hour, one part after the other: sorted, each once, and known to the filter.

use bytes::Bytes;
use log_archive_domain::OwnedLine;
use log_archive_domain::filter::{self, SplitBlock};
use log_archive_format::{Part, PartIndex};

use crate::{chain, parts};

/// What is known of an hour's lines so far.
pub(super) struct Lines {
    filter: Option<SplitBlock>,
    last: Option<OwnedLine>,
    pub(super) lines: u64,
    pub(super) checksum: u64,
}

impl Lines {
    /// None yet; with the filter of the hour, if it can be read.
    pub(super) fn new(filter: Option<SplitBlock>) -> Self {
        Self {
            filter,
            last: None,
            lines: 0,
            checksum: 0,
        }
    }

    /// Takes the lines of the next part. Says what is wrong with the first that is not as it should be.
    pub(super) fn part(&mut self, part: &Part, bytes: &Bytes) -> Result<(), String> {
        let tail = bytes
            .len()
            .saturating_sub(usize::try_from(part.tail).unwrap_or(usize::MAX));
        let index = PartIndex::read(bytes.slice(tail..), bytes.len() as u64, &part.tail_sum)
            .map_err(|error| chain(&error))?;
        let before = self.lines;
        for row_group in 0..index.row_groups() {
            for line in parts::row_group(part, &index, bytes, row_group).map_err(|error| chain(&error))? {
                self.line(line)?;
            }
        }
        let found = self.lines - before;
        if found == part.lines {
            Ok(())
        } else {
            Err(format!("has {found} lines; its manifest says {}", part.lines))
        }
    }

    fn line(&mut self, line: OwnedLine) -> Result<(), String> {
        let own = line.as_line();
        if let Some(last) = &self.last {
            if own.is_repetition_of(&last.as_line()) {
                return Err(format!("has event {} twice", own.event_id));
            }
            if last.as_line().order(&own).is_gt() {
                return Err(format!("is not sorted at event {}", own.event_id));
            }
        }
        if let Some(filter) = &self.filter
            && let Some(id) = own.ids().find(|id| !filter.may_contain(filter::hash(id)))
        {
            return Err(format!("has the ID {id}, which the filter of its hour denies"));
        }
        let is_denied = |id: &&str| {
            let hashes = filter::elsewhere(filter::hash(id));
            let knows_all = |filter: &SplitBlock| hashes.iter().all(|hash| filter.may_contain(*hash));
            self.filter.as_ref().is_some_and(|filter| !knows_all(filter))
        };
        if let Some(id) = own.ids_elsewhere().find(is_denied) {
            return Err(format!(
                "has the ID {id} in a line of another story, which the filter of its hour denies"
            ));
        }
        self.lines += 1;
        self.checksum = self.checksum.wrapping_add(own.checksum());
        self.last = Some(line);
        Ok(())
    }
}
