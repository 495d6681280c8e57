//! Metric filters: what they make of which lines, and the alarms on it.

mod watched;

use infra::typed::{MetricFilter, Transformation};
use infra::{Node, Typed};

use crate::near::edits;

use super::LogLines;
use super::alarm::{Alarm, Use};
use super::checks::{
    BAD_PATTERN, BAD_TRANSFORMATION, DEFAULT_WITH_DIMENSIONS, IGNORED_TERMS, UNKNOWN_LOG_GROUP,
    UNMATCHED_VALUE, WRONG_LOG_FORMAT,
};
use super::pattern::{Pattern, Sign, parse};
use super::report::Report;
use super::world::{Member, World};

/// The most dimensions of a metric filter: the user guide, "Publishing dimensions with metrics from log events".
const MOST_DIMENSIONS: usize = 3;
const FUNCTIONS: &str = "/aws/lambda/";

/// Metrics that filters of the templates make.
#[derive(Debug)]
pub(super) struct Filters<'a> {
    made: Vec<(Member<'a>, &'a Transformation)>,
}

impl<'a> Filters<'a> {
    pub(super) fn of(world: &World<'a>) -> Self {
        let mut made = Vec::new();
        for member in &world.members {
            if let Typed::MetricFilter(filter) = &member.resource.typed {
                made.extend(filter.transformations.iter().map(|one| (*member, one)));
            }
        }
        Self { made }
    }

    /// Whether a filter makes this metric, and only when a line matches.
    pub(super) fn makes(&self, used: &Use<'_>) -> bool {
        self.made
            .iter()
            .any(|(_, one)| is_of(one, used) && one.default.is_null())
    }

    /// The values that samples of this metric have, when each filter that makes it gives every line the same.
    pub(super) fn values(&self, used: &Use<'_>) -> Option<Vec<f64>> {
        let made = self.made.iter().filter(|(_, one)| is_of(one, used));
        let mut values = Vec::new();
        for (_, one) in made {
            values.push(one.value.as_number()?);
            if !one.default.is_null() {
                values.push(one.default.as_number()?);
            }
        }
        (!values.is_empty()).then_some(values)
    }
}

fn is_of(made: &Transformation, used: &Use<'_>) -> bool {
    let same = |a: &Node, b: &Node| !a.is_null() && a.to_string() == b.to_string();
    same(&made.namespace, &used.metric["Namespace"]) && same(&made.metric, &used.metric["MetricName"])
}

