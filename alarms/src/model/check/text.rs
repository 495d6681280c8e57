//! Names, descriptions, actions and tags: what all kinds of alarms have.

use std::collections::BTreeSet;

use telemetry_core::metrics::UNITS;

use crate::model::problem::Findings;
use crate::model::{Dimension, Tag};

/// The most actions per state (API reference, PutMetricAlarm).
const MOST_ACTIONS: usize = 5;
/// The most tags (API reference, PutMetricAlarm).
const MOST_TAGS: usize = 50;
/// The most dimensions of a metric (API reference, `Metric`).
const MOST_DIMENSIONS: usize = 30;

pub(super) fn length(findings: &mut Findings, property: &str, text: Option<&str>, least: usize, most: usize) {
    let Some(length) = text.map(|text| text.chars().count()) else {
        return;
    };
    findings.say_if(length < least || length > most, property, || {
        format!("has {length} characters, and must have from {least} to {most}")
    });
}

pub(super) fn name(findings: &mut Findings, property: &str, text: Option<&str>) {
    length(findings, property, text, 1, 255);
    findings.say_if(
        text.is_some_and(|t| t.contains(char::is_control)),
        property,
        || "must have no control characters".to_owned(),
    );
}

pub(super) fn actions(findings: &mut Findings, property: &str, actions: &[String]) {
    findings.say_if(actions.len() > MOST_ACTIONS, property, || {
        format!(
            "has {} actions, and may have {MOST_ACTIONS} per state",
            actions.len()
        )
    });
    for (n, action) in actions.iter().enumerate() {
        length(findings, &format!("{property}[{n}]"), Some(action), 1, 1024);
    }
}

pub(super) fn tags(findings: &mut Findings, tags: &[Tag]) {
    findings.say_if(tags.len() > MOST_TAGS, "Tags", || {
        format!("has {} tags, and may have {MOST_TAGS}", tags.len())
    });
    let mut seen = BTreeSet::new();
    for (n, tag) in tags.iter().enumerate() {
        let property = format!("Tags[{n}]");
        length(findings, &format!("{property}.Key"), Some(&tag.key), 1, 128);
        length(findings, &format!("{property}.Value"), Some(&tag.value), 0, 256);
        findings.say_if(tag.key.starts_with("aws:"), &property, || {
            "keys that start with `aws:` are AWS's".to_owned()
        });
        findings.say_if(!seen.insert(&tag.key), &property, || {
            format!("the key `{}` is there twice", tag.key)
        });
    }
}

pub(super) fn unit(findings: &mut Findings, property: &str, unit: Option<&str>) {
    findings.say_if(unit.is_some_and(|unit| !UNITS.contains(&unit)), property, || {
        format!("`{}` is not a unit of CloudWatch", unit.unwrap_or_default())
    });
}

pub(super) fn metric(
    findings: &mut Findings,
    at: &str,
    namespace: &str,
    metric_name: &str,
    dimensions: &[Dimension],
) {
    name(findings, &format!("{at}Namespace"), Some(namespace));
    findings.say_if(namespace.starts_with(':'), &format!("{at}Namespace"), || {
        "must not start with a colon".to_owned()
    });
    name(findings, &format!("{at}MetricName"), Some(metric_name));
    let property = format!("{at}Dimensions");
    findings.say_if(dimensions.len() > MOST_DIMENSIONS, &property, || {
        format!(
            "has {} dimensions, and may have {MOST_DIMENSIONS}",
            dimensions.len()
        )
    });
    let mut seen = BTreeSet::new();
    for (n, dimension) in dimensions.iter().enumerate() {
        let property = format!("{property}[{n}]");
        name(findings, &format!("{property}.Name"), Some(&dimension.name));
        length(
            findings,
            &format!("{property}.Value"),
            Some(&dimension.value),
            1,
            1024,
        );
        let twice = !seen.insert(&dimension.name);
        findings.say_if(twice, &property, || {
            format!("the dimension `{}` is there twice", dimension.name)
        });
    }
}
