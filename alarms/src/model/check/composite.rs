//! Composite alarms.

use crate::model::alarm_rule::{name_of, parse};
use crate::model::problem::Findings;
use crate::model::{CompositeAlarm, Invalid};

use super::text;

/// What is said of a rule that names its own alarm.
pub(crate) const WATCHES_ITSELF: &str = "the alarm watches itself";

pub(in crate::model) fn composite_alarm(alarm: &CompositeAlarm) -> Result<(), Invalid> {
    let mut findings = Findings::default();
    let f = &mut findings;
    text::name(f, "AlarmName", alarm.alarm_name.as_deref());
    text::length(f, "AlarmDescription", alarm.alarm_description.as_deref(), 0, 1024);
    text::actions(f, "AlarmActions", &alarm.alarm_actions);
    text::actions(f, "OKActions", &alarm.ok_actions);
    text::actions(f, "InsufficientDataActions", &alarm.insufficient_data_actions);
    text::tags(f, &alarm.tags);
    actions_of_composites(f, alarm);
    match parse(&alarm.alarm_rule) {
        Ok(rule) => {
            let own = alarm.alarm_name.as_deref();
            let watches_itself = rule
                .children()
                .into_iter()
                .any(|child| Some(name_of(child)) == own);
            f.say_if(watches_itself, "AlarmRule", || WATCHES_ITSELF.to_owned());
        }
        Err(error) => f.say("AlarmRule", error.to_string()),
    }
    suppressor(f, alarm);
    findings.into_result()
}

/// "Composite alarms can take only the following actions": SNS, Lambda, and those of Systems Manager (user guide).
fn actions_of_composites(f: &mut Findings, alarm: &CompositeAlarm) {
    let all = [
        ("AlarmActions", &alarm.alarm_actions),
        ("OKActions", &alarm.ok_actions),
        ("InsufficientDataActions", &alarm.insufficient_data_actions),
    ];
    for (property, actions) in all {
        for (n, action) in actions.iter().enumerate() {
            let service = action.split(':').nth(2).unwrap_or_default();
            f.say_if(
                matches!(service, "automate" | "swf" | "autoscaling"),
                &format!("{property}[{n}]"),
                || "composite alarms take no EC2 and no Auto Scaling actions".to_owned(),
            );
        }
    }
}

fn suppressor(f: &mut Findings, alarm: &CompositeAlarm) {
    text::length(
        f,
        "ActionsSuppressor",
        alarm.actions_suppressor.as_deref(),
        1,
        1600,
    );
    let there = alarm.actions_suppressor.is_some();
    let periods = [
        (
            "ActionsSuppressorWaitPeriod",
            alarm.actions_suppressor_wait_period,
        ),
        (
            "ActionsSuppressorExtensionPeriod",
            alarm.actions_suppressor_extension_period,
        ),
    ];
    for (property, period) in periods {
        f.say_if(there && period.is_none(), property, || {
            "is needed beside ActionsSuppressor".to_owned()
        });
        f.say_if(!there && period.is_some(), property, || {
            "does not go without ActionsSuppressor".to_owned()
        });
    }
}
