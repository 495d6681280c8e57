//! What is to do: from what is wanted and what is there. No call is made here.

use std::collections::BTreeSet;

use alarms::coverage::{Generated, GeneratedFilter};
use alarms::model::Definition;
use anyhow::Context as _;
use serde_json::{Map, Value};

use super::there::There;

/// A plan, in the order in which it is carried out: filters, alarms, composites behind what they watch, deletions from the
/// outside in.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Step {
    Filter(GeneratedFilter, Change),
    Alarm(Box<Definition>, Change),
    /// It is no longer generated; deleted only when that was asked for.
    Orphan {
        name: String,
        is_composite: bool,
        delete: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Create,
    /// Property, before, after. With the alarm's ARN, for its tags.
    Update(Vec<(String, Value, Value)>, String),
    Same,
}

impl Plan {
    pub(super) fn of(wanted: &Generated, there: &There, prune: bool) -> anyhow::Result<Self> {
        let mut steps = Vec::new();
        for filter in &wanted.metric_filters {
            let change = match there.filters.get(&filter.name) {
                None => Change::Create,
                Some(found) => {
                    let (before, after) = (
                        properties(&serde_json::to_value(found)?),
                        properties(&serde_json::to_value(filter)?),
                    );
                    changed(&before, &after, "")
                }
            };
            steps.push(Step::Filter(filter.clone(), change));
        }
        let mut names = BTreeSet::new();
        for alarm in &wanted.alarms {
            names.insert(alarm.name.as_str());
            let change = match there.alarms.get(&alarm.name) {
                None => Change::Create,
                Some(found) => {
                    let before = match &found.definition {
                        Some(definition) => of_definition(definition)?,
                        None => Map::new(),
                    };
                    changed(&before, &of_definition(&alarm.definition)?, &found.arn)
                }
            };
            steps.push(Step::Alarm(Box::new(alarm.definition.clone()), change));
        }
        let mut orphans: Vec<Step> = there
            .alarms
            .iter()
            .filter(|(name, found)| found.is_ours && !names.contains(name.as_str()))
            .map(|(name, found)| Step::Orphan {
                name: name.clone(),
                is_composite: matches!(found.definition, Some(Definition::Composite(_))),
                delete: prune,
            })
            .collect();
        // An alarm that a composite watches cannot be deleted before it.
        orphans.sort_by_key(|step| {
            !matches!(
                step,
                Step::Orphan {
                    is_composite: true,
                    ..
                }
            )
        });
        steps.extend(orphans);
        Ok(Self { steps })
    }

    /// Is there nothing to do?
    pub(super) fn is_empty(&self) -> bool {
        !self.steps.iter().any(Step::acts)
    }
}

impl Step {
    pub(super) fn acts(&self) -> bool {
        match self {
            Self::Filter(_, change) | Self::Alarm(_, change) => *change != Change::Same,
            Self::Orphan { delete, .. } => *delete,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Filter(filter, _) => &filter.name,
            Self::Alarm(definition, _) => definition.name().unwrap_or_default(),
            Self::Orphan { name, .. } => name,
        }
    }
}

/// Without tags, which CloudWatch does not tell beside an alarm.
fn of_definition(definition: &Definition) -> anyhow::Result<Map<String, Value>> {
    let value = match definition {
        Definition::Metric(alarm) => serde_json::to_value(alarm),
        Definition::Composite(alarm) => serde_json::to_value(alarm),
    };
    let mut properties = properties(&value.context("a definition has a JSON form")?);
    properties.remove("Tags");
    // `Sum` without a word is every period's; a sliding window is what is there without one.
    if properties
        .get("EvaluationWindow")
        .is_some_and(|window| window.get("SlidingWindow").is_some())
    {
        properties.remove("EvaluationWindow");
    }
    Ok(properties)
}

