//! `shopwatch runbooks generate`, `lint` and `show`.

use std::path::Path;

use expect_test::expect;
use ops_monitoring::Workspace;

use crate::generate::copy;
use crate::shell::shopwatch_in;

const NAME: &str = "shop-orders-duration";

/// What somebody writes into a page that was begun.
const WRITTEN: &str = "
## Meaning

The function that takes orders fails with an error that it did not expect.

## Impact

Whoever orders sees an error page, and the order is not placed at all.

## Diagnosis

### What do the lines say

```sh
aws logs filter-log-events --log-group-name /aws/lambda/{{alarm.dimensions.FunctionName}} --filter-pattern ERROR
```

* jq `.events | type == \"array\"`
* if contains `timed out`: it times out; go on with [Give it more time](#give-it-more-time)

## Mitigation

### Give it more time

```sh changes
aws lambda update-function-configuration --function-name {{alarm.dimensions.FunctionName}} --timeout 20
```

## Verification

### Is it quiet

```sh
shopwatch alarms status {{alarm.name}}
```

* lacks `ALARM`

## Escalation

Ask the team that owns the orders, and send it the incident log of this run.
";

fn run(workspace: &Workspace, arguments: &[&str]) -> String {
    let output = shopwatch_in(workspace, &[&["runbooks"], arguments].concat());
    format!("{} {}{}", output.code, output.out, output.error)
}

/// A workspace with one page.
#[expect(clippy::unwrap_used, reason = "a test without its page cannot go on")]
fn written() -> (tempfile::TempDir, std::path::PathBuf, Workspace) {
    let folder = copy();
    let workspace = Workspace::at(folder.path());
    assert!(run(&workspace, &["generate", NAME]).starts_with("0 "));
    let page = folder.path().join("runbooks/shop").join(format!("{NAME}.md"));
    let begun = std::fs::read_to_string(&page).unwrap();
    let (head, _) = begun.split_once("\n## Meaning").unwrap();
    std::fs::write(&page, format!("{head}{WRITTEN}")).unwrap();
    (folder, page, workspace)
}

#[test]
fn a_page_is_begun_and_asks_for_words() {
    let folder = copy();
    let workspace = Workspace::at(folder.path());
    expect![[r#"
        0 runbooks/shop/shop-orders-duration.md is begun
        1 pages, 0 were current
    "#]]
    .assert_eq(&run(&workspace, &["generate", NAME]));
    expect![[r#"
        1 runbooks/shop/shop-orders-duration.md:23:1: empty-section: Meaning says nothing
        runbooks/shop/shop-orders-duration.md:23:1: unfinished-section: Meaning is not finished
        runbooks/shop/shop-orders-duration.md:27:1: empty-section: Impact says nothing
        runbooks/shop/shop-orders-duration.md:27:1: unfinished-section: Impact is not finished
        runbooks/shop/shop-orders-duration.md:31:1: empty-section: Diagnosis says nothing
        runbooks/shop/shop-orders-duration.md:31:1: no-step: Diagnosis has no step that can be run
        runbooks/shop/shop-orders-duration.md:31:1: unfinished-section: Diagnosis is not finished
        runbooks/shop/shop-orders-duration.md:35:1: empty-section: Mitigation says nothing
        runbooks/shop/shop-orders-duration.md:35:1: unfinished-section: Mitigation is not finished
        runbooks/shop/shop-orders-duration.md:39:1: empty-section: Verification says nothing
        runbooks/shop/shop-orders-duration.md:39:1: no-step: Verification has no step that can be run
        runbooks/shop/shop-orders-duration.md:39:1: unfinished-section: Verification is not finished
        runbooks/shop/shop-orders-duration.md:43:1: empty-section: Escalation says nothing
        runbooks/shop/shop-orders-duration.md:43:1: unfinished-section: Escalation is not finished
        14 found in 1 pages
    "#]]
    .assert_eq(&run(&workspace, &["lint", NAME]));
    expect!["2 find the alarm shop-orders-duratoin: there is none of this name; did you mean shop-orders-duration?"].assert_eq(&run(&workspace, &["generate", "shop-orders-duratoin"]));
    assert!(run(&workspace, &["generate", "--missing"]).contains("8 pages"));
}

#[test]
fn a_page_that_is_written_is_clean_until_its_alarm_changes() {
    let (folder, _, workspace) = written();
    expect![[r#"
        0 nothing found in 1 pages
    "#]]
    .assert_eq(&run(&workspace, &["lint", NAME]));
    assert!(run(&workspace, &["generate", "--check"]).starts_with("0 "));
    let definitions = folder.path().join("alarms/definitions/shop.yaml");
    let text = std::fs::read_to_string(&definitions).unwrap();
    std::fs::write(&definitions, text.replace("factor: 0.5", "factor: 0.9")).unwrap();
    expect![[r#"
        1 runbooks/shop/shop-orders-duration.md is stale
        1 pages, 0 were current
    "#]]
    .assert_eq(&run(&workspace, &["generate", "--check"]));
    assert!(run(&workspace, &["lint"]).contains("missing-page"));
}

/// Every link of every alarm would lead to nobody.
#[test]
fn an_address_for_examples_is_a_dead_link() {
    let (folder, _, workspace) = written();
    let definitions = folder.path().join("alarms/definitions/shop.yaml");
    let text = std::fs::read_to_string(&definitions).unwrap();
    std::fs::write(&definitions, text.replace("git.internal", "runbooks.example")).unwrap();
    expect![[r#"
        1 alarms/definitions/shop.yaml:3:11: dead-link: links to runbooks lead to `https://runbooks.example/runbooks`, which is an address for examples: leave it empty, or say where the pages are
        1 found in 1 pages
    "#]]
    .assert_eq(&run(&workspace, &["lint", NAME]));
}

#[test]
fn findings_have_places_and_json() {
    let (_folder, page, workspace) = written();
    let text = std::fs::read_to_string(&page).unwrap();
    let broken = text
        .replace("filter-log-events", "filter-log-event")
        .replace("#give-it-more-time", "#more-time")
        .replace("Silence", "Sound");
    std::fs::write(&page, broken).unwrap();
    expect![[r#"
        1 runbooks/shop/shop-orders-duration.md:3:1: stale-block: the generated block is out of date: `shopwatch runbooks generate shop-orders-duration` writes it
        runbooks/shop/shop-orders-duration.md:36:10: unknown-command: `aws logs` has no command `filter-log-event`; did you mean `filter-log-events`?
        runbooks/shop/shop-orders-duration.md:40:53: dead-link: `#more-time` is no heading of this page
        3 found in 1 pages
    "#]]
    .assert_eq(&run(&workspace, &["lint", NAME]));
    let output = shopwatch_in(&workspace, &["runbooks", "lint", NAME, "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!(
        (output.code, findings[0]["check"].as_str()),
        (1, Some("stale-block"))
    );
    assert!(run(&workspace, &["generate"]).contains("is written anew"));
    assert!(!run(&workspace, &["lint", NAME]).contains("stale-block"));
}

#[test]
fn a_page_is_shown_with_its_names_filled_in() {
    let (_folder, page, workspace) = written();
    expect![[r#"
        0 shop-orders-duration

          Severity         ticket: somebody looks in working hours
          Resource         Orders (Function)
          Failure mode     duration, of Function
          Watches          The highest Duration (AWS/Lambda) of FunctionName=shop-orders in periods of 1m.
          Metric           AWS/Lambda Duration, FunctionName shop-orders
          Threshold        GreaterThanOrEqualToThreshold 5000
          Period           60 s, 3 of 5 datapoints
          Fires when       3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5000 or
                           more.
          At the earliest  3m after the trouble began, and when the data has arrived. It is evaluated every
                           1m.
          Clears           3m after the last breach, with the next 3 datapoints that do not breach; if
                           nothing comes after the last breach, 5m after it, to OK.
          Silence          Is good: with no datapoint at all the alarm is OK. One breach in the midst of
                           silence does not fire. Chosen because the metric comes with traffic: without
                           traffic nothing fails.
          Actions          ALARM and OK to the topic ticket
          Dashboard        shop-incident-functions:
                           shopwatch dashboards render shop-incident-functions --out shop-incident-functions.png

        Meaning

          The function that takes orders fails with an error that it did not expect.

        Impact

          Whoever orders sees an error page, and the order is not placed at all.

        Diagnosis

          What do the lines say

            aws logs filter-log-events --log-group-name /aws/lambda/shop-orders --filter-pattern ERROR

          * jq .events | type == "array"
          * if contains timed out: it times out; go on with Give it more time

        Mitigation

          Give it more time

            aws lambda update-function-configuration --function-name shop-orders --timeout 20

        Verification

          Is it quiet

            shopwatch alarms status shop-orders-duration

          * lacks ALARM

        Escalation

          Ask the team that owns the orders, and send it the incident log of this run.
    "#]]
    .assert_eq(&run(&workspace, &["show", NAME]));
    let output = shopwatch_in(&workspace, &["runbooks", "show", NAME, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!(shown["sections"][3]["steps"][0]["changes"], true);
    assert_eq!(shown["sections"][2]["steps"][0]["expected"][0], "exit 0");
    assert!(run(&workspace, &["show", "shop-orders-throttles"]).starts_with("2 find the page of"));
    std::fs::write(page, "# other\n").unwrap();
    assert!(run(&workspace, &["show", NAME]).starts_with("2 read runbooks/shop/"));
}

/// The repository's own: as `.ci/run` proves them.
#[test]
fn the_blocks_that_are_committed_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let output = shopwatch_in(&Workspace::at(root), &["runbooks", "generate", "--check"]);
    assert_eq!(output.code, 0, "{output:?}");
}

/// Each check has a section in the README of the pages.
#[test]
fn every_check_is_explained() {
    let readme = include_str!("../../../../../runbooks/README.md");
    let (_, readme) = readme.split_once("\n## Checks\n").unwrap();
    let sections: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let checks: Vec<&str> = ::runbooks::lint::CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(sections, checks);
}
