//! Alarms on our own metrics, each of which the registry must know: an alarm on what nobody publishes would be dead.

use std::collections::BTreeMap;

use crate::definitions::{Application, Watched};

use super::ResourceKind;
use super::condition::{Condition, Source};
use super::drafts::{Body, Draft};
use super::generate::{Making, of_metrics};
use crate::near::nearest;

/// How a function publishes its service's metrics: its name without the group is the service's.
const SERVICE: &str = "Service";
/// What was counted in a period in which nothing answered it. A period in which nothing was counted is missing, and not 0: so CloudWatch
/// looks back at the newest that are there, and sees what comes late. With 0 the newest period of late data would end every alarm.
const UNANSWERED: &str = "IF(FILL(answer, 0) > 0, 0, m)";

pub(super) fn add(making: &mut Making<'_>) {
    for one in &making.definitions.application {
        if let Some(draft) = draft(making, one) {
            making.drafts.push(draft);
        }
    }
}

/// The metric as the registry has it; a problem when nobody publishes it.
fn source(making: &mut Making<'_>, id: &'static str, watched: &Watched) -> Option<Source> {
    let at = &watched.metric.at;
    let plain: BTreeMap<String, String> = watched
        .dimensions
        .iter()
        .map(|(name, value)| (name.clone(), value.value.clone()))
        .collect();
    let unit = watched.unit.as_ref();
    let resolved = making.registry.resolve(
        &watched.metric.value,
        &plain,
        unit.map(|unit| unit.value.as_str()),
    );
    let namespace = match resolved {
        Ok((namespace, _)) => namespace.to_owned(),
        Err(wrong) => {
            making.problems.say(at, wrong.to_string());
            return None;
        }
    };
    Some(Source {
        id,
        namespace,
        metric: watched.metric.value.clone(),
        stat: watched.statistic,
        dimensions: plain.into_iter().collect(),
    })
}

fn draft(making: &mut Making<'_>, one: &Application) -> Option<Draft> {
    let watched = &one.watched;
    let at = &watched.metric.at;
    let source = source(making, "m", watched)?;
    let answer = match &one.answered_by {
        Some(answer) => Some(self::source(making, "answer", answer)?),
        None => None,
    };
    let service = watched
        .dimensions
        .get(SERVICE)
        .map_or("", |service| service.value.as_str());
    // The alarm belongs to the function that publishes: no function, no points.
    let function = making.functions.iter().find(|(_, names)| names.short == service);
    let Some((logical_id, _)) = function else {
        let known: Vec<&str> = making
            .functions
            .values()
            .map(|names| names.short.as_str())
            .collect();
        let near = nearest(service, &known).map_or_else(String::new, |near| format!("; is it {near}?"));
        making.problems.say(
            at,
            format!("no function of the template is the service {service}{near}"),
        );
        return None;
    };
    let watching = match answer {
        None => Condition::one(source),
        Some(answer) => Condition::math(vec![source, answer], UNANSWERED),
    };
    let condition = Condition {
        operator: one.operator,
        missing_because: one.missing.1.clone(),
        missing: one.missing.0,
        ..watching.at_least(one.threshold).every(one.period).of(one.of)
    };
    let draft = Draft {
        name: format!("{}-{}", making.definitions.group, one.name.value),
        body: Body::Composite(String::new(), None),
        severity: one.severity,
        kind: ResourceKind::Application,
        logical_id: logical_id.clone(),
        mode: watched.metric.value.clone(),
        says: one.description.clone(),
        look: one.look.clone(),
        more: None,
        missing_because: String::new(),
        group: "",
        incident: None,
        at: one.name.at.clone(),
    };
    Some(of_metrics(draft, condition))
}
