//! An alarm in plain sentences: what it watches, when it fires, how soon, when it clears, what silence and late data do.
//!
//! What silence does is not written from memory of the rules: `silence` asks the evaluator, and of an alarm whose math makes values of
//! missing datapoints `rehearsal` runs the whole alarm; `filled` says what came of it.
//!
//! What does not belong here: judgement. Whether an alarm is a good one is the linter's business.

mod composite;
mod filled;
mod inputs;
mod metric;
mod promql;
mod rehearsal;
mod silence;
mod sliding;
mod watches;

#[cfg(test)]
mod filled_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sliding_tests;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use crate::evaluate::range::RuleError;
use crate::model::alarm_rule::RuleTextError;
use crate::model::{Definition, Invalid};

/// An alarm in plain sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The alarm's name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a template's alarm: the condition on which it depends whether it is there at all, when that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there_if: Option<String>,
    /// What it watches.
    pub watches: String,
    /// When it goes to ALARM.
    pub fires_when: String,
    /// How soon after the trouble began.
    pub at_the_earliest: String,
    /// When it leaves ALARM.
    pub clears: String,
    /// What missing data does.
    pub silence: String,
    /// Whether data that comes late changes anything.
    pub late_data: String,
    /// Whether somebody hears of it.
    pub actions: String,
}

/// A definition that CloudWatch would refuse: there is nothing to explain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExplainError {
    /// With everything that is wrong with it.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// M and N.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The rule of a composite alarm.
    #[error(transparent)]
    RuleText(#[from] RuleTextError),
}

/// Explains an alarm.
///
/// ```
/// use alarms::explain::explain;
/// use alarms::model::{MetricAlarm, Stat};
///
/// let alarm = MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60);
/// let explanation = explain(&alarm.into())?;
/// assert_eq!(explanation.fires_when, "The newest datapoint is greater than 0.");
/// # Ok::<(), alarms::explain::ExplainError>(())
/// ```
///
/// # Errors
/// CloudWatch would refuse the definition.
pub fn explain(definition: &Definition) -> Result<Explanation, ExplainError> {
    definition.validate()?;
    Ok(match definition {
        Definition::Metric(alarm) => metric::explain(alarm)?,
        Definition::Composite(alarm) => composite::explain(alarm)?,
    })
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("Watches", &self.watches),
            ("Fires when", &self.fires_when),
            ("At the earliest", &self.at_the_earliest),
            ("Clears", &self.clears),
            ("Silence", &self.silence),
            ("Late data", &self.late_data),
            ("Actions", &self.actions),
        ];
        if let Some(name) = &self.name {
            writeln!(f, "{name}")?;
        }
        if let Some(condition) = &self.there_if {
            writeln!(f, "  {:<15}  {condition}", "There if")?;
        }
        for (label, text) in lines {
            writeln!(f, "  {label:<15}  {text}")?;
        }
        Ok(())
    }
}

/// Who hears of changes.
fn actions(enabled: Option<bool>, alarm: usize, ok: usize, insufficient_data: usize) -> String {
    if enabled == Some(false) {
        return "Disabled: nobody hears of a change.".to_owned();
    }
    let of = [
        (alarm, "ALARM"),
        (ok, "OK"),
        (insufficient_data, "INSUFFICIENT_DATA"),
    ];
    let with: Vec<&str> = of
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(_, state)| *state)
        .collect();
    if with.is_empty() {
        return "None: nobody hears of a change.".to_owned();
    }
    format!("Run once at each change to {}.", listed(&with, "and"))
}

/// `a, b and c`
fn listed<T: fmt::Display>(items: &[T], word: &str) -> String {
    let mut text = String::new();
    for (n, item) in items.iter().enumerate() {
        let between = match n {
            0 => "",
            n if n + 1 == items.len() => &format!(" {word} "),
            _ => ", ",
        };
        text.push_str(between);
        text.push_str(&item.to_string());
    }
    text
}
