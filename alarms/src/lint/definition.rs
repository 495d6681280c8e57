//! Everything that CloudWatch itself would refuse: the alarm is read and validated as the rest of this crate does, with
//! harmless values in place of what is not known. What depends on such a place is not judged.

use std::collections::BTreeMap;

use infra::{Data, Entry, Node, Place, StackResource, Unknown};
use serde_json::Number;

use crate::model::{ComparisonOperator, LowSamples, TreatMissingData, WATCHES_ITSELF};
use crate::near;
use crate::template::convert;

use super::checks::INVALID;
use super::report::Report;
use super::world::Member;

/// Properties of `AWS::CloudWatch::Alarm` and `AWS::CloudWatch::CompositeAlarm`, where a slip of the pen is told.
const PROPERTIES: &[&str] = &[
    "ActionConfiguration",
    "ActionsEnabled",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "AlarmRule",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Tags",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
    "WarmUpConfiguration",
];

/// Properties of which a value that is not known may still not be left out, with one that fits everywhere.
const HARMLESS: &[(&str, Harmless)] = &[
    ("EvaluationPeriods", Harmless::Number(1)),
    ("Threshold", Harmless::Number(1)),
    ("Period", Harmless::Number(60)),
    ("ComparisonOperator", Harmless::Text("GreaterThanThreshold")),
    ("Statistic", Harmless::Text("Sum")),
    ("Stat", Harmless::Text("Sum")),
];

#[derive(Debug, Clone, Copy)]
enum Harmless {
    Number(u64),
    Text(&'static str),
}

pub(super) fn check(member: &Member<'_>, rule: Option<String>, report: &mut Report) {
    let resource = member.resource;
    // Whether it is a PromQL alarm decides what else there has to be.
    let is_open = resource.properties.is_unknown() || resource.properties[convert::PROMQL].is_unknown();
    if is_open || slips(member, report) || shapes(member, report) {
        return;
    }
    let mut known = Known {
        texts_may_come: has_empty_parameter(member),
        ..Known::default()
    };
    let mut properties = known.value("", "", &resource.properties);
    if let (Some(rule), Data::Map(entries)) = (rule, &mut properties.data) {
        put(entries, "AlarmRule", Data::Text(rule));
    } else if resource.properties["AlarmRule"].is_unknown() {
        return;
    }
    let copy = StackResource {
        properties,
        ..resource.clone()
    };
    let definition = match convert::definition(&copy, &BTreeMap::new()) {
        Ok(definition) => definition,
        Err(wrong) => {
            report.say(&INVALID, member, wrong.at, wrong.message);
            return;
        }
    };
    let Err(invalid) = definition.validate() else {
        return;
    };
    for problem in invalid
        .problems
        .iter()
        // A composite that watches itself is a circle, and told as one.
        .filter(|problem| known.judges(&problem.property) && problem.message != WATCHES_ITSELF)
    {
        let at = place(resource, &problem.property);
        report.say(&INVALID, member, at, problem.to_string());
    }
}

/// Names of properties and words of vocabularies that differ from a right one by little. The rest cannot be read then.
fn slips(member: &Member<'_>, report: &mut Report) -> bool {
    let properties = &member.resource.properties;
    let before = report.findings.len();
    for (name, entry) in properties.entries().into_iter().flatten() {
        if PROPERTIES.contains(&name.as_str()) {
            continue;
        }
        if let Some(meant) = PROPERTIES.iter().find(|known| near::edits(name, known) <= 2) {
            let message = format!("there is no property {name}: it is written {meant}");
            report.say(&INVALID, member, entry.at, message);
        }
    }
    for property in WORDS {
        let node = &properties[*property];
        if let Some(error) = node.as_text().and_then(|word| refused(property, word)) {
            report.say(&INVALID, member, node.at, format!("{property}: {error}"));
        }
    }
    report.findings.len() > before
}

/// Properties with a vocabulary.
const WORDS: &[&str] = &[
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
];

/// Why a word is none of the property's.
fn refused(property: &str, word: &str) -> Option<String> {
    let error = match property {
        "ComparisonOperator" => word.parse::<ComparisonOperator>().err(),
        "TreatMissingData" => word.parse::<TreatMissingData>().err(),
        _ => word.parse::<LowSamples>().err(),
    };
    error.map(|error| error.to_string())
}

/// One value where a list is needed, names as keys where a list of pairs is, a condition where a rule is.
fn shapes(member: &Member<'_>, report: &mut Report) -> bool {
    let properties = &member.resource.properties;
    let before = report.findings.len();
    for name in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        let node = &properties[name];
        let is_one = matches!(
            node.data,
            Data::Text(_) | Data::Unknown(Unknown::Resource(_) | Unknown::Text(_))
        );
        if is_one {
            let message = format!("{name} is one value, and a list is needed: put it in brackets");
            report.say(&INVALID, member, node.at, message);
        }
    }
    for (name, of) in [
        ("Dimensions", "Name and Value"),
        ("Metrics", "queries, each with its Id"),
        ("Tags", "Key and Value"),
    ] {
        let node = &properties[name];
        if node.entries().is_some() {
            report.say(&INVALID, member, node.at, format!("{name} is a list of {of}"));
        }
    }
    let rule = &properties["AlarmRule"];
    if let Data::Unknown(Unknown::Call { function, .. }) = &rule.data
        && matches!(function.as_str(), "Fn::And" | "Fn::Or" | "Fn::Not")
    {
        let message =
            format!("{function} makes a condition of the template, and a rule is text: ALARM(a) OR ALARM(b)");
        report.say(&INVALID, member, rule.at, message);
    }
    report.findings.len() > before
}

