//! Mute rules.

use crate::model::Invalid;
use crate::model::mute::{Activation, AlarmMuteRule, MuteSchedule};
use crate::model::problem::Findings;

use super::text;

/// The most alarms that a rule names (user guide, "Alarm mute rules").
const MOST_TARGETS: usize = 100;

pub(in crate::model) fn mute_rule(rule: &AlarmMuteRule) -> Result<(), Invalid> {
    let mut findings = Findings::default();
    let f = &mut findings;
    text::name(f, "Name", rule.name.as_deref());
    text::length(f, "Description", rule.description.as_deref(), 0, 1024);
    text::tags(f, &rule.tags);
    match MuteSchedule::read(&rule.rule.schedule) {
        Ok(schedule) => {
            let dated = rule.start_date.is_some() || rule.expire_date.is_some();
            let once = matches!(schedule.activation, Activation::Once(_));
            f.say_if(once && dated, "StartDate", || {
                "and ExpireDate do not go with at(): it is one window".to_owned()
            });
        }
        Err(error) => f.say("Rule.Schedule", error.to_string()),
    }
    if let (Some(start), Some(expire)) = (rule.start_date, rule.expire_date) {
        f.say_if(expire <= start, "ExpireDate", || {
            "is not after StartDate".to_owned()
        });
    }
    let targets = rule
        .mute_targets
        .as_ref()
        .map_or(0, |targets| targets.alarm_names.len());
    f.say_if(targets > MOST_TARGETS, "MuteTargets.AlarmNames", || {
        format!("has {targets} alarms, and may have {MOST_TARGETS}")
    });
    findings.into_result()
}
