//! What is answered, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::evaluate::range::{Depends, Reason, Verdict, evaluate};
use crate::model::{StateValue, TreatMissingData};

use super::arguments::{ArgumentError, Arguments, Question};

/// What CloudWatch says of the range. Written, it begins with the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The new state.
    pub state: StateValue,
    /// The state that the alarm was in.
    pub previous_state: StateValue,
    /// The range, without blanks.
    pub range: String,
    /// Why, in a sentence without its full stop.
    pub reason: String,
    /// What the state depends on, where AWS leaves something open; empty if every reading says the same.
    pub depends_on: Vec<&'static str>,
}

/// Answers.
///
/// ```
/// use alarms::range_question::{Arguments, answer};
///
/// let answer = answer(&Arguments {
///     range: "0-X-X",
///     evaluation_periods: "3",
///     datapoints_to_alarm: Some("2"),
///     treat_missing_data: Some("missing"),
///     previous_state: None,
/// })?;
/// assert!(answer.to_string().starts_with("ALARM because 2 of the 3 datapoints"));
/// # Ok::<(), alarms::range_question::ArgumentError>(())
/// ```
///
/// # Errors
/// An argument is not understood.
pub fn answer(arguments: &Arguments<'_>) -> Result<Answer, ArgumentError> {
    let question = arguments.read()?;
    let verdict = evaluate(question.range.points(), &question.rule, question.previous);
    Ok(Answer {
        state: verdict.state,
        previous_state: question.previous,
        range: question.range.to_string(),
        reason: reason(&question, &verdict),
        depends_on: depends_on(verdict.depends),
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} because {}.", self.state, self.reason)?;
        if !self.depends_on.is_empty() {
            write!(
                f,
                " AWS leaves this open: the state depends on {}.",
                self.depends_on.join(" and ")
            )?;
        }
        Ok(())
    }
}

/// The open points in words.
pub(crate) fn depends_on(depends: Depends) -> Vec<&'static str> {
    let points = [
        (depends.range_size, "how many periods are retrieved"),
        (depends.premature_age, "how old a lone breach may be"),
        (depends.dynamo_db, "what missing data of DynamoDB counts as"),
    ];
    points
        .into_iter()
        .filter_map(|(depends, words)| depends.then_some(words))
        .collect()
}

fn reason(question: &Question, verdict: &Verdict) -> String {
    let rule = &question.rule;
    let (n, m) = (rule.evaluation_periods(), rule.datapoints_to_alarm());
    let treat = rule.treat_missing_data();
    let real = question.range.real();
    let needed = format!("an alarm needs {m}");
    match verdict.reason {
        Reason::EnoughData { breaching } => {
            let which = if real > n as usize { "newest " } else { "" };
            format!(
                "{breaching} of the {which}{} {}, and {needed}",
                counted(n, "datapoint"),
                if breaching == 1 { "breaches" } else { "breach" }
            )
        }
        Reason::NoData => match treat {
            TreatMissingData::Missing => {
                "no datapoint is there, and missing data counts as missing".to_owned()
            }
            TreatMissingData::Ignore => {
                "no datapoint is there, and with missing data ignored the alarm keeps its state".to_owned()
            }
            treat => format!("no datapoint is there, and missing data counts as {treat}"),
        },
        Reason::Filled {
            breaching, filled, ..
        } => format!(
            "{} there, {filled} of {n} missing {} {treat}: {breaching} of {n} {}, and {needed}",
            are(real, "datapoint"),
            if filled == 1 { "counts as" } else { "count as" },
            if breaching == 1 { "breaches" } else { "breach" },
        ),
        Reason::RealSuffice { breaching } => format!(
            "{breaching} of the {} there {}, and {needed}; missing data does not matter",
            counted(u32::try_from(real).unwrap_or(u32::MAX), "datapoint"),
            if breaching == 1 { "breaches" } else { "breach" }
        ),
        Reason::Premature { age } => {
            let every = format!(
                "every datapoint there breaches, and the oldest of them is {} old, {m} or more",
                counted(age, "period")
            );
            match treat {
                TreatMissingData::Ignore => {
                    format!("{every}; with missing data ignored the alarm keeps its state")
                }
                _ => format!("{every}: the alarm does not wait for more"),
            }
        }
        Reason::TooFew { breaching } => format!(
            "{breaching} of the {} there {}, and {needed}",
            counted(u32::try_from(real).unwrap_or(u32::MAX), "datapoint"),
            if breaching == 1 { "breaches" } else { "breach" }
        ),
        Reason::LowSamples => {
            "too few samples are there for the percentile: the alarm keeps its state".to_owned()
        }
        Reason::WarmUp => "the alarm is in its warm-up".to_owned(),
    }
}

fn counted(count: u32, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

fn are(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what} is")
    } else {
        format!("{count} {what}s are")
    }
}
