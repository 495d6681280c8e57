//! Which changes of runbooks drills really make: every operation that a changing step calls is done by a drill that it heals, or
//! `tests/drills/undone.yaml` says why not.

use std::collections::{BTreeMap, BTreeSet};

use ops_drill::Remedy;
use ops_monitoring::Workspace;
use ops_monitoring::runbooks::Book;
use runbooks::page::Step;
use yaml_rust2::YamlLoader;

use super::files;
use crate::workspace;

/// Beginnings of operations that only look.
const LOOKS: [&str; 7] = ["describe-", "get-", "list-", "filter-", "scan", "query", "head-"];

/// `lambda update-event-source-mapping`, `shopwatch dlq redrive`: what a step calls to change something.
fn operations(command: &str) -> BTreeSet<String> {
    let words: Vec<&str> = command
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '\'' | '"' | ';'))
        .filter(|word| !word.is_empty())
        .collect();
    let called = words.windows(3).filter_map(|words| match words {
        ["aws", service, operation] => Some((format!("{service} {operation}"), *operation)),
        ["shopwatch", group, operation] => Some((format!("shopwatch {group} {operation}"), *operation)),
        _ => None,
    });
    let changes = called.filter(|(_, operation)| !LOOKS.iter().any(|look| operation.starts_with(look)));
    changes.map(|(name, _)| name).collect()
}

fn reasons(text: &str) -> BTreeMap<String, String> {
    let documents = YamlLoader::load_from_str(text).unwrap();
    let entries = documents[0].as_hash().unwrap().iter();
    let text = |value: &yaml_rust2::Yaml| value.as_str().unwrap().to_owned();
    entries.map(|(name, why)| (text(name), text(why))).collect()
}

#[test]
fn every_change_of_a_page_is_done_by_a_drill_or_excused() {
    let root = workspace::root().unwrap();
    let book = Book::of(&Workspace::at(&root)).unwrap();
    let pages: BTreeMap<&str, Vec<Step>> = book
        .sources
        .iter()
        .map(|source| {
            let (_, page) = book.page(source.name()).unwrap();
            let steps = page.sections.into_iter().flat_map(|section| section.steps);
            (source.name(), steps.filter(|step| step.changes).collect())
        })
        .collect();
    let wanted: BTreeSet<String> = pages
        .values()
        .flatten()
        .flat_map(|step| operations(&step.command))
        .collect();
    let drills = files::read(&root.join(files::FOLDER)).unwrap().drills;
    let mut done = BTreeSet::new();
    for drill in &drills {
        for remedy in &drill.heal {
            let Remedy::Step { page, step: title } = remedy else {
                continue;
            };
            let steps = pages
                .get(page.as_str())
                .unwrap_or_else(|| panic!("{}: no page {page}", drill.name));
            let step = steps.iter().find(|step| step.title == *title);
            let step =
                step.unwrap_or_else(|| panic!("{}: {page} has no changing step {title:?}", drill.name));
            done.extend(operations(&step.command));
        }
    }
    let file = root.join(files::FOLDER).join(files::UNDONE);
    let excused: BTreeSet<String> = reasons(&std::fs::read_to_string(file).unwrap())
        .into_keys()
        .collect();
    let neither: Vec<_> = wanted
        .iter()
        .filter(|name| !done.contains(*name) && !excused.contains(*name))
        .collect();
    assert!(
        neither.is_empty(),
        "neither done by a drill nor in {}: {neither:?}",
        files::UNDONE
    );
    let stale: Vec<_> = excused
        .iter()
        .filter(|name| done.contains(*name) || !wanted.contains(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "in {}, and done or in no page: {stale:?}",
        files::UNDONE
    );
}

#[test]
fn what_a_step_calls_is_found_inside_of_others() {
    let command = "aws lambda list-event-source-mappings --function-name a | xargs -n 1 aws lambda update-event-source-mapping --enabled --uuid";
    assert_eq!(
        operations(command),
        BTreeSet::from(["lambda update-event-source-mapping".to_owned()])
    );
    let command = "aws sqs purge-queue --queue-url \"$(aws sqs get-queue-url --queue-name a)\"; sh -c 'aws sns set-subscription-attributes'";
    let expected = ["sqs purge-queue", "sns set-subscription-attributes"].map(str::to_owned);
    assert_eq!(operations(command), BTreeSet::from(expected));
}
