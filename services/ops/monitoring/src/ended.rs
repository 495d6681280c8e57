//! How a command ends.

use std::fmt;
use std::io;

use ops_story::redact::printable;

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Done. Exit code 0.
    Done,
    /// The answer is no: an expectation failed, a bug was found, nothing was found. Exit code 1.
    No,
    /// A file or an option is wrong, and what is wrong was printed. Exit code 2.
    Usage,
    /// Something would change, and nothing was changed: `--yes` does it. Exit code 6.
    Planned,
}

impl Ended {
    /// The number that a shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Planned => 6,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// A sentence fragment: "read the scenarios".
    pub attempted: String,
    /// Why that failed.
    pub cause: Option<String>,
    /// What to do.
    pub cure: Option<String>,
    /// A file or an option is wrong (exit code 2), not the machine or the answer (1).
    pub usage: bool,
}

impl Refused {
    /// An option or a file is wrong. `attempted` is a sentence fragment.
    #[must_use]
    pub fn usage(attempted: impl Into<String>) -> Self {
        Self {
            attempted: attempted.into(),
            cause: None,
            cure: None,
            usage: true,
        }
    }

    /// It failed although what was asked is right.
    #[must_use]
    pub fn failed(attempted: impl Into<String>) -> Self {
        Self {
            usage: false,
            ..Self::usage(attempted)
        }
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn cure(mut self, cure: impl fmt::Display) -> Self {
        self.cure = Some(cure.to_string());
        self
    }

    /// As a program tells it to a person, on lines of their own: what was attempted, why it failed, what to do. No control character is
    /// obeyed by a terminal.
    #[must_use]
    pub fn told(&self) -> String {
        let line = |label: &str, text: &str| {
            let lines: Vec<_> = text.trim_end().lines().map(printable).collect();
            format!("{label}: {}\n", lines.join("\n       "))
        };
        let cause = self.cause.as_ref().map(|cause| line("cause", cause));
        let cure = self.cure.as_ref().map(|cure| line(" cure", cure));
        [Some(line("error", &self.attempted)), cause, cure]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The number that a shell sees.
    #[must_use]
    pub const fn code(&self) -> u8 {
        if self.usage {
            Ended::Usage.code()
        } else {
            Ended::No.code()
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempted)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        match &self.cure {
            Some(cure) => write!(f, "; {cure}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

impl From<io::Error> for Refused {
    /// Of writing to a [`crate::Terminal`]; whoever reads a file says which.
    fn from(error: io::Error) -> Self {
        Self::failed("write the result").because(error)
    }
}
