//! The log archive as a source of stories: the lines of an ID, for years.

use std::ops::RangeInclusive;
use std::time::SystemTime;

use log_archive_domain::{Hour, Id, OwnedLine};
use log_archive_store::{Lookup, Scope, chain};
use ops_archive::Opened;
use ops_monitoring::{Refused, Terminal};

use crate::console;
use crate::story_commands::since::milliseconds;

/// Invocations that Lambda is asked about for a story: it has a line for each, which knows no correlation ID.
const MOST_INVOCATIONS: usize = 64;

/// Reading every line was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::story_commands) struct Scan {
    /// Also if that is more than a gigabyte.
    pub(in crate::story_commands) yes: bool,
}

/// The archive.
#[derive(Debug)]
pub(in crate::story_commands) struct Archived {
    opened: Opened,
    scan: Option<Scan>,
}

/// The questions of one story. The first one that fails is the last one: what the live store has is told all the same.
#[derive(Debug)]
pub(in crate::story_commands) struct Asking<'a> {
    archived: &'a Archived,
    lookup: Lookup<'a>,
    scope: Scope,
    failed: Option<String>,
}

impl Archived {
    pub(in crate::story_commands) fn new(opened: Opened, scan: Option<Scan>) -> Self {
        Self { opened, scan }
    }

    /// Begins a story. Without a time, an ID is looked for in the hours that it names itself, or else in all.
    pub(in crate::story_commands) fn ask(&self, range: Option<(SystemTime, SystemTime)>) -> Asking<'_> {
        let hour = |at: SystemTime| Hour::of_ms(milliseconds(at));
        let scope = range.map_or(Scope::Everywhere, |(from, to)| Scope::Hours(hour(from), hour(to)));
        Asking {
            archived: self,
            lookup: Lookup::new(&self.opened.archive),
            scope,
            failed: None,
        }
    }
}

impl Asking<'_> {
    /// Where it is asked.
    pub(in crate::story_commands) fn place(&self) -> String {
        self.archived.opened.location.to_string()
    }

    /// Why it was not asked to the end.
    pub(in crate::story_commands) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Lines that name an ID.
    pub(in crate::story_commands) async fn lines(&mut self, id: &str) -> Vec<OwnedLine> {
        self.within(id, &self.scope.clone()).await
    }

    async fn within(&mut self, id: &str, scope: &Scope) -> Vec<OwnedLine> {
        if self.failed.is_some() {
            return Vec::new();
        }
        match self.lookup.find(&Id::new(id), scope).await {
            Ok(found) => found.lines,
            Err(error) => {
                self.failed = Some(chain(&error));
                Vec::new()
            }
        }
    }

    /// Lines in which an ID stands anywhere, if that was asked for.
    ///
    /// # Errors
    /// It is more than what is read without being asked twice, or the archive cannot be read.
    pub(in crate::story_commands) async fn scanned(&self, id: &str) -> Result<Vec<OwnedLine>, Refused> {
        let Some(Scan { yes }) = self.archived.scan else {
            return Ok(Vec::new());
        };
        let mut progress = console::progress();
        let mut terminal = Terminal {
            out: &mut ops_monitoring::Output,
            colored: false,
            progress: progress.as_mut().map(|progress| progress as _),
        };
        let archive = &self.archived.opened.archive;
        ops_archive::scan(archive, self.hours(), &Id::new(id), yes, &mut terminal).await
    }

    fn hours(&self) -> RangeInclusive<Hour> {
        match self.scope {
            Scope::Everywhere => Hour::of_ms(0)..=Hour::of_ms(i64::MAX),
            Scope::Hours(first, last) => first..=last,
        }
    }

    /// What Lambda says of the invocations of these lines.
    pub(in crate::story_commands) async fn reports(&mut self, lines: &[OwnedLine]) -> Vec<OwnedLine> {
        let hours = || lines.iter().map(|line| Hour::of_ms(line.at));
        let (Some(first), Some(last)) = (hours().min(), hours().max()) else {
            return Vec::new();
        };
        // A request ID has no time: without one every day that there ever was would be asked for each of them.
        let around = Scope::Hours(first.plus(-1), last.plus(1));
        let mut requests: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.request_id.as_deref())
            .collect();
        requests.sort_unstable();
        requests.dedup();
        let mut reports = Vec::new();
        for request in requests.into_iter().take(MOST_INVOCATIONS) {
            let lines = self.within(request, &around).await;
            let is_report = |line: &OwnedLine| line.message.contains("\"platform.report\"");
            reports.extend(lines.into_iter().filter(is_report));
        }
        reports
    }
}
