//! `tracing` events as lines on standard output: flat JSON in the shape that Lambda's own log level and format settings
//! understand, or text for people.
//!
//! The lines of an invocation wait until it ends, for one `write`; an ERROR line, and 32 KiB of lines, are written at once with all
//! that waits. Lines below the level are held, unformatted, and written when their scope fails: see [`Logging`].

mod fields;
mod held;
mod line;
mod names;
mod pending;
mod redact;
mod stdout;
mod text;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Event, Level};

pub(crate) use line::{more_fields, process_fields, scope_fields};
pub use names::is_secret_name;
pub(crate) use pending::Pending;
pub use redact::redact;
pub use stdout::Stdout;

use crate::drops::{DropReason, count_dropped};
use crate::invocation::{Invocation, Scope, current_scope};
use crate::process::Process;
use crate::timestamp;
use fields::IntoLine;
use held::{Copied, Held};
use line::{Head, Line};
use pending::Urgent;

/// Bytes of a line: Lambda hands longer ones on in pieces that are no JSON any more. 256 KiB (CloudWatch Logs before 2025,
/// Lambda's advanced logging controls), less what is stored around it.
const LONGEST_LINE: usize = 256 * 1024 - 1024;
/// Characters that a text keeps in a line that is too long otherwise; the second where that is not enough.
const SHORT_TEXTS: [usize; 2] = [4096, 256];
/// A buffer of a thread that grew larger than this is given back.
const LARGEST_SCRATCH: usize = 64 * 1024;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per line.
    #[default]
    Json,
    /// Time, level, message, fields: for people.
    Text,
}

/// What becomes of lines below the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// Least level of lines that are held, and that are written at once where the context's debug decision says so. `None`: there
    /// are none, an event below the level costs nothing.
    pub detail: Option<Level>,
    /// Memory for the held lines of one invocation, in bytes; 0 where nothing is held and only the debug decision counts.
    pub held_bytes: usize,
    /// Are lines written together? Otherwise each when it happens: it then survives a process that is killed.
    pub together: bool,
}

impl Default for Logging {
    /// DEBUG lines, 64 KiB of them, written together.
    fn default() -> Self {
        Self {
            detail: Some(Level::DEBUG),
            held_bytes: 64 * 1024,
            together: true,
        }
    }
}

/// Where lines go. Writing never fails a caller.
pub trait Sink: Send + Sync + 'static {
    /// Writes lines, each with a line feed at its end, in one piece. How many could not be written.
    fn write(&self, lines: &[u8]) -> u64;
}

/// Writes the lines of a process.
#[derive(Clone)]
pub struct LogWriter {
    process: Arc<Process>,
    sink: Arc<dyn Sink>,
    /// Lines that were lost, and are not told of yet.
    lost: Arc<AtomicU64>,
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogWriter").finish_non_exhaustive()
    }
}

impl LogWriter {
    /// Lines of this process, to this sink.
    #[must_use]
    pub fn new(process: Arc<Process>, sink: Arc<dyn Sink>) -> Self {
        Self {
            process,
            sink,
            lost: Arc::default(),
        }
    }

    /// Whose lines they are.
    pub(crate) fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Takes the lines of an invocation that wait, and the held ones that are wanted. What was dropped of those is counted.
    #[must_use]
    pub fn take(&self, invocation: &Invocation) -> Vec<u8> {
        let (lines, dropped) = invocation.pending.take(|held, values| {
            self.fitting(
                self.head(held.at, *held.metadata.level(), &held.scope, held.span),
                |line| {
                    held::replay(held, values, line);
                },
            )
        });
        if dropped > 0 {
            invocation.count_dropped(DropReason::HeldLines, dropped);
        }
        lines
    }

    /// Writes lines now. What is lost is kept in mind, for [`LogWriter::take_lost`].
    pub fn write(&self, lines: &[u8]) -> bool {
        let lost = if lines.is_empty() {
            0
        } else {
            self.sink.write(lines)
        };
        self.lost.fetch_add(lost, Ordering::Relaxed);
        lost == 0
    }

