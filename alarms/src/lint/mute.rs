//! Mute rules: a schedule that CloudWatch refuses mutes nothing, and so does a rule that names no alarm.

use infra::{Data, Node};

use crate::model::mute::{MuteSchedule, Schedule};

use super::checks::{INVALID, UNKNOWN_ALARM};
use super::composite;
use super::report::Report;
use super::unread;
use super::world::{Member, World, reference_of};

const KIND: &str = "AWS::CloudWatch::AlarmMuteRule";
/// The most alarms that a rule names (user guide, "Alarm mute rules").
const MOST_TARGETS: usize = 100;

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for member in world.of_kind(KIND).filter(|member| !unread::is_unread(member)) {
        schedule(&member, report);
        targets(&member, world, report);
    }
}

fn schedule(member: &Member<'_>, report: &mut Report) {
    let properties = &member.resource.properties;
    let node = &properties["Rule"]["Schedule"];
    let open = properties.is_unknown() || properties["Rule"].is_unknown() || node.is_unknown();
    let parts = ["Expression", "Duration", "Timezone"].map(|name| &node[name]);
    // A text with a parameter in it is known after deployment.
    if open || parts.iter().any(|part| part.is_unknown()) {
        return;
    }
    let [expression, duration, timezone] = parts.map(Node::text_of);
    let (Some(expression), Some(duration)) = (expression, duration) else {
        let at = if node.is_null() {
            member.resource.at
        } else {
            node.at
        };
        let message = "Rule.Schedule has an Expression, cron(0 2 * * SUN) or at(2026-09-05T02:00), and a Duration such as PT4H";
        report.say(&INVALID, member, at, message);
        return;
    };
    let schedule = Schedule {
        expression,
        duration,
        timezone,
    };
    if let Err(error) = MuteSchedule::read(&schedule) {
        report.say(&INVALID, member, node.at, format!("Rule.Schedule: {error}"));
    }
}

fn targets(member: &Member<'_>, world: &World<'_>, report: &mut Report) {
    let names = &member.resource.properties["MuteTargets"]["AlarmNames"];
    if names.items().len() > MOST_TARGETS {
        let message = format!(
            "MuteTargets.AlarmNames has {} alarms, and may have {MOST_TARGETS}",
            names.items().len()
        );
        report.say(&INVALID, member, names.at, message);
    }
    for name in names.items() {
        if let Some(message) = no_alarm(member, world, name) {
            report.say(&UNKNOWN_ALARM, member, name.at, format!("MuteTargets: {message}"));
        }
    }
}

/// Why a target is no alarm. One that is only named may be of another template.
fn no_alarm(member: &Member<'_>, world: &World<'_>, name: &Node) -> Option<String> {
    if let Some(reference) = reference_of(name) {
        let id = &reference.logical_id;
        let named = world.referred(member.root, reference)?;
        let is_alarm = composite::is_alarm(&named);
        return match (is_alarm, reference.attribute.as_deref()) {
            (false, _) => Some(format!("{id} is a {}, and no alarm", named.resource.kind)),
            (true, Some("Arn")) => Some(format!(
                "{id}.Arn is an ARN, and alarms are muted by name: Ref {id}"
            )),
            _ => None,
        };
    }
    let Data::Text(text) = &name.data else {
        return None;
    };
    if text.starts_with("arn:") {
        return Some(format!("{text} is an ARN, and alarms are muted by name"));
    }
    composite::misnamed(text, world)
}
