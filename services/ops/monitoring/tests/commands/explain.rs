//! `shopwatch alarms explain`.

use expect_test::expect;

use crate::shell::{check, shopwatch};

#[test]
fn an_alarm_is_explained() {
    check(
        "explain shop-order-errors",
        0,
        &expect![[r#"
        shop-order-errors
          Watches          The sum of Errors (AWS/Lambda) of FunctionName=shop-order in periods of 1m.
          Fires when       2 of the newest 3 datapoints, in a row or not: a datapoint counts that is greater than 0.
          At the earliest  2m after the trouble began, and when the data has arrived. It is evaluated every 1m.
          Clears           2m after the last breach, with the next 2 datapoints that do not breach; if nothing comes after the last breach, 4m after it, to OK.
          Silence          Is good: with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire.
          Late data        Up to 2m late the verdict is only later: the newest 3 datapoints of the last 5 periods count, and missing ones are not asked. Up to 5m late it can still change the state; after that nobody looks.
          Actions          Run once at each change to ALARM.
    "#]],
    );
    check(
        "explain shop-orders",
        0,
        &expect![[r#"
            shop-orders
              Watches          The states of shop-order-error-rate and shop-order-errors.
              Fires when       shop-order-errors is in ALARM or shop-order-error-rate is in ALARM.
              At the earliest  At once with the change of an alarm that it watches.
              Clears           At once when that is no longer so.
              Silence          It has no data of its own: what silence does to the alarms that it watches decides. It is never in INSUFFICIENT_DATA itself after its first evaluation.
              Late data        Only through the alarms that it watches.
              Actions          None: nobody hears of a change.
        "#]],
    );
    check(
        "explain --json Incident",
        0,
        &expect![[r#"
            [{"name":"shop-orders","watches":"The states of shop-order-error-rate and shop-order-errors.","fires_when":"shop-order-errors is in ALARM or shop-order-error-rate is in ALARM.","at_the_earliest":"At once with the change of an alarm that it watches.","clears":"At once when that is no longer so.","silence":"It has no data of its own: what silence does to the alarms that it watches decides. It is never in INSUFFICIENT_DATA itself after its first evaluation.","late_data":"Only through the alarms that it watches.","actions":"None: nobody hears of a change."}]
        "#]],
    );
}

#[test]
fn without_a_name_alarms_are_listed() {
    check(
        "explain",
        0,
        &expect![[r#"
            Backlog                unreadable  infra/generated/shop-alarms.yaml:39
            shop-order-error-rate  metric      infra/generated/shop-alarms.yaml:21
            shop-order-errors      metric      infra/generated/shop-alarms.yaml:6
            shop-orders            composite   infra/generated/shop-alarms.yaml:50
        "#]],
    );
    check(
        "explain --json --template tests/fixtures/nested/root.yaml",
        0,
        &expect![[r#"
            [{"name":"Heartbeat","logical_id":"Heartbeat","file":"tests/fixtures/nested/part.yaml","line":2,"kind":"metric"}]
        "#]],
    );
}

#[test]
fn others_templates_are_read() {
    check(
        "explain --template tests/fixtures/nested/root.yaml --resource Heartbeat",
        0,
        &expect![[r#"
            Heartbeat
              Watches          The sum of Runs (Shop) without dimensions in periods of 1h.
              Fires when       The newest datapoint is less than 1.
              At the earliest  1m after the trouble began, if 1m of it make a period breach; 1h if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
              Clears           1m to 1h after the last breach, as soon as the newest datapoint does not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
              Silence          Is bad: with no datapoint at all the alarm is in ALARM. After good data it takes 3h of silence to fire: 3h back are looked at.
              Late data        A period of which a part has come counts with that part, and its sum is smaller, and may breach for that. Up to 3h late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
    check(
        "explain --parameter Limit=1000 Backlog",
        0,
        &expect![[r#"
        Backlog
          Watches          The highest ApproximateNumberOfMessagesVisible (AWS/SQS) of QueueName=shop-orders in periods of 1m.
          Fires when       The newest datapoint is greater than 1000.
          At the earliest  1m after the trouble began, and when the data has arrived. It is evaluated every 1m.
          Clears           1m after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, 3m after it, to INSUFFICIENT_DATA.
          Silence          Is unknown: with no datapoint at all the alarm goes to INSUFFICIENT_DATA.
          Late data        Up to 2m late the verdict is only later: the newest datapoint of the last 3 periods counts, and missing ones are not asked. Up to 3m late it can still change the state; after that nobody looks.
          Actions          None: nobody hears of a change.
    "#]],
    );
}

#[test]
fn what_cannot_be_explained_says_why() {
    check(
        "explain shop-order-error",
        2,
        &expect![
            "find the alarm shop-order-error: it is not in infra/generated/shop-alarms.yaml; did you mean shop-order-errors?"
        ],
    );
    check(
        "explain nonsense",
        2,
        &expect![
            "find the alarm nonsense: it is not in infra/generated/shop-alarms.yaml; there are Backlog, shop-orders, shop-order-errors, shop-order-error-rate"
        ],
    );
    check(
        "explain Backlog",
        2,
        &expect![
            "read the alarm Backlog: infra/generated/shop-alarms.yaml:48:23: Backlog: Threshold is ${Limit}, which is not known before deployment; correct the template, or give its parameters with --parameter NAME=VALUE"
        ],
    );
    check(
        "explain --template tests/fixtures/nowhere.yaml",
        2,
        &expect!["read tests/fixtures/nowhere.yaml: No such file or directory (os error 2)"],
    );
    check(
        "explain --template tests/fixtures/broken/wrong.yaml",
        2,
        &expect![
            "read tests/fixtures/broken/wrong.yaml: tests/fixtures/broken/wrong.yaml:1:1: there are no Resources; add the section Resources"
        ],
    );
    check(
        "explain --template tests/fixtures/nested/root.yaml --resource Hearbeat",
        2,
        &expect![
            "find the alarm Hearbeat: it is not in tests/fixtures/nested/root.yaml; did you mean Heartbeat?"
        ],
    );
}

/// The default leaves it out; who deploys it in production has it.
#[test]
fn an_alarm_behind_a_condition_is_explained() {
    let template = "explain --template tests/fixtures/lint/by-stage.yaml --resource Errors";
    let output = shopwatch(
        &["alarms"]
            .into_iter()
            .chain(template.split(' '))
            .collect::<Vec<_>>(),
    );
    assert_eq!(output.code, 0, "{output:?}");
    let head: Vec<&str> = output.out.lines().take(3).collect();
    expect![[r#"
        Errors
          There if         The condition InProduction holds, which its parameters decide.
          Watches          The sum of Error (AWS/Lambda) of FunctionName=orders in periods of 1m."#]]
    .assert_eq(&head.join("\n"));
}
