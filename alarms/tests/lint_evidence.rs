//! What the linter says of alarms is what the evaluator does with them: the claims of `CHECKS.md` about missing data, minute by
//! minute.

use std::collections::BTreeMap;

/// A scenario that passes.
#[expect(
    clippy::unwrap_used,
    reason = "a scenario that cannot be read is a mistake in this file"
)]
fn check(definition: &str, rest: &str) {
    let file = format!("definition: {{ {definition} }}\nstart: 2026-11-27T02:00:00Z\n{rest}");
    let scenarios = alarms::scenario::read("evidence.yaml", &file, &BTreeMap::new()).unwrap();
    for scenario in scenarios {
        let outcome = scenario.run();
        assert!(outcome.passed, "{outcome}");
    }
}

const ERRORS: &str = "Namespace: AWS/Lambda, MetricName: Errors, Statistic: Sum, Period: 60, Threshold: 0, \
                      ComparisonOperator: GreaterThanThreshold";
const CALLS: &str = "Namespace: AWS/Lambda, MetricName: Invocations, Statistic: Sum, Threshold: 1, \
                     ComparisonOperator: LessThanThreshold";

/// `sparse-metric-missing`: an alarm of 3 of 3 fires on one breach, one of 1 of 1 never says OK.
#[test]
fn one_breach_and_silence_fires() {
    check(
        &format!("{ERRORS}, EvaluationPeriods: 3"),
        "series: { Errors: \"_x10 1 _x20\" }\nexpect: [{ at: 13m, state: ALARM }, { at: 20m, state: INSUFFICIENT_DATA }]",
    );
    check(
        &format!("{ERRORS}, EvaluationPeriods: 3, TreatMissingData: notBreaching"),
        "series: { Errors: \"_x10 1 _x20\" }\nexpect: [{ at: 13m, state: OK }]\nnever: [ALARM]",
    );
    check(
        &format!("{ERRORS}, EvaluationPeriods: 1"),
        "series: { Errors: \"_x10 1 _x20\" }\nexpect: [{ at: 11m, state: ALARM }, { at: 30m, state: INSUFFICIENT_DATA }]\nnever: [OK]",
    );
}

/// `heartbeat-never-fires`: what does not happen has no datapoint, so nothing is below 1.
#[test]
fn a_heartbeat_needs_breaching() {
    let silent = "series: { Invocations: \"1x10 _x60\" }\nprevious_state: OK\n";
    check(
        &format!("{CALLS}, Period: 300, EvaluationPeriods: 2, TreatMissingData: notBreaching"),
        &format!("{silent}expect: [{{ at: 70m, state: OK }}]\nnever: [ALARM]"),
    );
    check(
        &format!("{CALLS}, Period: 300, EvaluationPeriods: 2, TreatMissingData: breaching"),
        &format!("{silent}expect: [{{ at: 70m, state: ALARM }}]"),
    );
}

/// `late-heartbeat`: after good data an alarm of one day fires when three days are silent, with a wall clock window after one.
#[test]
fn a_heartbeat_of_a_day_fires_on_the_third() {
    let days = "interval: 1h\nseries: { Invocations: \"1 _x95\" }\n";
    let heartbeat = format!("{CALLS}, Period: 86400, EvaluationPeriods: 1, TreatMissingData: breaching");
    check(
        &heartbeat,
        &format!(
            "{days}expect: [{{ at: 47h, state: OK }}, {{ at: 71h, state: OK }}, {{ at: 74h, state: ALARM }}]"
        ),
    );
    check(
        &format!("{heartbeat}, EvaluationWindow: {{ WallClockWindow: {{ Timezone: UTC }} }}"),
        &format!("{days}expect: [{{ at: 23h, state: OK }}, {{ at: 47h, state: ALARM }}]"),
    );
}

/// `fill-hides-newest`: with datapoints that are seen two minutes later, 3 of 3 never fires and 3 of 5 does.
#[test]
fn fill_hides_the_newest_minutes() {
    let of = |m: u32, n: u32| {
        format!(
            "Metrics: [{{ Id: w, Expression: \"FILL(m, 0)\" }}, {{ Id: m, ReturnData: false, MetricStat: {{ Period: 60, Stat: Sum, \
             Metric: {{ Namespace: AWS/Lambda, MetricName: Errors }} }} }}], Threshold: 0, ComparisonOperator: GreaterThanThreshold, \
             EvaluationPeriods: {n}, DatapointsToAlarm: {m}"
        )
    };
    let late = "visibility_delay: 2m\nseries: { m: \"0x5 1x20\" }\n";
    check(
        &of(3, 3),
        &format!("{late}never: [ALARM]\nexpect: [{{ at: 20m, state: OK }}]"),
    );
    check(&of(3, 5), &format!("{late}expect: [{{ at: 20m, state: ALARM }}]"));
}

/// `loss-needs-repetition`: one lost event in a quiet hour is not told by 3 of 5.
#[test]
fn one_lost_event_is_not_told() {
    let quiet = "series: { Errors: \"_x10 1 _x30\" }\nprevious_state: OK\n";
    check(
        &format!("{ERRORS}, EvaluationPeriods: 5, DatapointsToAlarm: 3, TreatMissingData: notBreaching"),
        &format!("{quiet}never: [ALARM]\nexpect: [{{ at: 30m, state: OK }}]"),
    );
    check(
        &format!("{ERRORS}, EvaluationPeriods: 5, DatapointsToAlarm: 1, TreatMissingData: notBreaching"),
        &format!("{quiet}expect: [{{ at: 11m, state: ALARM }}]"),
    );
}

/// `late-heartbeat`: also one of a quarter of an hour fires after three of them.
#[test]
fn a_heartbeat_of_a_quarter_of_an_hour_fires_after_three() {
    check(
        &format!("{CALLS}, Period: 900, EvaluationPeriods: 1, TreatMissingData: breaching"),
        "series: { Invocations: \"1x15 _x60\" }\nexpect: [{ at: 44m, state: OK }, { at: 60m, state: ALARM }]",
    );
}

/// `sparse-metric-breaching`: without calls it is in ALARM.
#[test]
fn a_quiet_night_is_an_alarm() {
    check(
        &format!("{ERRORS}, EvaluationPeriods: 1, TreatMissingData: breaching"),
        "series: { Errors: \"0x10 _x20\" }\nexpect: [{ at: 10m, state: OK }, { at: 20m, state: ALARM }]",
    );
}

/// `sparse-metric-ignore`: after one event it stays in ALARM.
#[test]
fn one_event_is_for_ever() {
    let event = "series: { Errors: \"_x10 1 _x200\" }\nprevious_state: OK\n";
    check(
        &format!("{ERRORS}, EvaluationPeriods: 1, TreatMissingData: ignore"),
        &format!("{event}expect: [{{ at: 11m, state: ALARM }}, {{ at: 200m, state: ALARM }}]"),
    );
    check(
        &format!("{ERRORS}, EvaluationPeriods: 1, TreatMissingData: notBreaching"),
        &format!("{event}expect: [{{ at: 11m, state: ALARM }}, {{ at: 200m, state: OK }}]"),
    );
}
