//! Alarms of widgets, and lines that are called after an alarm.

use ::alarms::near::nearest;

use crate::model::{Body, Content, Mark};

use super::checks::{THRESHOLD_DIFFERS, UNKNOWN_ALARM};
use super::known::Known;
use super::report::Report;

pub(super) fn check(body: &Body, known: &Known, report: &mut Report) {
    if known.alarms.is_empty() {
        return;
    }
    for (place, widget) in body.widgets.iter().enumerate() {
        let path = format!("/widgets/{place}/properties");
        match &widget.content {
            Content::Alarm(alarm) => alarms(&alarm.alarms, &format!("{path}/alarms"), known, report),
            Content::Metric(metric) => {
                let Some(annotations) = &metric.annotations else {
                    continue;
                };
                alarms(
                    &annotations.alarms,
                    &format!("{path}/annotations/alarms"),
                    known,
                    report,
                );
                for (n, mark) in annotations.horizontal.iter().enumerate() {
                    if let Mark::Line(line) = mark {
                        let path = format!("{path}/annotations/horizontal/{n}");
                        threshold(
                            line.label.as_deref().unwrap_or_default(),
                            line.value,
                            &path,
                            known,
                            report,
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

fn alarms(arns: &[String], path: &str, known: &Known, report: &mut Report) {
    for (place, arn) in arns.iter().enumerate() {
        let Some(name) = arn.splitn(7, ':').nth(6) else {
            continue;
        };
        if known.alarms.contains_key(name) || name.contains("${") {
            continue;
        }
        let names: Vec<&str> = known.alarms.keys().map(String::as_str).collect();
        let instead = match nearest(name, &names) {
            Some(near) => format!("; there is {near}"),
            None => String::new(),
        };
        report.say(
            &UNKNOWN_ALARM,
            &format!("{path}/{place}"),
            format!("no template has an alarm {name}{instead}"),
        );
    }
}

/// The first word of a label is the alarm's name.
fn threshold(label: &str, value: f64, path: &str, known: &Known, report: &mut Report) {
    let Some(name) = label.split_whitespace().next() else {
        return;
    };
    if let Some(Some(threshold)) = known.alarms.get(name)
        && threshold.to_bits() != value.to_bits()
    {
        let message = format!("the line {label:?} is at {value}, and the threshold of {name} is {threshold}");
        report.say(&THRESHOLD_DIFFERS, path, message);
    }
}
