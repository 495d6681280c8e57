//! Nested stacks whose templates are not at hand.

use super::checks::NESTED_UNKNOWN;
use super::report::Report;
use super::world::World;

const KINDS: [(&str, &str); 2] = [
    ("AWS::CloudFormation::Stack", "TemplateURL"),
    ("AWS::Serverless::Application", "Location"),
];

/// Of a file only: what lies in a bucket or a repository is never at hand.
pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for (kind, property) in KINDS {
        for member in world.of_kind(kind) {
            let location = &member.resource.properties[property];
            let Some(text) = location.as_text().filter(|text| !text.contains("://")) else {
                continue;
            };
            if member.stack.nested.contains_key(&member.resource.logical_id) {
                continue;
            }
            let message =
                format!("there is no file {text}: its alarms are not linted, and its outputs are not known");
            report.say(&NESTED_UNKNOWN, &member, location.at, message);
        }
    }
}
