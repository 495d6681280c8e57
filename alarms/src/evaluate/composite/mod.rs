//! Composite alarms: does a rule hold, and in which order are alarms that watch each other evaluated?

mod resolved;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::StateValue;
use crate::model::alarm_rule::{AlarmRule, name_of};

pub use resolved::Resolved;

/// ALARM if the rule holds, else OK. `state_of` says the state of an alarm by name or ARN; of an alarm that it does not
/// know nothing is true, `NOT` of it is.
///
/// ```
/// use alarms::evaluate::composite::evaluate;
/// use alarms::model::{StateValue, alarm_rule};
///
/// let rule = alarm_rule::parse("AT_LEAST(2, ALARM, (a, b, c)) AND NOT ALARM(maintenance)")?;
/// let state_of = |name: &str| match name {
///     "a" | "b" => Some(StateValue::Alarm),
///     _ => Some(StateValue::Ok),
/// };
/// assert_eq!(evaluate(&rule, &state_of), StateValue::Alarm);
/// # Ok::<(), alarms::model::alarm_rule::RuleTextError>(())
/// ```
pub fn evaluate(rule: &AlarmRule, state_of: &impl Fn(&str) -> Option<StateValue>) -> StateValue {
    if holds(rule, state_of) {
        StateValue::Alarm
    } else {
        StateValue::Ok
    }
}

fn holds(rule: &AlarmRule, state_of: &impl Fn(&str) -> Option<StateValue>) -> bool {
    match rule {
        AlarmRule::Constant(value) => *value,
        AlarmRule::InState(state, alarm) => state_of(alarm) == Some(*state),
        AlarmRule::Not(inner) => !holds(inner, state_of),
        AlarmRule::And(parts) => parts.iter().all(|part| holds(part, state_of)),
        AlarmRule::Or(parts) => parts.iter().any(|part| holds(part, state_of)),
        AlarmRule::AtLeast(some) => some.holds(state_of),
    }
}