fn properties(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn changed(before: &Map<String, Value>, after: &Map<String, Value>, arn: &str) -> Change {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let pair = |name: &String| {
        let (old, new) = (
            before.get(name).cloned().unwrap_or_default(),
            after.get(name).cloned().unwrap_or_default(),
        );
        (old != new).then(|| (name.clone(), old, new))
    };
    let differences: Vec<_> = names.into_iter().filter_map(pair).collect();
    if differences.is_empty() {
        return Change::Same;
    }
    Change::Update(differences, arn.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alarms::coverage::{GeneratedAlarm, ResourceKind, Severity};
    use alarms::model::{CompositeAlarm, MetricAlarm, Stat};

    use super::super::there::Found;
    use super::*;

    fn metric(name: &str, threshold: f64) -> Definition {
        MetricAlarm {
            alarm_name: Some(name.to_owned()),
            threshold: Some(threshold),
            ..MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60)
        }
        .into()
    }

    fn composite(name: &str) -> Definition {
        CompositeAlarm {
            alarm_name: Some(name.to_owned()),
            alarm_rule: "ALARM(\"a\")".to_owned(),
            ..CompositeAlarm::default()
        }
        .into()
    }

    fn wanted(definitions: &[Definition]) -> Generated {
        let alarm = |definition: &Definition| GeneratedAlarm {
            name: definition.name().unwrap_or_default().to_owned(),
            definition: definition.clone(),
            severity: Severity::Page,
            group: "shop".to_owned(),
            resource: String::new(),
            kind: ResourceKind::Function,
            failure_mode: String::new(),
            incident: None,
            dashboard: String::new(),
            runbook: String::new(),
            missing_because: String::new(),
        };
        Generated {
            alarms: definitions.iter().map(alarm).collect(),
            ..Generated::default()
        }
    }

    fn there(found: &[(Definition, bool)]) -> There {
        let one = |(definition, is_ours): &(Definition, bool)| {
            let name = definition.name().unwrap_or_default().to_owned();
            let arn = format!("arn:{name}");
            let definition = Some(definition.clone());
            (
                name,
                Found {
                    arn,
                    definition,
                    is_ours: *is_ours,
                },
            )
        };
        There {
            alarms: found.iter().map(one).collect(),
            filters: BTreeMap::new(),
        }
    }

    fn check(wanted: &Generated, there: &There, prune: bool, expect: &[&str]) {
        let plan = Plan::of(wanted, there, prune).unwrap();
        let shown: Vec<String> = plan
            .steps
            .iter()
            .map(|step| {
                let word = match step {
                    Step::Alarm(_, Change::Create) | Step::Filter(_, Change::Create) => "create".to_owned(),
                    Step::Alarm(_, Change::Same) | Step::Filter(_, Change::Same) => "same".to_owned(),
                    Step::Alarm(_, Change::Update(all, _)) | Step::Filter(_, Change::Update(all, _)) => {
                        let all: Vec<String> = all
                            .iter()
                            .map(|(name, old, new)| format!("{name} {old} {new}"))
                            .collect();
                        format!("update {}", all.join(", "))
                    }
                    Step::Orphan { delete, .. } => if *delete { "delete" } else { "orphan" }.to_owned(),
                };
                format!("{} {word}", step.name())
            })
            .collect();
        assert_eq!(shown, expect);
    }

    #[test]
    fn what_is_there_and_the_same_is_left_alone() {
        let all = wanted(&[metric("a", 1.0), metric("b", 2.0), composite("c")]);
        let found = there(&[(metric("a", 1.0), true), (metric("b", 5.0), true)]);
        check(
            &all,
            &found,
            false,
            &["a same", "b update Threshold 5.0 2.0", "c create"],
        );
    }

    #[test]
    fn orphans_are_ours_by_their_tags_and_composites_go_first() {
        let found = there(&[
            (metric("a", 1.0), true),
            (metric("mine", 1.0), false),
            (composite("z"), true),
        ]);
        check(&wanted(&[]), &found, false, &["z orphan", "a orphan"]);
        check(&wanted(&[]), &found, true, &["z delete", "a delete"]);
        assert!(Plan::of(&wanted(&[]), &found, false).unwrap().is_empty());
    }

    #[test]
    fn an_alarm_that_changed_its_kind_is_an_update_of_everything() {
        let plan = Plan::of(
            &wanted(&[composite("a")]),
            &there(&[(metric("a", 1.0), true)]),
            false,
        )
        .unwrap();
        assert!(!plan.is_empty());
    }

    #[test]
    fn a_plan_is_printed_as_the_page_says() {
        let [relay, errors, throttles] = ["relay-errors", "service-errors", "service-throttles"]
            .map(|name| format!("shopfast-order-{name}"));
        let found = there(&[(metric(&relay, 1.0), true), (metric(&errors, 5.0), true)]);
        let wanted = wanted(&[metric(&relay, 1.0), metric(&errors, 2.0), metric(&throttles, 1.0)]);
        let printed = super::super::text::text(&Plan::of(&wanted, &found, false).unwrap());
        let page = include_str!("../../../monitoring/README.md");
        let example = format!("$ shopwatch --profile shop-dev alarms apply\n{printed}Nothing was changed");
        assert!(page.contains(&example), "the page has another example: {printed}");
    }
}