    /// How many lines were lost and not told of.
    #[must_use]
    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// What tells of lost lines was lost as well: the next one tells.
    pub fn put_back_lost(&self, lost: u64) {
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    fn head<'a>(&'a self, at: u64, level: Level, scope: &'a str, span: u64) -> Head<'a> {
        let settings = self.process.settings();
        Head {
            format: settings.format,
            at,
            level,
            process: self.process.log_fields(),
            scope,
            span,
            secret: settings.secret_fields,
            longest: usize::MAX,
            truncated_from: None,
        }
    }

    /// A line that fits one log event.
    fn fitting(&self, mut head: Head<'_>, record: impl Fn(&mut Line<'_>)) -> Vec<u8> {
        let written = |head| {
            let mut line = Line::begin(head, scratch());
            record(&mut line);
            line.end()
        };
        let mut line = written(head);
        for longest in SHORT_TEXTS {
            if line.len() <= LONGEST_LINE {
                break;
            }
            if head.truncated_from.is_none() {
                count_dropped(DropReason::LogLineSize, 1);
                head.truncated_from = Some(line.len());
            }
            head.longest = longest;
            line = written(head);
        }
        line
    }
}

/// Makes lines of events.
#[derive(Debug)]
pub(crate) struct LogLines(LogWriter);

impl LogLines {
    /// Lines by this writer.
    pub(crate) fn new(writer: LogWriter) -> Self {
        Self(writer)
    }

    /// Is a line of this level written, and not held?
    fn is_written(&self, level: Level, scope: Option<&Scope>) -> bool {
        let wants = |scope: &Scope| {
            scope.context.debug || scope.has_failed() || scope.invocation.pending.is_telling()
        };
        level <= self.0.process.settings().level || scope.is_some_and(wants)
    }

    fn hold(&self, event: &Event<'_>, scope: &Scope) {
        let most = self.0.process.logging().held_bytes;
        if most == 0 {
            return;
        }
        let mut values = Copied(scratch());
        event.record(&mut values);
        let fields = Arc::clone(scope.log_fields());
        let held = Held::new(
            event.metadata(),
            timestamp::now_ms(),
            fields,
            scope.group(),
            scope.span_id(),
        );
        scope.invocation.pending.hold(held, &values.0, most);
        give_back(values.0);
    }

    /// Writes an event, or holds it.
    pub(crate) fn write(&self, event: &Event<'_>) {
        let level = *event.metadata().level();
        let scope = current_scope();
        if !self.is_written(level, scope.as_deref()) {
            if let Some(scope) = scope {
                self.hold(event, &scope);
            }
            return;
        }
        let (fields, span) = match &scope {
            Some(scope) if level == Level::ERROR => (scope.error_fields(), scope.span_id()),
            Some(scope) => (Cow::Borrowed(&**scope.log_fields()), scope.span_id()),
            None => (Cow::Borrowed(""), 0),
        };
        let head = self.0.head(timestamp::now_ms(), level, &fields, span);
        let line = self.0.fitting(head, |line| {
            event.record(&mut IntoLine::new(line, event.metadata()))
        });
        let is_urgent = level == Level::ERROR || !self.0.process.logging().together;
        match &scope {
            None => drop(self.0.write(&line)),
            Some(scope) => match scope.invocation.pending.push(&line, is_urgent) {
                None => {}
                Some(Urgent::All) => drop(self.0.write(&self.0.take(&scope.invocation))),
                Some(Urgent::These) => drop(self.0.write(&line)),
            },
        }
        give_back(line);
    }
}

thread_local! {
    /// What a line is made in. Taken while it is used: a value that is written may itself write a line.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn scratch() -> Vec<u8> {
    SCRATCH.try_with(Cell::take).unwrap_or_default()
}

fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= LARGEST_SCRATCH {
        buffer.clear();
        let _ = SCRATCH.try_with(|scratch| scratch.set(buffer));
    }
}

#[cfg(test)]
pub(crate) mod tests;
