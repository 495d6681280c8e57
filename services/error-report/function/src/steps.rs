//! What the runbook of an alarm says: its first steps and its dashboard, from a table that is made of `runbooks/shopfast` when this is
//! compiled.

use error_report_domain::report::{Step, quoted};
use error_report_intake::{AlarmNotification, Subject};

/// Alarm, its dashboard (empty without one), and heading and command of each step, first of its diagnosis, then of its verification; by
/// name.
type Table = &'static [Row];
type Row = (&'static str, &'static str, Steps, Steps);
type Steps = &'static [(&'static str, &'static str)];

const TABLE: Table = include!(concat!(env!("OUT_DIR"), "/steps.rs"));

/// Outputs of the stack whose value an alarm over that resource has as a dimension.
const DIMENSIONS_OF_OUTPUTS: [(&str, &str); 3] = [
    ("UserPoolClientId", "UserPoolClient"),
    ("UserPoolId", "UserPool"),
    ("WorkflowArn", "StateMachineArn"),
];

/// What is done first. A command with something in it that is not known here is left to `shopwatch runbooks run`.
pub(crate) fn steps(alarm: &AlarmNotification) -> Vec<Step> {
    typed(row(alarm).map(|row| row.2).unwrap_or_default(), alarm)
}

/// What shows whether it is over.
pub(crate) fn verification(alarm: &AlarmNotification) -> Vec<Step> {
    typed(row(alarm).map(|row| row.3).unwrap_or_default(), alarm)
}

fn typed(steps: Steps, alarm: &AlarmNotification) -> Vec<Step> {
    let steps = steps.iter();
    steps.map(|(what, command)| step(what, command, alarm)).collect()
}

/// The dashboard of its kind.
pub(crate) fn dashboard(alarm: &AlarmNotification) -> Option<&'static str> {
    row(alarm).map(|row| row.1).filter(|name| !name.is_empty())
}

fn row(alarm: &AlarmNotification) -> Option<&'static Row> {
    let found = TABLE.binary_search_by_key(&alarm.name.as_str(), |row| row.0);
    TABLE.get(found.ok()?)
}

fn step(what: &str, command: &str, alarm: &AlarmNotification) -> Step {
    let command = bound(command, alarm);
    Step {
        what: what.to_owned(),
        command: if command.contains("{{") {
            String::new()
        } else {
            command
        },
    }
}

/// With the alarm's name and dimensions in their places.
fn bound(command: &str, alarm: &AlarmNotification) -> String {
    let mut text = command.replace("{{alarm.name}}", &quoted(&alarm.name));
    if let Subject::Metrics { dimensions, .. } = &alarm.subject {
        for (name, value) in dimensions {
            text = text.replace(&format!("{{{{alarm.dimensions.{name}}}}}"), &quoted(value));
            let outputs = DIMENSIONS_OF_OUTPUTS
                .iter()
                .filter(|(_, dimension)| dimension == name);
            for (output, _) in outputs {
                text = text.replace(&format!("{{{{outputs.{output}}}}}"), &quoted(value));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use runbooks::page::SectionKind;
    use serde_json::json;

    use super::*;

    fn alarm(name: &str) -> AlarmNotification {
        let message = json!({"AlarmName": name, "NewStateValue": "ALARM", "StateChangeTime": "2026-11-27T02:03:11.000+0000",
            "Trigger": {"Dimensions": [{"name": "QueueName", "value": "it's; rm"}, {"name": "UserPool", "value": "pool-1"}]}});
        AlarmNotification::read(&message.to_string()).unwrap()
    }

    #[track_caller]
    fn check(command: &str, expected: &str) {
        let step = step("See", command, &alarm("shop-dlq"));
        assert_eq!(step.command, expected);
    }

    #[test]
    fn commands_are_bound_and_quoted() {
        check(
            "shopwatch alarms explain {{alarm.name}}",
            "shopwatch alarms explain shop-dlq",
        );
        check(
            "shopwatch dlq list {{alarm.dimensions.QueueName}}",
            r"shopwatch dlq list 'it'\''s; rm'",
        );
        check("aws sqs purge-queue --queue-url {{outputs.Url}}", "");
        check(
            "shopwatch metrics get AWS/Cognito SignUpThrottles --dimensions UserPool={{outputs.UserPoolId}}",
            "shopwatch metrics get AWS/Cognito SignUpThrottles --dimensions UserPool=pool-1",
        );
    }

    /// What the mail shows first must be there to type: outputs are bound by who runs the page, not by a mail.
    #[test]
    fn the_first_step_of_every_page_has_a_command() {
        let is_bound_later = |command: &str| {
            let of_outputs = DIMENSIONS_OF_OUTPUTS.iter();
            let command = of_outputs.fold(command.to_owned(), |command, (output, _)| {
                command.replace(&format!("{{{{outputs.{output}}}}}"), "")
            });
            command.contains("{{outputs.")
        };
        let without: Vec<&str> = TABLE
            .iter()
            .filter(|(_, _, steps, _)| steps.first().is_some_and(|(_, command)| is_bound_later(command)))
            .map(|(alarm, ..)| *alarm)
            .collect();
        assert_eq!(without, [""; 0]);
    }

    #[test]
    fn an_alarm_without_a_page_has_no_steps() {
        assert_eq!(steps(&alarm("nobody-s")), []);
        assert_eq!(dashboard(&alarm("nobody-s")), None);
    }

    /// Every page names one, and the stack has it.
    #[test]
    fn every_alarm_has_a_dashboard() {
        let template =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../infra/generated/shopfast-dashboards.yaml");
        let Ok(template) = std::fs::read_to_string(template) else {
            assert!(TABLE.is_empty());
            return;
        };
        for (alarm, dashboard, ..) in TABLE {
            assert!(
                template.contains(&format!("DashboardName: {dashboard}\n")),
                "{alarm}: {dashboard}"
            );
        }
    }

    /// The table says what the pages say, as the crate that checks and runs them reads them.
    #[test]
    fn the_table_is_that_of_the_pages() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../runbooks/shopfast");
        let Ok(entries) = std::fs::read_dir(folder) else {
            assert!(TABLE.is_empty());
            return;
        };
        let mut pages = Vec::new();
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.extension().is_none_or(|end| end != "md") {
                continue;
            }
            let page = runbooks::page::read(&name, &std::fs::read_to_string(&path).unwrap());
            let page = page.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let of = |kind: SectionKind| {
                let section = page.sections.iter().find(|section| section.kind == kind);
                let steps = section
                    .map(|section| section.steps.as_slice())
                    .unwrap_or_default();
                let steps = steps.iter().take(3);
                let step =
                    |step: &runbooks::page::Step| (step.title.clone(), step.command.trim_end().to_owned());
                steps.map(step).collect::<Vec<_>>()
            };
            pages.push((name, of(SectionKind::Diagnosis), of(SectionKind::Verification)));
        }
        pages.retain(|(_, steps, _)| !steps.is_empty());
        pages.sort();
        let table = TABLE
            .iter()
            .filter(|row| !row.2.is_empty())
            .map(|(alarm, _, steps, over)| {
                let owned = |steps: Steps| {
                    let step = |(what, command): &(&str, &str)| ((*what).to_owned(), (*command).to_owned());
                    steps.iter().map(step).collect::<Vec<_>>()
                };
                ((*alarm).to_owned(), owned(steps), owned(over))
            });
        assert_eq!(table.collect::<Vec<_>>(), pages);
    }
}