pub(super) fn check(
    filters: &Filters<'_>,
    alarms: &[Alarm<'_>],
    world: &World<'_>,
    lines: &LogLines,
    report: &mut Report,
) {
    for member in &world.members {
        if let Typed::MetricFilter(filter) = &member.resource.typed {
            log_group(member, filter, world, report);
            pattern(member, filter, world, lines, report);
        }
    }
    for alarm in alarms {
        for used in &alarm.uses {
            watched::mismatch(alarm, used, filters, report);
        }
    }
    watched::unwatched(filters, alarms, world, report);
}

fn pattern(
    member: &Member<'_>,
    filter: &MetricFilter,
    world: &World<'_>,
    lines: &LogLines,
    report: &mut Report,
) {
    let Some(text) = filter.pattern.as_text() else {
        return;
    };
    let at = filter.pattern.at;
    let pattern = match parse(text) {
        Ok(pattern) => pattern,
        Err(why) => {
            report.say(&BAD_PATTERN, member, at, why);
            return;
        }
    };
    match &pattern {
        Pattern::Json(condition) => {
            if let Some(why) = condition.impossible() {
                report.say(&BAD_PATTERN, member, at, format!("no line matches: {why}"));
            }
            let values = |field: &str| lines.values.get(field.strip_prefix("$.")?).map(Vec::as_slice);
            if let Some((field, text)) = condition.unmatched(&values) {
                let known = values(&field).unwrap_or_default().join(", ");
                let message = format!("no line matches: {field} is never {text}, it is one of {known}");
                report.say(&UNMATCHED_VALUE, member, at, message);
            }
        }
        Pattern::Columns(columns) => {
            if let [column] = columns.as_slice()
                && !column.has_condition
                && column.name != "..."
            {
                let message = format!(
                    "in brackets stand names of fields: this matches lines of one word, not lines with {0}. Write \"[{0}]\" in double \
                     quotes",
                    column.name
                );
                report.say(&BAD_PATTERN, member, at, message);
            } else if let Some(function) = json_writer(filter, world, member.root) {
                let message = format!(
                    "{function} writes lines in JSON (LogFormat), and this pattern is for fields between blanks: write {{ $.level = \
                     \"ERROR\" }}"
                );
                report.say(&WRONG_LOG_FORMAT, member, at, message);
            }
        }
        Pattern::Terms(terms) => {
            let has = |sign| terms.iter().any(|term| term.sign == sign);
            if has(Sign::Optional) && has(Sign::Needed) {
                let message =
                    "terms with ? are ignored beside terms without: the line needs those, and none of these";
                report.say(&IGNORED_TERMS, member, at, message);
            }
        }
        Pattern::Everything => {}
    }
    if let [_, second, ..] = filter.transformations.as_slice() {
        let message = format!(
            "{} MetricTransformations, and a metric filter has one: CloudWatch Logs refuses it",
            filter.transformations.len()
        );
        report.say(&BAD_TRANSFORMATION, member, second.metric.at, message);
    }
    for made in &filter.transformations {
        number(member, made, report);
        transformation(member, &pattern, made, report);
    }
}

/// The function that writes these lines, when it writes them as JSON.
fn json_writer(filter: &MetricFilter, world: &World<'_>, root: usize) -> Option<String> {
    let group = group_name(filter, world, root)?;
    world.members.iter().find_map(|member| {
        let Typed::Function(function) = &member.resource.typed else {
            return None;
        };
        let format = &member.resource.properties["LoggingConfig"]["LogFormat"];
        let writes = member.root == root && function.log_group.to_string() == group;
        (writes && format.as_text() == Some("JSON")).then(|| member.resource.logical_id.clone())
    })
}

/// The name of the log group, in the notation of symbols.
fn group_name(filter: &MetricFilter, world: &World<'_>, root: usize) -> Option<String> {
    match world
        .source(root, &filter.log_group)
        .map(|member| &member.resource.typed)
    {
        Some(Typed::LogGroup(group)) => Some(group.name.to_string()),
        _ if filter.log_group.is_null() => None,
        _ => Some(filter.log_group.to_string()),
    }
}

/// A value that is no field is a number. An empty one may be a parameter that is given later.
fn number(member: &Member<'_>, made: &Transformation, report: &mut Report) {
    let is_number = |text: &str| text.is_empty() || text.trim().parse::<f64>().is_ok();
    let value = made.value.as_text().filter(|text| !text.starts_with('$'));
    if let Some(value) = value.filter(|text| !is_number(text)) {
        let message = format!("MetricValue {value}: it is a number, or a field of the line: $.name");
        report.say(&BAD_TRANSFORMATION, member, made.value.at, message);
    }
}

fn transformation(member: &Member<'_>, pattern: &Pattern, made: &Transformation, report: &mut Report) {
    if let Some(value) = made.value.as_text().filter(|value| value.starts_with('$'))
        && let Some(why) = not_given(pattern, value)
    {
        report.say(
            &BAD_TRANSFORMATION,
            member,
            made.value.at,
            format!("MetricValue {value}: {why}"),
        );
    }
    let dimensions = made.dimensions.items();
    if dimensions.is_empty() {
        return;
    }
    if !made.default.is_null() {
        let message =
            "a metric filter has a DefaultValue or Dimensions, not both: CloudWatch Logs refuses it";
        report.say(&DEFAULT_WITH_DIMENSIONS, member, made.default.at, message);
    }
    if dimensions.len() > MOST_DIMENSIONS {
        let message = format!(
            "{} dimensions, and a metric filter has at most {MOST_DIMENSIONS}",
            dimensions.len()
        );
        report.say(&BAD_TRANSFORMATION, member, made.dimensions.at, message);
    }
    for dimension in dimensions {
        let node = &dimension["Value"];
        let Some(value) = node.as_text() else {
            continue;
        };
        let why = match value.starts_with('$') {
            true => not_given(pattern, value),
            false => Some("the value of a dimension is a field of the line: $.name".to_owned()),
        };
        if let Some(why) = why {
            report.say(
                &BAD_TRANSFORMATION,
                member,
                node.at,
                format!("dimension {value}: {why}"),
            );
        }
    }
}

/// Why a pattern does not give a field.
fn not_given(pattern: &Pattern, value: &str) -> Option<String> {
    match pattern {
        Pattern::Json(_) => {
            let is_field = value.starts_with("$.") || value.starts_with("$[");
            (!is_field).then(|| "a field of JSON is written $.name".to_owned())
        }
        Pattern::Columns(columns) => {
            let named = columns
                .iter()
                .any(|column| value.strip_prefix('$') == Some(column.name.as_str()));
            (!named).then(|| "the pattern names no such field".to_owned())
        }
        Pattern::Terms(_) | Pattern::Everything => {
            Some("the pattern is for text, and gives no fields".to_owned())
        }
    }
}

fn log_group(member: &Member<'_>, filter: &MetricFilter, world: &World<'_>, report: &mut Report) {
    let node = &filter.log_group;
    if let Some(source) = world.source(member.root, node) {
        let attribute = super::world::reference_of(node).and_then(|one| one.attribute.as_deref());
        let id = &source.resource.logical_id;
        let message = match &source.resource.typed {
            Typed::LogGroup(_) if attribute.is_some() => {
                format!("this is the ARN of {id}, where its name is needed: Ref")
            }
            Typed::Function(function) => {
                format!(
                    "this is the function {id}, where its log group is needed: {}",
                    function.log_group
                )
            }
            _ => return,
        };
        report.say(&UNKNOWN_LOG_GROUP, member, node.at, message);
        return;
    }
    let text = node.to_string();
    let Some(name) = text.strip_prefix(FUNCTIONS) else {
        return;
    };
    let there = |group: &Member<'_>| matches!(&group.resource.typed, Typed::LogGroup(one) if one.name.to_string() == text);
    for other in world.members.iter().filter(|other| other.root == member.root) {
        let Typed::Function(function) = &other.resource.typed else {
            continue;
        };
        let (called, writes) = (function.name.to_string(), function.log_group.to_string());
        let id = &other.resource.logical_id;
        if called == name && writes != text {
            let message = format!("{id} writes to {writes}, and nothing to this group");
            report.say(&UNKNOWN_LOG_GROUP, member, node.at, message);
        } else if called != name
            && name.len() >= 8
            && edits(&called, name) == 1
            && !world.members.iter().any(there)
        {
            let message = format!("no function is called {name}; there is {called}");
            report.say(&UNKNOWN_LOG_GROUP, member, node.at, message);
        }
    }
}
