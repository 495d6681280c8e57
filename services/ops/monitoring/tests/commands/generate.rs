//! `shopwatch alarms generate`.

use std::path::Path;

use expect_test::expect;
use ops_monitoring::Workspace;

use crate::shell::shopwatch_in;

const FILES: &[&str] = &["infra/orders.yaml", "alarms/definitions/shop.yaml"];

/// A workspace that may be written to.
#[expect(clippy::unwrap_used, reason = "a test without its workspace cannot go on")]
pub(crate) fn copy() -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/orders");
    let to = tempfile::tempdir().unwrap();
    for file in FILES {
        let target = to.path().join(file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(from.join(file), target).unwrap();
    }
    to
}

#[test]
fn templates_are_written_once_and_then_are_current() {
    let folder = copy();
    let workspace = Workspace::at(folder.path());
    let run = |arguments: &[&str]| {
        let output = shopwatch_in(&workspace, &[&["alarms", "generate"], arguments].concat());
        format!("{} {}{}", output.code, output.out, output.error)
    };
    expect![[r#"
        1 infra/generated/shop-alarms.yaml is missing
        8 alarms, 0 metric filters, 2 accepted gaps
    "#]]
    .assert_eq(&run(&["--check"]));
    expect![[r#"
        0 infra/generated/shop-alarms.yaml is written
        8 alarms, 0 metric filters, 2 accepted gaps
    "#]]
    .assert_eq(&run(&[]));
    expect![[r#"
        0 infra/generated/shop-alarms.yaml is current
        8 alarms, 0 metric filters, 2 accepted gaps
    "#]]
    .assert_eq(&run(&["--check"]));
    let definitions = folder.path().join("alarms/definitions/shop.yaml");
    let text = std::fs::read_to_string(&definitions).unwrap();
    std::fs::write(&definitions, text.replace("factor: 0.5", "factor: 0.9")).unwrap();
    expect![[r#"
        1 infra/generated/shop-alarms.yaml is stale
          ~ ShopOrdersDuration
              - Watches AWS/Lambda Duration. In ALARM when: 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5000 or more.
              + Watches AWS/Lambda Duration. In ALARM when: 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 9000 or more.
              - Threshold: 5000
              + Threshold: 9000
        8 alarms, 0 metric filters, 2 accepted gaps
    "#]].assert_eq(&run(&["--check"]));
    std::fs::write(&definitions, text.replace("duration:", "durations:")).unwrap();
    expect!["2 read the definitions: alarms/definitions/shop.yaml:9:5: `durations` is no failure mode of Function; is it `duration`? Known are errors, error-rate, throttles, duration, concurrency, async-age, async-dropped, dead-letter-errors, destination-failures, iterator-age, recursion, spillover, mapping-failed, mapping-dropped, mapping-gave-up, url-server-errors, url-latency, heartbeat"].assert_eq(&run(&[]));
    std::fs::write(
        &definitions,
        text.replace("    concurrency: { accepted: None is reserved. }\n", ""),
    )
    .unwrap();
    expect!["2 generate the alarms: infra/orders.yaml:3:3: Orders: no alarm for `concurrency`: no concurrency is reserved for it. Change the resource, or say why nobody wants to know: `resources: { Orders: { concurrency: { accepted: … } } }`; change the template, or a file in alarms/definitions"].assert_eq(&run(&[]));
}

/// The repository's own.
#[test]
fn what_is_committed_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let output = shopwatch_in(&Workspace::at(root), &["alarms", "generate", "--check"]);
    assert_eq!(output.code, 0, "{output:?}");
}
