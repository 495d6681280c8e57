//! Composite alarms.

use crate::model::CompositeAlarm;
use crate::model::alarm_rule::{AlarmRule, RuleTextError, name_of, parse};
use crate::scenario::duration::written;

use super::{Explanation, actions, listed, watches::capital};

pub(super) fn explain(alarm: &CompositeAlarm) -> Result<Explanation, RuleTextError> {
    let rule = parse(&alarm.alarm_rule)?;
    let children: Vec<&str> = rule.children().into_iter().map(name_of).collect();
    let watched = match children.len() {
        0 => "No alarm: its rule is constant.".to_owned(),
        1 => format!("The state of {}.", children[0]),
        _ => format!("The states of {}.", listed(&children, "and")),
    };
    let mut acts = actions(
        alarm.actions_enabled,
        alarm.alarm_actions.len(),
        alarm.ok_actions.len(),
        alarm.insufficient_data_actions.len(),
    );
    if let Some(suppressor) = &alarm.actions_suppressor {
        acts.push_str(&suppressed(alarm, name_of(suppressor)));
    }
    let said = said(&rule, false);
    // The name of an alarm is written as it is, also where a sentence begins.
    let is_named = children.iter().any(|child| said.starts_with(child));
    Ok(Explanation {
        name: alarm.alarm_name.clone(),
        there_if: None,
        watches: watched,
        fires_when: format!("{}.", if is_named { said } else { capital(&said) }),
        at_the_earliest: "At once with the change of an alarm that it watches.".to_owned(),
        clears: "At once when that is no longer so.".to_owned(),
        silence: "It has no data of its own: what silence does to the alarms that it watches decides. It is never in \
            INSUFFICIENT_DATA itself after its first evaluation."
            .to_owned(),
        late_data: "Only through the alarms that it watches.".to_owned(),
        actions: acts,
    })
}

fn suppressed(alarm: &CompositeAlarm, suppressor: &str) -> String {
    let period = |seconds: Option<u32>| written(i64::from(seconds.unwrap_or(0)));
    format!(
        " While {suppressor} is in ALARM they are held back. After a change they wait {} for it to go to ALARM, and {} after it \
         left ALARM.",
        period(alarm.actions_suppressor_wait_period),
        period(alarm.actions_suppressor_extension_period)
    )
}

/// The rule in words; an alternative inside of another part is in brackets.
fn said(rule: &AlarmRule, is_inner: bool) -> String {
    let joined = |parts: &[AlarmRule], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| said(part, true)).collect();
        let text = parts.join(&format!(" {word} "));
        if is_inner { format!("({text})") } else { text }
    };
    match rule {
        AlarmRule::Constant(true) => "always".to_owned(),
        AlarmRule::Constant(false) => "never".to_owned(),
        AlarmRule::InState(state, alarm) => format!("{} is in {state}", name_of(alarm)),
        AlarmRule::Not(inner) => match &**inner {
            AlarmRule::InState(state, alarm) => format!("{} is not in {state}", name_of(alarm)),
            inner => format!("it is not so that {}", said(inner, true)),
        },
        AlarmRule::And(parts) => joined(parts, "and"),
        AlarmRule::Or(parts) => joined(parts, "or"),
        AlarmRule::AtLeast(some) => {
            let names: Vec<&str> = some.alarms.iter().map(|alarm| name_of(alarm)).collect();
            let not = if some.negated { "not " } else { "" };
            // A person's percent have a space before them.
            let least = some.least.to_string().replace('%', " %");
            format!(
                "at least {least} of {} are {not}in {}",
                listed(&names, "and"),
                some.state
            )
        }
    }
}
