//! The arguments as they were written, and what is wrong with them.

use crate::evaluate::range::{Range, RangeError, Rule, RuleError};
use crate::model::{StateValue, TreatMissingData, UnknownWord};

/// The arguments of the question, as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments<'a> {
    /// The range, newest right: `0` within the threshold, `X` breaching, `-` missing. It is taken whole as given.
    pub range: &'a str,
    /// N.
    pub evaluation_periods: &'a str,
    /// M; N without it.
    pub datapoints_to_alarm: Option<&'a str>,
    /// `missing` without it.
    pub treat_missing_data: Option<&'a str>,
    /// The state that the alarm was in; `OK` without it. Only `ignore` looks at it.
    pub previous_state: Option<&'a str>,
}

/// An argument that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// Of the range.
    #[error("--range {found:?}: {cause}")]
    Range {
        /// As written.
        found: String,
        /// What is wrong with it.
        cause: RangeError,
    },
    /// Something that is counted.
    #[error("{option} {found:?}: expected a whole number from 1 on")]
    Number {
        /// Its name.
        option: &'static str,
        /// As written.
        found: String,
    },
    /// M and N do not go together.
    #[error(
        "--datapoints-to-alarm {found}: expected a whole number from 1 to --evaluation-periods, which is {evaluation_periods}"
    )]
    Datapoints {
        /// M.
        found: u32,
        /// N.
        evaluation_periods: u32,
    },
    /// A word that is none of the known ones.
    #[error("{option}: {cause}")]
    Word {
        /// Its name.
        option: &'static str,
        /// The words that are known.
        cause: UnknownWord,
    },
}

/// The question, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) range: Range,
    pub(super) rule: Rule,
    pub(super) previous: StateValue,
}

impl Arguments<'_> {
    pub(super) fn read(&self) -> Result<Question, ArgumentError> {
        let range = self.range.parse().map_err(|cause| ArgumentError::Range {
            found: self.range.to_owned(),
            cause,
        })?;
        let n = number("--evaluation-periods", self.evaluation_periods)?;
        let m = match self.datapoints_to_alarm {
            Some(m) => number("--datapoints-to-alarm", m)?,
            None => n,
        };
        let treat = word(
            "--treat-missing-data",
            self.treat_missing_data,
            TreatMissingData::Missing,
        )?;
        let previous = word("--previous-state", self.previous_state, StateValue::Ok)?;
        let rule = Rule::new(n, m, treat).map_err(|error| match error {
            RuleError::NoPeriods => ArgumentError::Number {
                option: "--evaluation-periods",
                found: n.to_string(),
            },
            RuleError::Datapoints {
                found,
                evaluation_periods,
            } => ArgumentError::Datapoints {
                found,
                evaluation_periods,
            },
        })?;
        Ok(Question {
            range,
            rule,
            previous,
        })
    }
}

fn number(option: &'static str, text: &str) -> Result<u32, ArgumentError> {
    // By digits: `parse` takes a plus sign too.
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let found = text.parse().ok().filter(|number| is_number && *number > 0);
    found.ok_or_else(|| ArgumentError::Number {
        option,
        found: text.to_owned(),
    })
}

fn word<T: std::str::FromStr<Err = UnknownWord>>(
    option: &'static str,
    text: Option<&str>,
    default: T,
) -> Result<T, ArgumentError> {
    match text {
        Some(text) => text
            .parse()
            .map_err(|cause| ArgumentError::Word { option, cause }),
        None => Ok(default),
    }
}
