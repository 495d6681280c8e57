//! Alarms of which parts are made only at deployment: by `AWS::Include`, by another macro, by a loop over what nobody knows yet.

use infra::{Node, Place};

use super::checks::UNREAD;
use super::composite;
use super::report::Report;
use super::world::{Member, World};

/// What a resource is called that stands for a loop.
const LOOP: &str = "Fn::ForEach";
const KINDS: [&str; 2] = ["AWS::CloudWatch::Alarm", composite::KIND];

/// Whether a macro writes properties of it: what is there is not all.
pub(super) fn is_unread(member: &Member<'_>) -> bool {
    written_by(&member.resource.properties).is_some()
}

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for member in KINDS.into_iter().flat_map(|kind| world.of_kind(kind)) {
        if let Some((at, function, argument)) = written_by(&member.resource.properties) {
            let message = format!(
                "{} writes properties of it at deployment: they are not known here, and nothing is said of this alarm",
                what(function, argument)
            );
            report.say(&UNREAD, &member, at, message);
        }
    }
    for member in world.of_kind(LOOP) {
        let body = member.resource.metadata.to_string();
        if KINDS.iter().any(|kind| body.contains(kind)) {
            let message = "what it loops over is known only at deployment, or Transform has no AWS::LanguageExtensions: nothing is \
                           said of the alarms that it makes";
            report.say(&UNREAD, &member, member.resource.at, message);
        }
    }
}

/// The macro, its place and its argument: all properties are its, or some beside others.
fn written_by(properties: &Node) -> Option<(Place, &str, &Node)> {
    if let infra::Data::Unknown(infra::Unknown::Call { function, argument }) = &properties.data {
        return Some((properties.at, function, argument));
    }
    let mut entries = properties.entries()?.iter();
    let (name, entry) = entries.find(|(name, _)| name.starts_with("Fn::"))?;
    Some((entry.at, name, &entry.value))
}

fn what(function: &str, argument: &Node) -> String {
    match (function, argument["Name"].as_text()) {
        ("Fn::Transform", Some("AWS::Include")) => {
            let location = &argument["Parameters"]["Location"];
            format!("AWS::Include ({location})")
        }
        ("Fn::Transform", Some(name)) => format!("the macro {name}"),
        (function, _) => function.to_owned(),
    }
}
