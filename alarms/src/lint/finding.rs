//! What a check has to say: which check, where, how bad.

use std::fmt;

use infra::Place;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The alarm cannot do what it is for: it never fires, always fires, or nobody hears of it.
    Bug,
    /// It does something else than most people expect of it.
    Warning,
    /// Whoever is woken by it will miss something.
    Info,
}

impl Severity {
    /// The word in the output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that a check found. Findings are ordered by file and place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The template, as its source was called.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The name of the check, as in `CHECKS.md`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Logical ID of the resource.
    pub resource: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// As a compiler writes it: `file:line:column: severity check: resource: message`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place {
            line: self.line,
            column: self.column,
        };
        write!(f, "{}:{place}: {} {}: ", self.file, self.severity, self.check)?;
        // The body of a dashboard in a file of its own is no resource.
        if !self.resource.is_empty() {
            write!(f, "{}: ", self.resource)?;
        }
        f.write_str(&self.message)
    }
}