/// The names of composite alarms, each after those it watches.
///
/// # Errors
/// Some watch each other in a circle, and CloudWatch stops to evaluate them; the names, in order.
pub fn order<'a>(rules: &'a BTreeMap<String, AlarmRule>) -> Result<Vec<&'a str>, Vec<&'a str>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut ordered = Vec::new();
    while ordered.len() < rules.len() {
        let waits = |rule: &AlarmRule, done: &BTreeSet<&str>| {
            rule.children()
                .into_iter()
                .map(name_of)
                .any(|child| rules.contains_key(child) && !done.contains(child))
        };
        let ready: Vec<&'a str> = rules
            .iter()
            .filter(|(name, rule)| !done.contains(name.as_str()) && !waits(rule, &done))
            .map(|(name, _)| name.as_str())
            .collect();
        if ready.is_empty() {
            return Err(rules
                .keys()
                .map(String::as_str)
                .filter(|name| !done.contains(name))
                .collect());
        }
        done.extend(&ready);
        ordered.extend(ready);
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alarm_rule::parse;
    use proptest::prelude::*;

    /// `states`: `a=ALARM b=OK`.
    fn check(rule: &str, states: &str, expect: bool) {
        let known: BTreeMap<&str, StateValue> = states
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, state)| (name, state.parse().unwrap()))
            .collect();
        let found = evaluate(&parse(rule).unwrap(), &|name: &str| {
            known.get(name_of(name)).copied()
        });
        assert_eq!(found == StateValue::Alarm, expect, "{rule} with {states}");
    }

    /// The examples of the user guide's page on composite alarms.
    #[test]
    fn the_examples_of_the_user_guide() {
        let rule = "ALARM(cpu) AND ALARM(disk)";
        check(rule, "cpu=ALARM disk=ALARM", true);
        check(rule, "cpu=ALARM disk=OK", false);
        let rule = "AT_LEAST(2, ALARM, (w1, w2, w3, w4))";
        check(rule, "w1=ALARM w2=OK w3=ALARM w4=OK", true);
        check(rule, "w1=ALARM w2=OK w3=INSUFFICIENT_DATA w4=OK", false);
        let rule = "AT_LEAST(50%, OK, (d1, d2, d3, d4))";
        check(rule, "d1=OK d2=OK d3=ALARM d4=ALARM", true);
        check(rule, "d1=OK d2=ALARM d3=ALARM d4=ALARM", false);
        let rule = "ALARM(cpu) AND NOT ALARM(deployment)";
        check(rule, "cpu=ALARM deployment=OK", true);
        check(rule, "cpu=ALARM deployment=ALARM", false);
        check(rule, "cpu=ALARM deployment=INSUFFICIENT_DATA", true);
        let rule = "AT_LEAST(2, ALARM, (az1, az2, az3)) AND NOT ALARM(maintenance)";
        check(rule, "az1=ALARM az2=ALARM az3=OK maintenance=OK", true);
        check(rule, "az1=ALARM az2=ALARM az3=OK maintenance=ALARM", false);
        let rule = "(ALARM(cpu) OR ALARM(disk)) AND OK(network)";
        check(rule, "cpu=OK disk=ALARM network=OK", true);
        check(rule, "cpu=OK disk=ALARM network=ALARM", false);
    }

    #[test]
    fn shares_are_not_rounded() {
        check("AT_LEAST(50%, ALARM, (a, b, c))", "a=ALARM b=OK c=OK", false);
        check("AT_LEAST(50%, ALARM, (a, b, c))", "a=ALARM b=ALARM c=OK", true);
        check("AT_LEAST(33.3%, ALARM, (a, b, c))", "a=ALARM b=OK c=OK", true);
        check("AT_LEAST(34%, ALARM, (a, b, c))", "a=ALARM b=OK c=OK", false);
        check(
            "AT_LEAST(60%, NOT OK, (a, b, c))",
            "a=ALARM b=INSUFFICIENT_DATA c=OK",
            true,
        );
        check("AT_LEAST(100%, NOT ALARM, (a, b))", "a=OK b=OK", true);
    }

    #[test]
    fn constants_unknown_alarms_and_arns() {
        check("TRUE", "", true);
        check("FALSE OR NOT FALSE", "", true);
        check("OK(x)", "", false);
        check("NOT ALARM(x)", "", true);
        check(
            "ALARM(\"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a\")",
            "a=ALARM",
            true,
        );
    }

    #[test]
    fn composites_are_evaluated_after_those_they_watch() {
        let rules = |pairs: &[(&str, &str)]| -> BTreeMap<String, AlarmRule> {
            pairs
                .iter()
                .map(|(name, rule)| ((*name).to_owned(), parse(rule).unwrap()))
                .collect()
        };
        let found = rules(&[
            ("top", "ALARM(mid) OR OK(metric)"),
            ("mid", "ALARM(low)"),
            ("low", "ALARM(metric)"),
        ]);
        assert_eq!(order(&found), Ok(vec!["low", "mid", "top"]));
        let found = rules(&[("a", "ALARM(b)"), ("b", "ALARM(a)"), ("c", "ALARM(metric)")]);
        assert_eq!(order(&found), Err(vec!["a", "b"]));
        let found = rules(&[("a", "NOT ALARM(a)")]);
        assert_eq!(order(&found), Err(vec!["a"]));
    }

    proptest! {
        /// De Morgan, and AT_LEAST against counting.
        #[test]
        fn rules_are_boolean_algebra(states in proptest::collection::vec(0_usize..3, 4), least in 1_usize..5) {
            let state_of = |name: &str| Some(StateValue::ALL[states[name.parse::<usize>().unwrap()]]);
            let holds = |rule: &str| evaluate(&parse(rule).unwrap(), &state_of) == StateValue::Alarm;
            prop_assert_eq!(holds("NOT (ALARM(0) AND ALARM(1))"), holds("NOT ALARM(0) OR NOT ALARM(1)"));
            prop_assert_eq!(holds("NOT (OK(0) OR OK(1))"), holds("NOT OK(0) AND NOT OK(1)"));
            let count = states.iter().filter(|s| StateValue::ALL[**s] == StateValue::Alarm).count();
            prop_assert_eq!(holds(&format!("AT_LEAST({least}, ALARM, (0, 1, 2, 3))")), count >= least);
            prop_assert_eq!(holds(&format!("AT_LEAST({}%, NOT ALARM, (0, 1, 2, 3))", least * 25)), 4 - count >= least);
        }
    }
}
