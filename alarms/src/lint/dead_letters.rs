//! Queues that SQS itself fills: `NumberOfMessagesSent` does not count what a redrive policy moves there.

use infra::{Node, Typed};

use super::alarm::{Alarm, Use};
use super::checks::DEAD_LETTERS_SENT;
use super::identity;
use super::report::Report;
use super::world::{Member, World, arn_fields};

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, report: &mut Report) {
    let sent =
        |used: &&Use<'_>| used.namespace() == Some("AWS/SQS") && used.name() == Some("NumberOfMessagesSent");
    for used in alarm.uses.iter().filter(sent) {
        let Some(queue) = identity::named(alarm, world, used, "QueueName") else {
            continue;
        };
        let Some(from) = filled_by(&queue, world) else {
            continue;
        };
        let message = format!(
            "{} is where SQS moves messages of {from} that fail, and what it moves is not counted as sent: the alarm does not see \
             them. Use ApproximateNumberOfMessagesVisible",
            queue.resource.logical_id
        );
        let node = &used.metric["MetricName"];
        report.say(&DEAD_LETTERS_SENT, &alarm.member, alarm.at(node), message);
    }
}

/// A queue whose redrive policy names this one.
fn filled_by<'a>(queue: &Member<'_>, world: &World<'a>) -> Option<&'a str> {
    let queues = world.members.iter().filter(|member| member.root == queue.root);
    let mut filling = queues.filter_map(|member| match &member.resource.typed {
        Typed::Queue(one) => Some((member, &one.redrive.as_ref()?.target)),
        _ => None,
    });
    filling
        .find(|(member, target)| is_it(queue, member, target, world))
        .map(|(member, _)| member.resource.logical_id.as_str())
}

fn is_it(queue: &Member<'_>, member: &Member<'_>, target: &Node, world: &World<'_>) -> bool {
    if let Some(source) = world.source(member.root, target) {
        return std::ptr::eq(source.resource, queue.resource);
    }
    let Typed::Queue(typed) = &queue.resource.typed else {
        return false;
    };
    let name = arn_fields(target).and_then(|[.., name]| name);
    name.is_some() && name.as_deref() == typed.name.as_text()
}
