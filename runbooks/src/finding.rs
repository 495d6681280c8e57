//! What an answer means: ``if contains `Task timed out`: it times out; go on with [Raise the timeout](#raise-the-timeout)``.
//! An expectation says whether a command did its work; a finding says what its answer tells about the cause.

use std::fmt;

use crate::expectation::{Answer, Expectation, ExpectationError};
use crate::page::SectionKind;

/// What it means when something is true of an answer.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What must be true.
    pub when: Expectation,
    /// What that means, and where to go on. Links are reduced to their words.
    pub says: String,
    /// The headings of the page to which its words link, without `#`.
    pub leads_to: Vec<String>,
}

/// Why a line is no finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindingError {
    /// Nothing between `if` and the words.
    #[error(
        "`if {0}` is no finding; write if, an expectation, a colon and what it means: if contains `Task timed out`: it times out"
    )]
    Form(String),
    /// The condition is no expectation.
    #[error(transparent)]
    Condition(#[from] ExpectationError),
    /// Nothing behind the colon.
    #[error("`if {0}:` says nothing: write behind the colon what was found")]
    Empty(String),
}

impl Finding {
    /// Reads what stands behind `if`.
    ///
    /// ```
    /// use runbooks::expectation::Answer;
    /// use runbooks::finding::Finding;
    ///
    /// let finding = Finding::read("jq `.messages > 0`: orders wait; see the newest one")?;
    /// assert!(finding.holds(&Answer { exit: 0, output: r#"{"messages": 2}"#.to_owned() }));
    /// assert_eq!(finding.says, "orders wait; see the newest one");
    /// # Ok::<(), runbooks::finding::FindingError>(())
    /// ```
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, FindingError> {
        let (condition, says) = split(text).ok_or_else(|| FindingError::Form(text.to_owned()))?;
        let says = says.trim();
        if says.is_empty() {
            return Err(FindingError::Empty(condition.to_owned()));
        }
        Ok(Self {
            when: Expectation::read(condition)?,
            says: says.to_owned(),
            leads_to: Vec::new(),
        })
    }

    /// Is it so, by this answer?
    #[must_use]
    pub fn holds(&self, answer: &Answer) -> bool {
        self.when.holds(answer)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "if {}: {}", self.when, self.says)
    }
}

/// What an answer may be asked for. A command that was refused has answered nothing: that something is not in its output says
/// nothing, and a change must not follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The command did its work.
    Whole,
    /// It did not: what it printed all the same, and how it ended, can still be read.
    WhatIsThere,
}

impl Trust {
    /// In Verification a broken expectation says that it is not over yet, which findings explain; elsewhere expectations say that
    /// the command did its work.
    pub(crate) fn of(section: SectionKind, judged: &[(Expectation, bool)]) -> Self {
        let is_of_the_end = section == SectionKind::Verification;
        let did_its_work = judged
            .iter()
            .filter(|(expectation, _)| !is_of_the_end || matches!(expectation, Expectation::Exit(_)))
            .all(|(_, holds)| *holds);
        if did_its_work {
            Self::Whole
        } else {
            Self::WhatIsThere
        }
    }

    /// May this be read from it?
    pub(crate) fn allows(self, finding: &Finding) -> bool {
        self == Self::Whole || matches!(finding.when, Expectation::Exit(_) | Expectation::Contains(_))
    }
}

/// Condition and words: the colon behind the value's second backtick, or the first one where there is no value (`exit 1: …`).
fn split(text: &str) -> Option<(&str, &str)> {
    let colon = text.find(':')?;
    match text.find('`').filter(|tick| *tick < colon) {
        None => Some((&text[..colon], &text[colon + 1..])),
        // The value itself may begin with a colon.
        Some(tick) => {
            let end = tick + 1 + text[tick + 1..].find("`:")?;
            Some((&text[..=end], &text[end + 2..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, condition: &str, says: &str) {
        let finding = Finding::read(text).unwrap();
        assert_eq!(
            (finding.when.to_string().as_str(), finding.says.as_str()),
            (condition, says)
        );
        assert_eq!(finding.to_string(), format!("if {text}"));
    }

    #[test]
    fn condition_and_words_are_apart() {
        check("exit 1: nobody answers", "exit 1", "nobody answers");
        check(
            "contains `a: b`: it is so: look",
            "contains `a: b`",
            "it is so: look",
        );
        check("jq `.a[1:2]`: b", "jq `.a[1:2]`", "b");
        check("lacks `:a`: b", "lacks `:a`", "b");
    }

    #[test]
    fn what_is_none_is_told() {
        for (text, expected) in [
            ("it fails", "`if it fails` is no finding"),
            (
                "contains `a` it fails",
                "`if contains `a` it fails` is no finding",
            ),
            ("contains `a`:", "`if contains `a`:` says nothing"),
            ("it: fails", "`it` is no expectation"),
            ("matches `(`: x", "`(` is no regular expression"),
        ] {
            let error = Finding::read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
