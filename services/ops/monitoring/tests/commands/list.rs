//! `shopwatch alarms list`.

use std::path::Path;

use expect_test::expect;
use ops_monitoring::Workspace;

use crate::shell::shopwatch_in;

fn orders() -> Workspace {
    Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/orders"))
}

#[test]
fn alarms_and_gaps_are_listed() {
    let output = shopwatch_in(&orders(), &["alarms", "list", "Orders"]);
    assert_eq!(output.code, 0, "{output:?}");
    expect![[r#"
        shop-orders-duration  ticket  Orders
            The highest Duration (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5000 or more.
            missing data is notBreaching: the metric comes with traffic: without traffic nothing fails
        shop-orders-error-rate  journal  Orders
            `watched`: `IF(calls >= 10, 100 * errors / calls, 0)`, where `errors` is the sum of Errors (AWS/Lambda) of FunctionName=shop-orders in periods of 1m; `calls` is the sum of Invocations (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5 or more.
            acts through shop-orders-failing
        shop-orders-throttles  journal  Orders
            The sum of Throttles (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
            acts through shop-orders-failing
        shop-orders-failing  ticket  Orders
            The states of shop-orders-error-rate and shop-orders-throttles. shop-orders-error-rate is in ALARM or shop-orders-throttles is in ALARM.

        No alarm, accepted because (1):
          Orders  concurrency  None is reserved.

        4 alarms: 0 page, 2 ticket, 2 journal; 1 gaps
    "#]].assert_eq(&output.out);
    let output = shopwatch_in(&orders(), &["alarms", "list", "--json", "duration"]);
    expect![[r#"
        {"alarms":[{"name":"shop-orders-duration","severity":"ticket","resource":"Orders","kind":"Function","failure_mode":"duration","condition":"The highest Duration (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5000 or more.","missing_data":"notBreaching","missing_because":"the metric comes with traffic: without traffic nothing fails","acts_through":null,"dashboard":"shop-incident-functions","runbook":"https://git.internal/runbooks/shop-orders-duration.md"}],"gaps":[]}
    "#]].assert_eq(&output.out);
    let output = shopwatch_in(&orders(), &["alarms", "list", "--cost"]);
    let last: Vec<&str> = output.out.lines().rev().take(2).collect();
    expect![[r#"
        a month: 8 metrics at 0.10 USD, 1 composites at 0.50: 1.30 USD (list prices of us-east-1 on 2026-11-21; the first 10 metrics of an account are free)
        8 alarms: 4 page, 2 ticket, 2 journal; 2 gaps"#]].assert_eq(&last.join("\n"));
    let output = shopwatch_in(&orders(), &["alarms", "list", "nothing-like-this"]);
    assert_eq!(output.code, 1, "{output:?}");
}

#[test]
fn a_misspelt_name_is_understood() {
    let output = shopwatch_in(&orders(), &["alarms", "list", "orders-duratoin"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output.out.ends_with("did you mean orders-duration?\n"),
        "{output:?}"
    );
}
