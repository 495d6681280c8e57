//! Composite alarms: one incident, one page. Alarms of one resource with the same word of incident are its parts, and act on the
//! journal only; the composite acts for them. It is held back while what is at fault has an alarm of its own that acts.

use std::collections::{BTreeMap, BTreeSet};

use crate::evaluate::composite::order;
use crate::model::Definition;
use crate::model::alarm_rule::{AlarmRule, parse};

use super::drafts::{Body, Draft, Suppressor};
use super::generate::Making;
use super::generated::GeneratedAlarm;
use super::{ResourceKind, Severity};

pub(super) const NO_DATA_OF_ITS_OWN: &str =
    "a composite alarm has no data of its own: its parts say what silence means";

/// A function's alarms come some minutes before those of the API in front of it: server errors need three bad minutes.
const API_WAIT_S: u32 = 240;
/// Messages pile up some minutes after their reader began to fail, and before it is seen to: both look at minutes.
const READER_WAIT_S: u32 = 180;
/// After the culprit works again there is time to take up what lay.
const EXTENSION_S: u32 = 600;

pub(super) fn join(making: &mut Making<'_>) {
    let mut incidents: BTreeMap<(String, &'static str), Vec<usize>> = BTreeMap::new();
    for (n, draft) in making.drafts.iter().enumerate() {
        if !draft.group.is_empty() {
            incidents
                .entry((draft.logical_id.clone(), draft.group))
                .or_default()
                .push(n);
        }
    }
    let suppressors = Suppressors::of(making, &incidents);
    for ((logical_id, word), members) in incidents {
        let severity = members.iter().map(|n| making.drafts[*n].severity).max();
        // A part that somebody made quieter acts itself.
        let parts: Vec<usize> = members
            .into_iter()
            .filter(|n| Some(making.drafts[*n].severity) == severity)
            .collect();
        let Some(first) = parts.first().map(|n| making.drafts[*n].clone()) else {
            continue;
        };
        let name = composite_name(&first, word);
        let suppressor = suppressors.for_incident(&first, word);
        if parts.len() < 2 && suppressor.is_none() {
            continue;
        }
        let rules: Vec<String> = parts
            .iter()
            .map(|n| format!("ALARM(\"{}\")", making.drafts[*n].name))
            .collect();
        let (says, mut look) = words(making, &parts, &first);
        if let Some(suppressor) = &suppressor {
            look.push_str(&format!("; nobody is told while {} is in ALARM", suppressor.name));
        }
        for n in &parts {
            making.drafts[*n].incident = Some(name.clone());
        }
        making.drafts.push(Draft {
            name,
            body: Body::Composite(rules.join(" OR "), suppressor),
            mode: word.to_owned(),
            says,
            look,
            more: None,
            missing_because: NO_DATA_OF_ITS_OWN.to_owned(),
            group: "",
            incident: None,
            logical_id,
            ..first
        });
    }
}

/// What the composite says, and what to look at.
fn words(making: &Making<'_>, parts: &[usize], first: &Draft) -> (String, String) {
    if parts.len() == 1 {
        return (first.says.clone(), first.look.clone());
    }
    let modes: Vec<&str> = parts.iter().map(|n| making.drafts[*n].mode.as_str()).collect();
    let called = first.name.trim_end_matches(&format!("-{}", first.mode));
    let says = format!(
        "{called}: one or more of {} is in ALARM. This is the one page for all of them.",
        modes.join(", ")
    );
    (
        says,
        "which of its parts are in ALARM: each says what to look at".to_owned(),
    )
}

/// `shopfast-order-service-throttles` → `shopfast-order-service-failing`.
fn composite_name(part: &Draft, word: &str) -> String {
    let subject = part.name.strip_suffix(&part.mode).unwrap_or(&part.name);
    format!("{subject}{word}")
}

/// What holds others back, by logical ID: the alarm that acts for it.
struct Suppressors {
    acting: BTreeMap<String, (String, Severity)>,
    apis: BTreeMap<String, BTreeSet<String>>,
    culprits: BTreeMap<String, Vec<String>>,
}

impl Suppressors {
    fn of(making: &Making<'_>, incidents: &BTreeMap<(String, &'static str), Vec<usize>>) -> Self {
        let acting = incidents.iter().filter_map(|((id, word), members)| {
            let severity = members.iter().map(|n| making.drafts[*n].severity).max()?;
            let mut parts = members
                .iter()
                .map(|n| &making.drafts[*n])
                .filter(|draft| draft.severity == severity);
            let (first, more) = (parts.next()?, parts.next().is_some());
            let holds = match first.kind {
                ResourceKind::Api | ResourceKind::Function => *word == "failing" && more,
                ResourceKind::DeadLetterQueue => true,
                _ => false,
            };
            // One part acts itself, or under a composite that may be held back: its own state is what counts.
            let name = if more {
                composite_name(first, word)
            } else {
                first.name.clone()
            };
            holds.then(|| (id.clone(), (name, severity)))
        });
        Self {
            acting: acting.collect(),
            apis: making.apis.clone(),
            culprits: making.culprits.clone(),
        }
    }

    /// The one alarm that tells of the same incident, and is no quieter.
    fn for_incident(&self, draft: &Draft, word: &str) -> Option<Suppressor> {
        let mut ids: Box<dyn Iterator<Item = &String>> = match (draft.kind, word) {
            (ResourceKind::Function, "failing") => {
                Box::new(self.apis.get(&draft.logical_id).into_iter().flatten())
            }
            (
                ResourceKind::Queue
                | ResourceKind::DeadLetterQueue
                | ResourceKind::Rule
                | ResourceKind::Topic,
                _,
            ) => Box::new(self.culprits.get(&draft.logical_id).into_iter().flatten()),
            _ => return None,
        };
        let (name, severity) = match (ids.next(), ids.next()) {
            (Some(id), None) => self.acting.get(id)?,
            _ => return None,
        };
        (*severity >= draft.severity).then(|| Suppressor {
            name: name.clone(),
            wait: if draft.kind == ResourceKind::Function {
                API_WAIT_S
            } else {
                READER_WAIT_S
            },
            extension: EXTENSION_S,
        })
    }
}

/// Composites behind what they watch and what holds them back: so they can be made one after the other.
pub(super) fn children_first(alarms: &mut [GeneratedAlarm]) {
    let rules: BTreeMap<String, AlarmRule> = alarms
        .iter()
        .filter_map(|alarm| Some((alarm.name.clone(), watched(alarm)?)))
        .collect();
    // There is no circle: parts know no composites but their own.
    let Ok(ordered) = order(&rules) else {
        return;
    };
    let ordered: BTreeMap<String, usize> = ordered.into_iter().map(str::to_owned).zip(1..).collect();
    alarms.sort_by_key(|alarm| ordered.get(&alarm.name).copied().unwrap_or(0));
}

/// The rule, and the suppressor as if it were in it.
fn watched(alarm: &GeneratedAlarm) -> Option<AlarmRule> {
    let Definition::Composite(composite) = &alarm.definition else {
        return None;
    };
    let rule = parse(&composite.alarm_rule).ok()?;
    let Some(suppressor) = &composite.actions_suppressor else {
        return Some(rule);
    };
    let held = AlarmRule::InState(crate::model::StateValue::Alarm, suppressor.clone());
    Some(AlarmRule::And(vec![rule, held]))
}
