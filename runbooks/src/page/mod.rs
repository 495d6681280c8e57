//! A page: its sections, and the steps in them.
//!
//! ```text
//! # shopfast-order-dlq-not-empty
//! (generated block)
//! ## Meaning … ## Impact … ## Diagnosis … ## Mitigation … ## Verification … ## Escalation
//! ```
//!
//! A step is a heading of the third level, words, a fenced `sh` block, and what is expected of it:
//!
//! ````text
//! ### See what lies there
//!
//! ```sh
//! shopwatch dlq list
//! ```
//!
//! * exit 0
//! * contains `shopfast-order-dlq`
//! ````
//!
//! A block that is marked `sh changes` changes something: it needs a person's yes.
//!
//! Behind the command stand bullets only: expectations ([`crate::expectation`]), findings (``if contains `Task timed out`: it
//! times out``; [`crate::finding`]), and ``needs AWS: …``, why the platform on one machine cannot answer it.

mod read;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::fmt;

use crate::expectation::Expectation;
use crate::finding::Finding;

pub use read::read;

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The file's name without `.md`, and its first heading: the alarm's name.
    pub name: String,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// Its links, in order.
    pub links: Vec<Link>,
    /// What `#…` may name: a heading in lower case, without punctuation, with `-` for blanks.
    pub anchors: BTreeSet<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its address.
    pub to: String,
    /// Where it begins.
    pub at: Place,
}

/// A place in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The sections that every page has, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// What the alarm says about the system.
    Meaning,
    /// Who notices, and how.
    Impact,
    /// Steps that find the cause. They change nothing.
    Diagnosis,
    /// Steps that help, for each cause.
    Mitigation,
    /// Steps that show that it is over. They change nothing.
    Verification,
    /// Whom to ask when this page does not help.
    Escalation,
}

impl SectionKind {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Meaning,
        Self::Impact,
        Self::Diagnosis,
        Self::Mitigation,
        Self::Verification,
        Self::Escalation,
    ];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Meaning => "Meaning",
            Self::Impact => "Impact",
            Self::Diagnosis => "Diagnosis",
            Self::Mitigation => "Mitigation",
            Self::Verification => "Verification",
            Self::Escalation => "Escalation",
        }
    }

    /// May its steps change something?
    #[must_use]
    pub fn may_change(self) -> bool {
        self == Self::Mitigation
    }
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// Which.
    pub kind: SectionKind,
    /// The heading's line.
    pub line: usize,
    /// Its words, steps' words included, without commands.
    pub words: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its heading.
    pub title: String,
    /// The heading as links call it, without `#`.
    pub anchor: String,
    /// The heading's line.
    pub line: usize,
    /// What is typed, with placeholders.
    pub command: String,
    /// The line of the command's first line.
    pub command_line: usize,
    /// Does it change something?
    pub changes: bool,
    /// What must be true of its answer. Exit code 0 is expected where nothing else is said.
    pub expectations: Vec<Expectation>,
    /// What it means when something is true of its answer.
    pub findings: Vec<Finding>,
    /// Why it needs AWS, when the platform on one machine cannot answer it.
    pub needs_aws: Option<String>,
}

impl Step {
    /// What must be true of its answer, exit code 0 included where the page says nothing about it.
    #[must_use]
    pub fn expected(&self) -> Vec<Expectation> {
        let says_exit = self
            .expectations
            .iter()
            .any(|expectation| matches!(expectation, Expectation::Exit(_)));
        let exit = (!says_exit).then_some(Expectation::Exit(0));
        exit.into_iter()
            .chain(self.expectations.iter().cloned())
            .collect()
    }
}

/// Something that is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// What, and what to do.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}
