//! Every alarm has scenarios of each kind, and they pass.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use alarms::scenario::{Scenario, Shows, read as scenarios_of};

use super::{SHOPFAST, read, root};

const KINDS: &[Shows] = &[
    Shows::Fires,
    Shows::DoesNotFire,
    Shows::MissingData,
    Shows::Recovers,
];

fn scenarios() -> Vec<(String, Scenario)> {
    let definitions = SHOPFAST.definitions();
    let folder = root().join("alarms/scenarios");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        let found = scenarios_of(&name, &read(&path), &definitions).unwrap_or_else(|error| panic!("{error}"));
        all.extend(found.into_iter().map(|scenario| (name.clone(), scenario)));
    }
    all
}

#[test]
fn every_alarm_fires_is_quiet_knows_silence_and_recovers() {
    let mut shown: BTreeMap<String, BTreeSet<Shows>> = BTreeMap::new();
    let mut failed = Vec::new();
    let all = scenarios();
    for (file, scenario) in &all {
        let outcome = scenario.run();
        if !outcome.passed && failed.len() < 10 {
            failed.push(format!("{file}: {}: {outcome}", scenario.alarm()));
        }
        if let Some(shows) = scenario.shows() {
            shown
                .entry(scenario.alarm().to_owned())
                .or_default()
                .insert(shows);
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let incomplete: Vec<String> = SHOPFAST
        .alarms
        .iter()
        .filter_map(|alarm| {
            let has = shown.get(&alarm.name);
            let lacks: Vec<_> = KINDS
                .iter()
                .filter(|kind| !has.is_some_and(|has| has.contains(kind)))
                .collect();
            (!lacks.is_empty()).then(|| format!("{}: {lacks:?}", alarm.name))
        })
        .collect();
    assert!(
        incomplete.is_empty(),
        "alarms without scenarios:\n  {}",
        incomplete.join("\n  ")
    );
    assert!(all.len() >= 4 * SHOPFAST.alarms.len(), "{} scenarios", all.len());
}
