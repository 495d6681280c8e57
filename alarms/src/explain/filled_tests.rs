//! Alarms whose math makes values of missing datapoints: what the sentences say, beside scenarios, which know nothing of a rehearsal.

use expect_test::{Expect, expect};

use super::*;
use crate::model::MetricAlarm;

fn definition(expression: &str, rest: &str) -> String {
    let ids = ["calls", "errors"].map(|id| {
        format!(
            r#"{{ "Id": "{id}", "ReturnData": false, "MetricStat": {{ "Stat": "Sum", "Period": 300, "Metric": {{ "Namespace": "N", "MetricName": "{id}" }} }} }}"#
        )
    });
    let ids: Vec<&str> = ["calls", "errors"]
        .into_iter()
        .zip(&ids)
        .filter(|(id, _)| expression.contains(id))
        .map(|(_, text)| text.as_str())
        .collect();
    format!(
        r#"{{ "AlarmName": "a", "Metrics": [{}, {{ "Id": "e", "Expression": "{expression}" }}], {rest} }}"#,
        ids.join(", ")
    )
}

fn told(definition: &str) -> Explanation {
    let alarm: MetricAlarm = serde_json::from_str(definition).unwrap();
    explain(&alarm.into()).unwrap()
}

fn check(expression: &str, rest: &str, expect: &Expect) {
    let told = told(&definition(expression, rest));
    expect.assert_eq(&format!(
        "{}\n{}\n{}\n{}\n",
        told.at_the_earliest, told.clears, told.silence, told.late_data
    ));
}

/// States at minutes after the begin of a scenario.
fn scenario(definition: &str, series: &str, delay: &str, expect: &str) {
    let text = format!(
        "definition: {definition}\nstart: 2026-11-27T02:00:00Z\ninterval: 5m\nseries: {{ {series} }}\nvisibility_delay: {delay}\nexpect: [{expect}]"
    );
    let read = crate::scenario::read("f", &text, &std::collections::BTreeMap::new());
    let outcome = read.unwrap().remove(0).run();
    assert!(outcome.passed, "{outcome}");
}

#[test]
fn filled_silence_that_breaches() {
    let rest = r#""EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 1, "ComparisonOperator": "LessThanThreshold""#;
    check(
        "FILL(calls, 0)",
        rest,
        &expect![[r#"
            6m after the trouble began, if 1m of it make a period breach; 10m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
            1m to 10m after the last breach, as soon as 2 of the newest 3 datapoints do not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
            Is bad: math makes datapoints of missing ones, and they breach; with no datapoint at all the alarm is in ALARM. After good data it takes 10m of silence to fire.
            Is not waited for: until its data is there a datapoint has the value that math makes of a missing one. Good data that comes 10m or more after the end of its period is as bad as silence, and fires.
        "#]],
    );
    let definition = definition("FILL(calls, 0)", rest);
    scenario(
        &definition,
        "calls: \"5x10 _x20\"",
        "0s",
        "{ at: 55m, state: OK }, { at: 60m, state: ALARM }, { at: 150m, state: ALARM }",
    );
    scenario(
        &definition,
        "calls: \"5x10 0x10 5x4\"",
        "0s",
        "{ at: 100m, state: ALARM }, { at: 110m, state: OK }",
    );
    scenario(&definition, "calls: 5x40", "10m", "{ at: 150m, state: OK }");
    scenario(&definition, "calls: 5x40", "15m", "{ at: 150m, state: ALARM }");
}

#[test]
fn filled_silence_that_is_good() {
    let rest = r#""EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold""#;
    check(
        "FILL(errors, 0)",
        rest,
        &expect![[r#"
            11m after the trouble began, if 1m of it make a period breach; 15m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
            1m to 15m after the last breach, as soon as 3 of the newest 5 datapoints do not breach; if nothing comes after the last breach, 15m after it at the latest, to OK.
            Is good: math makes datapoints of missing ones, and they do not breach; with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire.
            Is not waited for: until its data is there a datapoint has the value that math makes of a missing one. Trouble whose data comes 15m or more after the end of its period never fires, however long it lasts.
        "#]],
    );
    let definition = definition("FILL(errors, 0)", rest);
    scenario(
        &definition,
        "errors: \"0x10 1x5 _x20\"",
        "0s",
        "{ at: 75m, state: ALARM }, { at: 85m, state: ALARM }, { at: 90m, state: OK }",
    );
    scenario(
        &definition,
        "errors: \"0x10 1x40\"",
        "15m",
        "{ at: 150m, state: ALARM }",
    );
    scenario(
        &definition,
        "errors: \"0x10 1x40\"",
        "20m",
        "{ at: 150m, state: OK }",
    );
}

#[test]
fn a_share_of_few_calls_is_zero() {
    let rest = r#""EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore""#;
    check(
        "IF(calls >= 10, 100 * errors / calls, 0)",
        rest,
        &expect![[r#"
            6m after the trouble began, if 1m of it make a period breach; 10m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
            1m to 10m after the last breach, as soon as 2 of the newest 3 datapoints do not breach; if nothing comes after the last breach, never, unless what is left in a period does not breach: silence keeps it in ALARM.
            Is ignored: with no datapoint at all the alarm keeps its state. One breach in the midst of silence does not fire.
            A period of which a part has come counts with that part, and may breach where the whole does not, or the other way round. Up to 25m late it can still change the state; after that nobody looks.
        "#]],
    );
    check(
        "FILL(errors, REPEAT)",
        rest,
        &expect![[r#"
            6m after the trouble began, if 1m of it make a period breach; 10m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
            1m to 10m after the last breach, as soon as 2 of the newest 3 datapoints do not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
            Is ignored in the end: math makes datapoints of missing ones only beside others; with no datapoint at all the alarm keeps its state. One breach in the midst of silence fires.
            Is not waited for: until its data is there a datapoint has the value that math makes of a missing one. Trouble whose data comes 25m or more after the end of its period never fires, however long it lasts.
        "#]],
    );
}

#[test]
fn an_alarm_of_the_clock() {
    let rest = r#""EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching""#;
    check(
        "IF(calls > 0 AND HOUR(calls) == 9 AND MINUTE(calls) < 5, 1, 0)",
        rest,
        &expect![[r#"
            5m after the trouble began, and when the data has arrived. It is evaluated every 1m.
            1m to 5m after the last breach, as soon as the newest datapoint does not breach; if nothing comes after the last breach, 5m after it at the latest, to OK.
            Is good: math makes datapoints of missing ones, and they do not breach; with no datapoint at all the alarm is OK.
            Is not waited for: until its data is there a datapoint has the value that math makes of a missing one.
        "#]],
    );
}
