//! How well failures are told apart: a corpus with groups made by hand, and how often the fingerprints disagree. The figures
//! are exact, so that a change of the rules shows what it does to both.
//!
//! * a **false split**: two failures of one group with two fingerprints, as a share of all pairs within groups;
//! * a **false merge**: two failures of two groups with one fingerprint, as a share of all pairs across groups.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use error_report_domain::fingerprint::{Failure, Grouper};

const CORPUS: &str = include_str!("corpus.tsv");

struct Entry {
    group: &'static str,
    fingerprint: String,
    title: String,
}

fn entries() -> Vec<Entry> {
    let mut grouper = Grouper::default();
    let lines = CORPUS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!(columns.len() >= 5, "group, service, code, span, message: {line}");
            let fingerprint = grouper.fingerprint(&Failure {
                service: columns[1],
                code: columns[2],
                span: columns[3],
                messages: &columns[4..],
            });
            Entry {
                group: columns[0],
                fingerprint: fingerprint.to_string(),
                title: grouper.title().to_owned(),
            }
        })
        .collect()
}

#[test]
fn the_corpus_is_large_enough() {
    let entries = entries();
    let groups: BTreeSet<_> = entries.iter().map(|entry| entry.group).collect();
    assert!(
        entries.len() >= 300 && groups.len() >= 60,
        "{} lines, {} groups",
        entries.len(),
        groups.len()
    );
}

#[test]
fn fingerprints_agree_with_people() {
    let entries = entries();
    let (mut within, mut split, mut across, mut merged) = (0, 0, 0, 0);
    for (n, one) in entries.iter().enumerate() {
        for other in &entries[n + 1..] {
            let is_same = one.fingerprint == other.fingerprint;
            if one.group == other.group {
                within += 1;
                split += u32::from(!is_same);
            } else {
                across += 1;
                merged += u32::from(is_same);
            }
        }
    }
    let rate = |wrong: u32, all: u32| 100.0 * f64::from(wrong) / f64::from(all);
    let found = format!(
        "false splits: {split} of {within} pairs, {:.2} %\nfalse merges: {merged} of {across} pairs, {:.2} %\n{}",
        rate(split, within),
        rate(merged, across),
        disagreements(&entries)
    );
    println!("{found}");
    let expected = include_str!("corpus.expected.txt");
    assert!(
        found == expected,
        "the figures changed; tests/corpus.expected.txt should be:\n{found}"
    );
}

/// Groups with more than one text, and texts of more than one group.
fn disagreements(entries: &[Entry]) -> String {
    let mut by_group: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut by_fingerprint: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for entry in entries {
        by_group
            .entry(entry.group)
            .or_default()
            .insert(entry.title.as_str());
        by_fingerprint
            .entry(&entry.fingerprint)
            .or_default()
            .insert(entry.group);
    }
    let mut text = String::new();
    for (group, titles) in by_group.iter().filter(|(_, titles)| titles.len() > 1) {
        let _ = writeln!(text, "split {group}");
        for title in titles {
            let _ = writeln!(text, "  {title}");
        }
    }
    for groups in by_fingerprint.values().filter(|groups| groups.len() > 1) {
        let _ = writeln!(text, "merged {groups:?}");
    }
    text
}
