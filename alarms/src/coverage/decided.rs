//! Composite alarms that people decide on: alarms of several resources that tell of one incident.

use std::collections::BTreeSet;

use crate::definitions::{Incident, Located};
use crate::near::nearest;

use super::ResourceKind;
use super::drafts::{Body, Draft, Suppressor};
use super::generate::Making;
use super::incidents::NO_DATA_OF_ITS_OWN;

/// What tells of the same incident earlier is waited for as long as it may take.
const WAIT_S: u32 = 180;
/// After the other's end there is time to take up what lay.
const EXTENSION_S: u32 = 600;

/// Adds them; all other alarms are there.
pub(super) fn add(making: &mut Making<'_>) {
    for one in &making.definitions.incidents {
        if let Some(draft) = draft(making, one) {
            making.drafts.push(draft);
        }
    }
    for one in &making.definitions.incidents {
        if let Some(other) = &one.held_back_by {
            find(making, other);
        }
    }
}

fn draft(making: &mut Making<'_>, one: &Incident) -> Option<Draft> {
    let group = making.definitions.group.clone();
    let name = format!("{group}-{}", one.name.value);
    let mut parts = Vec::new();
    for part in &one.joins {
        let n = find(making, part)?;
        if let Some(other) = making.drafts[n].incident.replace(name.clone()) {
            let message = format!("{} is a part of {other} already", part.value);
            making.problems.say(&part.at, message);
        }
        parts.push(n);
    }
    for watched in &one.watches {
        parts.push(find(making, watched)?);
    }
    let first = making.drafts.get(*parts.first()?)?.clone();
    let rules: BTreeSet<String> = parts
        .iter()
        .map(|n| format!("ALARM(\"{}\")", making.drafts[*n].name))
        .collect();
    let suppressor = one.held_back_by.as_ref().map(|other| Suppressor {
        name: format!("{group}-{}", other.value),
        wait: WAIT_S,
        extension: one.extension.unwrap_or(EXTENSION_S),
    });
    let mut look = one.look.clone();
    if let Some(suppressor) = &suppressor {
        look.push_str(&format!("; nobody is told while {} is in ALARM", suppressor.name));
    }
    let rule = rules.into_iter().collect::<Vec<_>>().join(" OR ");
    Some(Draft {
        body: Body::Composite(rule, suppressor),
        severity: one.severity,
        kind: ResourceKind::Application,
        mode: one.name.value.clone(),
        says: one.description.clone(),
        look,
        more: None,
        missing_because: NO_DATA_OF_ITS_OWN.to_owned(),
        group: "",
        // Who only watches acts for the record: as if it were a part of itself.
        incident: one.joins.is_empty().then(|| name.clone()),
        at: one.name.at.clone(),
        name,
        ..first
    })
}

/// The alarm of this name, or a problem with the nearest.
fn find(making: &mut Making<'_>, wanted: &Located<String>) -> Option<usize> {
    let name = format!("{}-{}", making.definitions.group, wanted.value);
    let found = making.drafts.iter().position(|draft| draft.name == name);
    if found.is_none() {
        let known: Vec<&str> = making.drafts.iter().map(|draft| draft.name.as_str()).collect();
        let near = nearest(&name, &known).map_or_else(String::new, |near| format!("; is it {near}?"));
        let message = format!("there is no alarm {name}{near}");
        making.problems.say(&wanted.at, message);
    }
    found
}
