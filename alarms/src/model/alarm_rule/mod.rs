//! The rule of a composite alarm: its tree, and how it is read.
//!
//! Written after "Composite alarms" in the user guide. Whether a rule holds is [`crate::evaluate`]'s business.

mod parse;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use super::StateValue;

pub use parse::{RuleTextError, parse};

/// The most characters of a rule (API reference, PutCompositeAlarm).
pub const LONGEST_RULE: usize = 10_240;
/// The most alarms that one rule watches (user guide, "Composite alarms").
pub const MOST_CHILDREN: usize = 100;
/// The most elements: child alarms, TRUE, FALSE, pairs of parentheses (API reference, PutCompositeAlarm).
pub const MOST_ELEMENTS: usize = 500;
/// How deep parentheses and NOT may nest. CloudWatch bounds the elements only; nobody nests so deep, and the stack is finite.
pub const DEEPEST_NESTING: usize = 200;

/// A rule, or a part of one. NOT binds stronger than AND, AND stronger than OR.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmRule {
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`.
    InState(StateValue, String),
    /// `NOT rule`.
    Not(Box<AlarmRule>),
    /// `rule AND rule AND …`
    And(Vec<AlarmRule>),
    /// `rule OR rule OR …`
    Or(Vec<AlarmRule>),
    /// `AT_LEAST(M, [NOT] STATE, (a1, a2, …))`.
    AtLeast(AtLeast),
}

/// So many of some alarms in a state, or not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct AtLeast {
    /// How many.
    pub least: Least,
    /// Alarms that are *not* in the state count.
    pub negated: bool,
    /// The state.
    pub state: StateValue,
    /// Names or ARNs.
    pub alarms: Vec<String>,
}

impl AtLeast {
    /// Does it hold, with the alarms in these states?
    pub fn holds(&self, state_of: impl Fn(&str) -> Option<StateValue>) -> bool {
        let counts = |alarm: &&String| (state_of(alarm) == Some(self.state)) != self.negated;
        self.is_reached_by(self.alarms.iter().filter(counts).count())
    }

    /// Are so many of its alarms enough?
    pub(crate) fn is_reached_by(&self, count: usize) -> bool {
        match self.least {
            Least::Count(least) => count >= least as usize,
            // Multiplied, not divided: 50 % of 3 alarms are 2, and no rounding is chosen.
            #[expect(clippy::cast_precision_loss, reason = "a rule watches at most 100 alarms")]
            Least::Percent(percent) => count as f64 * 100.0 >= percent * self.alarms.len() as f64,
        }
    }
}

/// The first argument of AT_LEAST.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Least {
    /// So many alarms.
    Count(u32),
    /// So many percent of them, from 0 to 100.
    Percent(f64),
}

/// As it is written: `2`, `50%`.
impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl AlarmRule {
    /// The alarms it names, by name or ARN, as written.
    pub fn children(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.gather(&mut found);
        found
    }

    fn gather<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        match self {
            Self::Constant(_) => {}
            Self::InState(_, alarm) => drop(found.insert(alarm.as_str())),
            Self::Not(inner) => inner.gather(found),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.gather(found)),
            Self::AtLeast(some) => found.extend(some.alarms.iter().map(String::as_str)),
        }
    }
}

/// The name in an alarm's ARN; a name stays what it is.
pub fn name_of(alarm: &str) -> &str {
    match alarm
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":alarm:"))
    {
        Some((_, name)) => name,
        None => alarm,
    }
}

impl fmt::Display for AlarmRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |alarm: &str| format!("\"{}\"", alarm.replace('\\', "\\\\").replace('"', "\\\""));
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (n, part) in parts.iter().enumerate() {
                if n > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::And(_) | Self::Or(_) => write!(f, "({part})")?,
                    part => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Constant(true) => f.write_str("TRUE"),
            Self::Constant(false) => f.write_str("FALSE"),
            Self::InState(state, alarm) => write!(f, "{state}({})", quoted(alarm)),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "NOT ({inner})"),
            Self::Not(inner) => write!(f, "NOT {inner}"),
            Self::And(parts) => joined(f, parts, "AND"),
            Self::Or(parts) => joined(f, parts, "OR"),
            Self::AtLeast(some) => {
                let not = if some.negated { "NOT " } else { "" };
                let alarms: Vec<String> = some.alarms.iter().map(|alarm| quoted(alarm)).collect();
                let (least, state) = (some.least, some.state);
                write!(f, "AT_LEAST({least}, {not}{state}, ({}))", alarms.join(", "))
            }
        }
    }
}