/// Whether a text that is empty may be the default of a parameter, and so another one in a deployment.
fn has_empty_parameter(member: &Member<'_>) -> bool {
    let is_empty = |node: &Node| node.as_text() == Some("");
    let mut values = member.stack.parameters.values();
    values.any(|value| is_empty(value) || value.items().iter().any(is_empty))
}

/// What had to be left out.
#[derive(Debug, Default)]
struct Known {
    unknown: Vec<String>,
    /// Unknown items of lists that may not be there at all.
    perhaps: Vec<String>,
    /// Texts that are empty may be given later.
    texts_may_come: bool,
}

impl Known {
    /// A value in which nothing is unknown. `path` is as in [`crate::model::Problem`].
    fn value(&mut self, path: &str, name: &str, node: &Node) -> Node {
        let data = match &node.data {
            Data::List(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(n, item)| self.value(&format!("{path}[{n}]"), name, item));
                Data::List(items.collect())
            }
            Data::Map(entries) => Data::Map(self.map(path, entries)),
            // The default of a parameter that is given later.
            Data::Text(text) if text.is_empty() && self.texts_may_come => {
                self.unknown.push(path.to_owned());
                harmless(name, &self.unknown)
            }
            Data::Unknown(unknown) => {
                if matches!(unknown, Unknown::Either { .. } | Unknown::Call { .. }) {
                    self.perhaps.push(path.to_owned());
                }
                self.unknown.push(path.to_owned());
                harmless(name, &self.unknown)
            }
            data => data.clone(),
        };
        Node {
            at: node.at,
            data,
            from: None,
        }
    }

    fn map(&mut self, path: &str, entries: &BTreeMap<String, Entry>) -> BTreeMap<String, Entry> {
        let within = |name: &str| match path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        // A property that this crate does not know is newer than it, or CloudFormation's business.
        let known = |name: &&String| !path.is_empty() || PROPERTIES.contains(&name.as_str());
        let entries = entries.iter().filter(|(name, _)| known(name));
        entries
            .map(|(name, entry)| {
                let value = self.value(&within(name), name, &entry.value);
                (name.clone(), Entry { at: entry.at, value })
            })
            .collect()
    }

    /// Whether a problem is one whatever the unknown values are.
    fn judges(&self, property: &str) -> bool {
        // How many there are is known even where it is not known which.
        if property.ends_with("Actions") {
            let mut perhaps = self.perhaps.iter();
            let is_list = !self.unknown.iter().any(|unknown| unknown == property);
            return is_list && !perhaps.any(|item| item.starts_with(property));
        }
        let within =
            |unknown: &String| unknown.starts_with(property) || property.starts_with(unknown.as_str());
        let depends_on: &[&str] = match property {
            "EvaluationPeriods" | "Period" => &["Period", "EvaluationPeriods", "Metrics"],
            "DatapointsToAlarm" => &["EvaluationPeriods", "DatapointsToAlarm"],
            "MetricName" | "Threshold" | "ThresholdMetricId" | "Statistic" | "Namespace" => &[
                "Threshold",
                "ThresholdMetricId",
                "Statistic",
                "ExtendedStatistic",
                "MetricName",
                "Metrics",
            ],
            _ if property.starts_with("Metrics") => &["Metrics"],
            _ => &[],
        };
        let related = |unknown: &String| depends_on.iter().any(|one| unknown.starts_with(one));
        !self
            .unknown
            .iter()
            .any(|unknown| within(unknown) || related(unknown))
    }
}

fn harmless(name: &str, unknown: &[String]) -> Data {
    match HARMLESS.iter().find(|(known, _)| *known == name) {
        Some((_, Harmless::Number(number))) => Data::Number(Number::from(*number)),
        Some((_, Harmless::Text(text))) => Data::Text((*text).to_owned()),
        None if name.ends_with("Actions") && !unknown.last().is_some_and(|path| path.ends_with(']')) => {
            Data::Null
        }
        None if TEXTS.contains(&name) || unknown.last().is_some_and(|path| path.ends_with("Actions]")) => {
            Data::Text(format!("unknown-{}", unknown.len()))
        }
        None => Data::Null,
    }
}

/// Texts that have to be there.
const TEXTS: &[&str] = &[
    "Id",
    "Name",
    "Value",
    "Key",
    "Namespace",
    "MetricName",
    "Expression",
    "Query",
    "AlarmActions",
    "OKActions",
];

fn put(entries: &mut BTreeMap<String, Entry>, name: &str, data: Data) {
    if let Some(entry) = entries.get_mut(name) {
        entry.value.data = data;
    }
}

/// Where `Metrics[1].MetricStat.Period` is; the nearest part of it that is there.
fn place(resource: &StackResource, property: &str) -> Place {
    let mut node = &resource.properties;
    let mut at = resource.at;
    for step in property.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        node = &node[name];
        if let Some(index) = index {
            node = node.items().get(index).unwrap_or(node);
        }
        if node.is_null() {
            break;
        }
        at = node.at;
    }
    at
}
