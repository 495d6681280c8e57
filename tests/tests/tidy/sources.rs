//! Rules about source files: size, opening comment, names of modules, size of binaries.

use super::{check, tree};

/// No file longer than this: it holds more than one idea.
const LONGEST_FILE: usize = 800;
/// 95 % of the files stay below this.
const P95_FILE: usize = 500;
/// A binary wires things together and runs; everything else is library.
const LONGEST_BINARY: usize = 20;
/// Names that say nothing about what is inside.
const NAMELESS: &[&str] = &["utils", "util", "common", "helpers", "helper", "shared", "misc"];

#[test]
fn no_file_is_too_long() {
    let too_long: Vec<String> = tree::files(&["rs", "py"])
        .iter()
        .filter(|f| f.text.lines().count() > LONGEST_FILE)
        .map(|f| format!("{} has {} lines", f.path, f.text.lines().count()))
        .collect();
    check(
        "a file holds one idea: split by resource, not by layer",
        &too_long,
    );
}

#[test]
fn most_files_are_short() {
    let mut lengths: Vec<usize> = tree::files(&["rs"])
        .iter()
        .map(|f| f.text.lines().count())
        .collect();
    lengths.sort_unstable();
    let p95 = lengths[lengths.len() * 95 / 100];
    assert!(
        p95 <= P95_FILE,
        "95 % of the files have at most {P95_FILE} lines; now it is {p95}"
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = tree::files(&["rs"])
        .iter()
        .filter(|f| {
            let first = f.text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
            !(first.starts_with("//!") || first.starts_with("#![doc"))
        })
        .map(|f| f.path.clone())
        .collect();
    check(
        "a module opens with `//!`: what it is for and what does not belong in it",
        &silent,
    );
}

#[test]
fn binaries_only_wire_things_together() {
    let long: Vec<String> = tree::files(&["rs"])
        .iter()
        .filter(|f| f.path.contains("/src/bin/") || f.path.ends_with("/src/main.rs"))
        .filter(|f| f.text.lines().count() > LONGEST_BINARY)
        .map(|f| format!("{} has {} lines", f.path, f.text.lines().count()))
        .collect();
    check(
        "a binary has at most 20 lines: telemetry, configuration, adapters, run",
        &long,
    );
}

#[test]
fn modules_are_named_by_capability() {
    let nameless: Vec<String> = tree::files(&["rs", "py"])
        .iter()
        .filter(|f| f.path.split(['/', '.']).any(|part| NAMELESS.contains(&part)))
        .map(|f| f.path.clone())
        .collect();
    check("name the capability, not the drawer", &nameless);
}
