//! How the program ends: the documented exit codes, and failures that name what was attempted, why it failed and what
//! to do. Printing happens here only. Which code belongs to which command stands in `--help` (see [`EXIT_CODES`]).

use std::fmt::{self, Write as _};
use std::process::ExitCode;

use ops_story::redact::printable;

/// The exit codes as `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the answer is no: nothing runs, nothing found, a check failed
  2    wrong usage
  3    this machine lacks something, or installing or building failed
  4    the platform could not be started, deployed or kept running
  5    a platform already runs in this state directory
  6    something would change, and nothing was changed: `--yes` does it
  130  interrupted before it was done";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The answer is no: not running, not found, a check failed.
    No,
    /// Wrong usage that the argument parser could not see.
    Usage,
    /// The machine lacks something, or installing or building failed.
    Environment,
    /// The platform could not be started, deployed or kept running.
    Platform,
    /// A platform already runs in this state directory.
    AlreadyRunning,
    /// A plan that was not carried out.
    Planned,
    /// Interrupted before it was done.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    #[must_use]
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Platform => 4,
            Self::AlreadyRunning => 5,
            Self::Planned => 6,
            Self::Interrupted => 130,
        }
    }
}

impl Exit {
    /// Of a question whose answer may be that there is nothing.
    #[must_use]
    pub(crate) fn of_found(found: bool) -> Self {
        if found { Self::Done } else { Self::No }
    }

    /// How another run of this program ended, by its number.
    pub(crate) fn of_code(code: i32) -> Self {
        let all = [
            Self::Done,
            Self::No,
            Self::Usage,
            Self::Environment,
            Self::AlreadyRunning,
            Self::Planned,
            Self::Interrupted,
        ];
        let found = all.into_iter().find(|exit| i32::from(exit.code()) == code);
        found.unwrap_or(Self::Platform)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A failure for a person: what was attempted, how the program ends, what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    attempted: String,
    cure: Option<String>,
    source: Option<anyhow::Error>,
}

impl Failure {
    /// `attempted` is a sentence fragment: "install the emulator".
    #[must_use]
    pub(crate) fn new(exit: Exit, attempted: impl Into<String>) -> Self {
        Self {
            exit,
            attempted: attempted.into(),
            cure: None,
            source: None,
        }
    }

    /// Adds what the person can do.
    #[must_use]
    pub(crate) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// The same, but the program ends otherwise on it.
    #[must_use]
    pub(crate) fn ending(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Adds the cause.
    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How the program ends on it.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempted)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// The whole chain, once, and the cures found on the way.
#[must_use]
pub(crate) fn describe(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let label = if depth == 0 { "error" } else { "cause" };
        // The SDK repeats its inner messages in outer ones; a line that says nothing new is left out.
        let line = cause.to_string();
        if depth == 0 || !text.contains(&line) {
            let _ = writeln!(text, "{label}: {}", indent(&line));
        }
    }
    for cause in error.chain() {
        if let Some(cure) = cause.downcast_ref::<Failure>().and_then(|f| f.cure.as_deref()) {
            let _ = writeln!(text, " cure: {}", indent(cure));
        }
    }
    text
}

/// How the program ends on this error.
#[must_use]
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>())
        .map_or(Exit::No, Failure::exit)
}

/// A service's own words come with an error: they are shown, not obeyed.
fn indent(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(printable).collect();
    lines.join("\n       ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_failure_names_step_cause_and_cure_once() {
        let error = anyhow::Error::new(
            Failure::new(Exit::Environment, "install the emulator")
                .cure("connect to the network")
                .caused_by(anyhow::anyhow!("no route to host").context("pip failed")),
        );
        assert_eq!(
            describe(&error),
            "error: install the emulator\ncause: pip failed\ncause: no route to host\n cure: connect to the network\n"
        );
        assert_eq!(exit_of(&error), Exit::Environment);
    }

    #[test]
    fn an_error_s_words_move_no_cursor() {
        let error = anyhow::anyhow!("the service said \u{1b}]0;title\u{7}\nand more");
        assert_eq!(
            describe(&error),
            "error: the service said \\u{1b}]0;title\\u{7}\n       and more\n"
        );
    }

    #[test]
    fn codes_are_told_from_their_numbers() {
        for exit in [
            Exit::Done,
            Exit::No,
            Exit::Environment,
            Exit::Platform,
            Exit::Planned,
            Exit::Interrupted,
        ] {
            assert_eq!(Exit::of_code(i32::from(exit.code())), exit);
        }
        assert_eq!(Exit::of_code(101), Exit::Platform, "a panic");
    }

    #[test]
    fn context_around_a_failure_keeps_its_code() {
        let error = Err::<(), _>(Failure::new(Exit::Platform, "deploy"))
            .context("while starting")
            .unwrap_err();
        assert_eq!(exit_of(&error), Exit::Platform);
        assert_eq!(exit_of(&anyhow::anyhow!("anything else")), Exit::No);
    }
}
