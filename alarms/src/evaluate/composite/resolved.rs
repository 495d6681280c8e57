//! A rule whose alarms are places instead of names: for who asks it again and again. Looking for names takes longer than all the
//! rest of an evaluation.

use crate::model::StateValue;
use crate::model::alarm_rule::{AlarmRule, AtLeast, name_of};

/// A rule, and the alarms that it watches.
///
/// ```
/// use alarms::evaluate::composite::Resolved;
/// use alarms::model::{StateValue, alarm_rule};
///
/// let rule = Resolved::new(&alarm_rule::parse("ALARM(errors) AND NOT ALARM(deployment)")?);
/// assert_eq!(rule.alarms(), ["errors", "deployment"]);
/// let states = [Some(StateValue::Alarm), Some(StateValue::Ok)];
/// assert_eq!(rule.evaluate(&states), StateValue::Alarm);
/// # Ok::<(), alarms::model::alarm_rule::RuleTextError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Resolved {
    alarms: Vec<String>,
    part: Part,
}

/// As [`AlarmRule`].
#[derive(Debug, Clone)]
enum Part {
    Constant(bool),
    InState(StateValue, usize),
    Not(Box<Part>),
    And(Vec<Part>),
    Or(Vec<Part>),
    AtLeast(Group),
}

/// So many of these in a state, or not in it.
#[derive(Debug, Clone)]
struct Group {
    least: usize,
    negated: bool,
    state: StateValue,
    alarms: Vec<usize>,
}

impl Resolved {
    /// Of a rule.
    pub fn new(rule: &AlarmRule) -> Self {
        let mut alarms = Vec::new();
        let part = part(rule, &mut alarms);
        Self { alarms, part }
    }

    /// The names of the alarms that it watches, in the order of their states; of an ARN the name in it.
    pub fn alarms(&self) -> &[String] {
        &self.alarms
    }

    /// As [`super::evaluate`], with a state for each alarm; none of those that are not known.
    pub fn evaluate(&self, states: &[Option<StateValue>]) -> StateValue {
        if self.part.holds(states) {
            StateValue::Alarm
        } else {
            StateValue::Ok
        }
    }
}

impl Part {
    fn holds(&self, states: &[Option<StateValue>]) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::InState(state, alarm) => is_in(states, *alarm, *state),
            Self::Not(inner) => !inner.holds(states),
            Self::And(parts) => parts.iter().all(|part| part.holds(states)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(states)),
            Self::AtLeast(some) => {
                // Added, not filtered: which of them count nobody can foresee, the machine's branches neither.
                let counts = |alarm: &usize| usize::from(is_in(states, *alarm, some.state) != some.negated);
                some.alarms.iter().map(counts).sum::<usize>() >= some.least
            }
        }
    }
}

#[inline]
fn is_in(states: &[Option<StateValue>], alarm: usize, state: StateValue) -> bool {
    states.get(alarm) == Some(&Some(state))
}

fn part(rule: &AlarmRule, alarms: &mut Vec<String>) -> Part {
    match rule {
        AlarmRule::Constant(value) => Part::Constant(*value),
        AlarmRule::InState(state, alarm) => Part::InState(*state, place(alarm, alarms)),
        AlarmRule::Not(inner) => Part::Not(Box::new(part(inner, alarms))),
        AlarmRule::And(parts) => Part::And(parts.iter().map(|one| part(one, alarms)).collect()),
        AlarmRule::Or(parts) => Part::Or(parts.iter().map(|one| part(one, alarms)).collect()),
        AlarmRule::AtLeast(some) => Part::AtLeast(Group {
            least: least(some),
            negated: some.negated,
            state: some.state,
            alarms: some.alarms.iter().map(|alarm| place(alarm, alarms)).collect(),
        }),
    }
}

/// A name that was there before has the place it had.
fn place(alarm: &str, alarms: &mut Vec<String>) -> usize {
    let name = name_of(alarm);
    let known = alarms.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        alarms.push(name.to_owned());
        alarms.len() - 1
    })
}

/// The lowest count that is enough; more than there are if none is.
fn least(some: &AtLeast) -> usize {
    (0..=some.alarms.len())
        .find(|count| some.is_reached_by(*count))
        .unwrap_or(some.alarms.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::composite::evaluate;
    use proptest::prelude::*;

    const RULES: [&str; 9] = [
        "AT_LEAST(2, ALARM, (a, b, c)) AND NOT ALARM(d)",
        "AT_LEAST(50%, NOT OK, (a, b, c)) OR INSUFFICIENT_DATA(d)",
        "AT_LEAST(33.4%, OK, (a, a, b))",
        "AT_LEAST(1%, ALARM, (a)) AND OK(b)",
        "AT_LEAST(100%, ALARM, (a, b, c, d))",
        "(ALARM(a) OR ALARM(\"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b\")) AND NOT (OK(c) AND OK(b))",
        "NOT ALARM(a)",
        "TRUE AND INSUFFICIENT_DATA(c)",
        "FALSE OR NOT (NOT ALARM(d))",
    ];

    proptest! {
        #[test]
        fn places_say_what_names_say(rule in 0_usize..9, states in proptest::collection::vec(proptest::option::of(0_usize..3), 4)) {
            let rule = crate::model::alarm_rule::parse(RULES[rule]).unwrap();
            let names = ["a", "b", "c", "d"];
            let state_of = |alarm: &str| {
                let place = names.iter().position(|name| *name == name_of(alarm))?;
                states[place].map(|state| StateValue::ALL[state])
            };
            let resolved = Resolved::new(&rule);
            let of_places: Vec<_> = resolved.alarms().iter().map(|alarm| state_of(alarm)).collect();
            prop_assert_eq!(resolved.evaluate(&of_places), evaluate(&rule, &state_of));
        }
    }
}
