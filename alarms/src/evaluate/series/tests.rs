//! Datapoints over time: windows, delays, calendars, warm-up; and the fast path against a slow one.

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::anomaly::Expected;
use crate::evaluate::range::{Point, Reason, Rule, evaluate};
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::{DynamoDbMissing, Extension, LowSampleScope, Switches};
use crate::model::{MetricAlarm, StateValue, TreatMissingData};

fn alarm(changes: Value) -> MetricAlarm {
    let mut alarm = json!({
        "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"
    });
    if let (Some(alarm), Value::Object(changes)) = (alarm.as_object_mut(), changes) {
        for (key, value) in changes {
            if value.is_null() {
                alarm.remove(&key)
            } else {
                alarm.insert(key, value)
            };
        }
    }
    serde_json::from_value(alarm).unwrap()
}

fn math(expression: &str, changes: Value) -> MetricAlarm {
    let stat = |name: &str, stat: &str| json!({ "Metric": { "Namespace": "N", "MetricName": name }, "Period": 60, "Stat": stat });
    let mut all = json!({
        "Namespace": null, "MetricName": null, "Statistic": null, "Period": null,
        "Metrics": [
            { "Id": "m1", "MetricStat": stat("a", "Sum"), "ReturnData": false },
            { "Id": "m2", "MetricStat": stat("b", "Sum"), "ReturnData": false },
            { "Id": "e1", "Expression": expression }
        ]
    });
    all.as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    alarm(all)
}

/// `12:16` or `12:16:30` of the 27th of November 2026.
fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-11-27T{time}{seconds}Z").parse().unwrap()
}

fn one(value: f64) -> Sample {
    Sample::value(value).unwrap()
}

fn push(evaluator: &mut Evaluator, data: &[(&str, f64)]) {
    for (time, value) in data {
        assert!(evaluator.push(0, at(time), &one(*value)), "{time}");
    }
}

fn evaluator(changes: Value) -> Evaluator {
    Evaluator::new(&alarm(changes), Switches::DEFAULT).unwrap()
}

/// The values of the range, oldest first.
fn values(evaluator: &mut Evaluator, time: &str) -> String {
    let shown = |period: &Period| period.value.map_or("-".to_owned(), |value| value.to_string());
    evaluator
        .periods(at(time))
        .iter()
        .map(shown)
        .collect::<Vec<_>>()
        .join(" ")
}

fn states(evaluator: &mut Evaluator, times: &[(&str, &str)]) {
    for (time, expect) in times {
        let found = evaluator.evaluate(at(time));
        assert_eq!(found.verdict.state.as_str(), *expect, "{time}: {found:?}");
    }
}

/// "At 12:16 an alarm over 5 minutes uses data points with timestamps 12:01, 12:06, 12:11."
#[test]
fn windows_slide_by_the_minute() {
    let mut evaluator = evaluator(json!({ "Period": 300, "EvaluationPeriods": 3 }));
    for minute in 0..20 {
        push(
            &mut evaluator,
            &[(&format!("12:{minute:02}:30"), f64::from(1 << minute))],
        );
    }
    let sum = |from: u32| f64::from((from..from + 5).map(|minute| 1 << minute).sum::<u32>());
    let expect = [1, 6, 11].map(|from| sum(from).to_string()).join(" ");
    assert!(values(&mut evaluator, "12:16").ends_with(&expect));
    assert!(
        values(&mut evaluator, "12:16:59").ends_with(&expect),
        "within the minute it is the same"
    );
    let starts: Vec<String> = evaluator
        .periods(at("12:16"))
        .iter()
        .map(|p| p.start.to_string())
        .collect();
    assert_eq!(starts[4], "2026-11-27T12:11:00Z");
    assert_eq!(starts.len(), 5, "3 + 2 periods");
}

#[test]
fn high_resolution_slides_by_ten_seconds() {
    for period in [10, 20, 30] {
        let mut evaluator = evaluator(json!({ "Period": period }));
        assert_eq!(evaluator.interval(), 10);
        push(&mut evaluator, &[("12:00:07", 1.0)]);
        let mut seen = 0;
        for n in 1..=12 {
            let time = at("12:00") + (10 * n).seconds();
            seen += u32::from(evaluator.evaluate(time).verdict.state == StateValue::Alarm);
        }
        assert_eq!(seen, 3 * period / 10, "it is in 1 + 2 periods of {period} s");
    }
}

/// One breach keeps an alarm of 1 of 1 in ALARM for three periods: the range is N + 2.
#[test]
fn one_error_clears_after_three_periods() {
    let mut evaluator = evaluator(json!({}));
    push(&mut evaluator, &[("12:00:10", 2.0)]);
    states(
        &mut evaluator,
        &[
            ("12:01", "ALARM"),
            ("12:02", "ALARM"),
            ("12:03", "ALARM"),
            ("12:04", "OK"),
        ],
    );
    let found = evaluator.evaluate(at("12:03"));
    assert!(
        found.verdict.depends.range_size,
        "with N + 1 it would have cleared a minute earlier"
    );
}

#[test]
fn late_datapoints_are_seen_by_the_next_evaluation() {
    let mut evaluator = evaluator(json!({ "Period": 300, "EvaluationPeriods": 2, "DatapointsToAlarm": 1 }));
    states(&mut evaluator, &[("12:05", "OK"), ("12:06", "OK")]);
    push(&mut evaluator, &[("12:02", 1.0)]);
    states(
        &mut evaluator,
        &[("12:06", "ALARM"), ("12:07", "ALARM"), ("12:10", "ALARM")],
    );
    assert!(
        !evaluator.push(0, at("11:00"), &one(1.0)),
        "older than any evaluation looks"
    );
    assert!(!evaluator.push(1, at("12:00"), &one(1.0)), "no such metric");
}

#[test]
fn datapoints_may_come_long_before() {
    let mut evaluator = evaluator(json!({}));
    for minute in 0..600 {
        let time = at("00:00") + (60 * minute).seconds();
        assert!(evaluator.push(0, time, &one(f64::from(u8::from(minute == 300)))));
    }
    let alarms: Vec<i32> = (1..=600)
        .filter(|n| evaluator.evaluate(at("00:00") + (60 * n).seconds()).verdict.state == StateValue::Alarm)
        .collect();
    assert_eq!(alarms, [301]);
}

/// guardian PR #2423: a function runs every 20 minutes, hangs for 15, and its errors are seen 17 minutes after the start;
/// 6 of 6 periods of 15 minutes, notBreaching. The people saw ALARM at 02:57 and OK at 03:01.
#[test]
fn a_field_observation_to_the_minute() {
    let mut evaluator = evaluator(json!({ "Period": 900, "EvaluationPeriods": 6 }));
    let errors: Vec<Recorded> = (0..6)
        .map(|n| Recorded {
            metric: 0,
            at: at("01:00") + (20 * n).minutes(),
            sample: one(1.0),
        })
        .collect();
    let changes = replay(
        &mut evaluator,
        &errors,
        at("01:00"),
        at("05:00"),
        SignedDuration::from_mins(17),
    );
    let found: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {}", change.at, change.state()))
        .collect();
    assert_eq!(
        found,
        [
            "2026-11-27T01:00:00Z OK",
            "2026-11-27T02:57:00Z ALARM",
            "2026-11-27T03:01:00Z OK"
        ]
    );
}

#[test]
fn multi_day_alarms_are_evaluated_hourly() {
    let mut evaluator = evaluator(json!({ "Period": 86400, "EvaluationPeriods": 2, "DatapointsToAlarm": 1 }));
    assert_eq!(evaluator.interval(), 3600);
    push(&mut evaluator, &[("11:30", 1.0)]);
    states(
        &mut evaluator,
        &[("11:59", "OK"), ("12:00", "ALARM"), ("12:30", "ALARM")],
    );
    let one_day = Evaluator::new(
        &alarm(json!({ "Period": 3600, "EvaluationPeriods": 24 })),
        Switches::DEFAULT,
    );
    assert_eq!(one_day.unwrap().interval(), 60, "a day is not more than a day");
}

#[test]
fn wall_clock_windows_are_those_of_the_calendar() {
    let window = |zone: &str| json!({ "WallClockWindow": { "Timezone": zone } });
    let days = json!({ "Period": 86400, "EvaluationPeriods": 1, "Statistic": "SampleCount" });
    let mut changes = days.clone();
    changes["EvaluationWindow"] = window("Europe/Berlin");
    let mut evaluator = Evaluator::new(&alarm(changes), Switches::DEFAULT).unwrap();
    // The 25th of October 2026 has 25 hours in Berlin.
    let start: Timestamp = "2026-10-24T22:00:00Z".parse().unwrap();
    for hour in 0..30 {
        evaluator.push(0, start + (60 * hour).minutes(), &one(1.0));
    }
    let of = |evaluator: &mut Evaluator, time: &str| {
        let found = evaluator.periods(time.parse().unwrap());
        assert_eq!(found.len(), 1, "exactly N");
        (found[0].start.to_string(), found[0].value)
    };
    assert_eq!(
        of(&mut evaluator, "2026-10-26T05:00:00Z"),
        ("2026-10-24T22:00:00Z".to_owned(), Some(25.0))
    );
    let found = evaluator
        .evaluate("2026-10-26T05:00:00Z".parse().unwrap())
        .verdict;
    assert_eq!(
        (found.state, found.depends.range_size),
        (StateValue::Alarm, false)
    );
}

#[test]
fn wall_clock_weeks_start_on_monday_and_hours_on_the_zones_hour() {
    let starts = |period: u32, zone: &str, time: &str| {
        let window = json!({ "WallClockWindow": { "Timezone": zone } });
        let alarm = alarm(json!({ "Period": period, "EvaluationWindow": window }));
        let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT).unwrap();
        evaluator.periods(at(time))[0].start.to_string()
    };
    // The 27th is a Friday; the last complete week began on Monday the 16th.
    assert_eq!(starts(604_800, "UTC", "12:00"), "2026-11-16T00:00:00Z");
    assert_eq!(
        starts(604_800, "America/New_York", "12:00"),
        "2026-11-16T05:00:00Z"
    );
    assert_eq!(starts(3600, "+05:30", "12:40"), "2026-11-27T11:30:00Z");
    assert_eq!(starts(300, "UTC", "12:09"), "2026-11-27T12:00:00Z");
    assert_eq!(starts(60, "UTC", "12:09:59"), "2026-11-27T12:08:00Z");
}

/// "Suppose that you create this alarm at 10:00 and the resource starts to publish at 10:04 … at about 10:19."
#[test]
fn a_warm_up_ends_when_the_window_is_full() {
    let warm_up = |only: bool| {
        let configuration =
            json!({ "WarmUpPeriodDurationInMinutes": 30, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": only });
        let alarm =
            alarm(json!({ "Period": 300, "EvaluationPeriods": 3, "WarmUpConfiguration": configuration }));
        let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT)
            .unwrap()
            .created(at("10:00"));
        let mut first = None;
        for minute in 0..40 {
            let now = at("10:00") + (60 * minute).seconds();
            if minute > 4 {
                evaluator.push(0, now - 60.seconds(), &one(0.0));
            }
            if evaluator.evaluate(now).verdict.reason != Reason::WarmUp {
                first = first.or(Some(minute));
            }
        }
        first
    };
    assert_eq!(warm_up(false), Some(19));
    assert_eq!(warm_up(true), Some(30));
}

/// A dead man's switch whose metric falls silent within the configured time, after it was evaluated: that is what it is for.
#[test]
fn a_warm_up_that_ended_early_does_not_begin_again() {
    let reasons = |only: bool| {
        let configuration =
            json!({ "WarmUpPeriodDurationInMinutes": 30, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": only });
        let alarm = alarm(
            json!({ "Period": 300, "EvaluationPeriods": 1, "TreatMissingData": "breaching",
            "WarmUpConfiguration": configuration }),
        );
        let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT)
            .unwrap()
            .created(at("10:00"));
        let mut found = Vec::new();
        for minute in 0..40 {
            let now = at("10:00") + (60 * minute).seconds();
            // Of 10:04 to 10:08, seen a minute later; silence after that.
            if (5..10).contains(&minute) {
                evaluator.push(0, now - 60.seconds(), &one(0.0));
            }
            let verdict = evaluator.evaluate(now).verdict;
            let told = (verdict.state, verdict.reason == Reason::WarmUp);
            if found.last().is_none_or(|(_, last)| *last != told) {
                found.push((minute, told));
            }
        }
        found
    };
    let (cold, ok, fires) = (
        (StateValue::InsufficientData, true),
        (StateValue::Ok, false),
        (StateValue::Alarm, false),
    );
    let early = reasons(false);
    assert_eq!(early[..2], [(0, cold), (9, ok)]);
    assert_eq!(early.len(), 3, "{early:?}");
    assert_eq!(early[2].1, fires, "within the warm-up's half hour: {early:?}");
    assert!(early[2].0 < 30, "{early:?}");
    assert_eq!(reasons(true), [(0, cold), (30, fires)]);
}

#[test]
fn percentiles_over_few_samples_keep_the_state() {
    let p90 = json!({ "Statistic": null, "ExtendedStatistic": "p90", "Threshold": 5,
        "EvaluateLowSampleCountPercentile": "ignore", "EvaluationPeriods": 2, "DatapointsToAlarm": 1 });
    let many = |count: f64| Sample::values([(9.0, count)]).unwrap();
    let mut evaluator = Evaluator::new(&alarm(p90.clone()), Switches::DEFAULT)
        .unwrap()
        .in_state(StateValue::Ok);
    evaluator.push(0, at("12:00"), &many(99.0));
    let found = evaluator.evaluate(at("12:01")).verdict;
    assert_eq!(
        (found.state, found.reason),
        (StateValue::Ok, Reason::LowSamples),
        "99 samples of 100"
    );
    evaluator.push(0, at("12:01"), &many(100.0));
    assert_eq!(evaluator.evaluate(at("12:02")).verdict.state, StateValue::Alarm);
    let switches = Switches {
        low_samples: LowSampleScope::WholeRange,
        ..Switches::DEFAULT
    };
    let mut strict = Evaluator::new(&alarm(p90), switches)
        .unwrap()
        .in_state(StateValue::Ok);
    strict.push(0, at("12:00"), &many(99.0));
    strict.push(0, at("12:01"), &many(100.0));
    assert_eq!(strict.evaluate(at("12:02")).verdict.reason, Reason::LowSamples);
}

#[test]
fn missing_data_of_dynamo_db() {
    let state = |treat: Value, switches: Switches| {
        let alarm = alarm(json!({ "Namespace": "AWS/DynamoDB", "TreatMissingData": treat }));
        let mut evaluator = Evaluator::new(&alarm, switches)
            .unwrap()
            .in_state(StateValue::Alarm);
        let verdict = evaluator.evaluate(at("12:00")).verdict;
        (verdict.state, verdict.depends.dynamo_db)
    };
    let always = Switches {
        dynamo_db: DynamoDbMissing::AlwaysIgnore,
        ..Switches::DEFAULT
    };
    assert_eq!(state(Value::Null, Switches::DEFAULT), (StateValue::Alarm, false));
    assert_eq!(
        state(json!("notBreaching"), Switches::DEFAULT),
        (StateValue::Ok, true)
    );
    assert_eq!(state(json!("notBreaching"), always), (StateValue::Alarm, true));
}

#[test]
fn math_is_computed_over_the_range() {
    let mut rate = Evaluator::new(
        &math("IF(m2 > 2, 100 * m1 / m2, 0)", json!({ "Threshold": 20 })),
        Switches::DEFAULT,
    )
    .unwrap();
    assert_eq!(rate.metrics().collect::<Vec<_>>(), ["m1", "m2"]);
    rate.push(0, at("12:00"), &one(1.0));
    rate.push(1, at("12:00"), &one(4.0));
    rate.push(1, at("12:01"), &one(2.0));
    states(&mut rate, &[("12:01", "ALARM"), ("12:02", "OK"), ("12:05", "OK")]);

    // Functions of a whole series see N + 2 periods.
    let mut sum = Evaluator::new(
        &math("TIME_SERIES(SUM(m1))", json!({ "Threshold": 5 })),
        Switches::DEFAULT,
    )
    .unwrap();
    for minute in 0..3 {
        sum.push(0, at("12:00") + (60 * minute).seconds(), &one(2.0));
    }
    let found = sum.evaluate(at("12:03")).verdict;
    assert_eq!(
        (found.state, found.depends.range_size),
        (StateValue::Alarm, true),
        "6 over three periods, 2 over one"
    );

    // FILL makes a missing newest minute a zero.
    let mut filled = Evaluator::new(&math("FILL(m1, 0)", json!({})), Switches::DEFAULT).unwrap();
    filled.push(0, at("12:00"), &one(1.0));
    states(&mut filled, &[("12:01", "ALARM"), ("12:02", "OK")]);
}

#[test]
fn bands_need_a_model() {
    let metrics = json!([
        { "Id": "m1", "MetricStat": { "Metric": { "Namespace": "N", "MetricName": "a" }, "Period": 60, "Stat": "Sum" } },
        { "Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)" }
    ]);
    let state = |operator: &str, value: f64, model: bool| {
        let alarm = math(
            "m1",
            json!({ "Metrics": metrics, "ThresholdMetricId": "band", "Threshold": null,
            "ComparisonOperator": operator, "TreatMissingData": "missing" }),
        );
        let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT).unwrap();
        if model {
            evaluator = evaluator.with_model(Box::new(Expected {
                mean: 10.0,
                deviation: 1.0,
            }));
        }
        evaluator.push(0, at("12:00"), &one(value));
        evaluator.evaluate(at("12:01")).verdict.state
    };
    let both = "LessThanLowerOrGreaterThanUpperThreshold";
    for (operator, value, expect) in [
        (both, 13.5, StateValue::Alarm),
        (both, 6.5, StateValue::Alarm),
        (both, 13.0, StateValue::Ok),
        ("GreaterThanUpperThreshold", 6.5, StateValue::Ok),
        ("GreaterThanUpperThreshold", 13.5, StateValue::Alarm),
        ("LessThanLowerThreshold", 6.5, StateValue::Alarm),
        ("LessThanLowerThreshold", 13.5, StateValue::Ok),
    ] {
        assert_eq!(state(operator, value, true), expect, "{operator} {value}");
    }
    assert_eq!(state(both, 99.0, false), StateValue::InsufficientData);
}

#[test]
fn alarms_that_cannot_be_evaluated_say_why() {
    let check = |alarm: MetricAlarm, expect: &str| {
        assert_eq!(
            Evaluator::new(&alarm, Switches::DEFAULT).unwrap_err().to_string(),
            expect
        );
    };
    check(
        alarm(json!({ "Period": 45 })),
        "a period of 45 s: it must be 10, 20, 30 or a multiple of 60",
    );
    check(
        alarm(json!({ "DatapointsToAlarm": 2 })),
        "DatapointsToAlarm is 2, and must be from 1 to EvaluationPeriods, which is 1",
    );
    check(alarm(json!({ "Threshold": null })), "Threshold is missing");
    check(
        math("SELECT x", json!({})),
        "entry `e1`: the Metrics Insights query cannot be read: AVG, COUNT, MAX, MIN or SUM is expected, not `x`, at character 8",
    );
    check(
        math("SELECT MAX(x) FROM N GROUP BY d", json!({})),
        "entry `e1` is a Metrics Insights query with GROUP BY: each of its series has a state of its own on AWS, and here an alarm has one",
    );
}

/// The same by brute force: at every evaluation all periods from all datapoints that were seen.
fn slowly(
    data: &[(i64, i64, u8)],
    now: i64,
    period: i64,
    rule: &Rule,
    previous: StateValue,
) -> (StateValue, bool) {
    let size = |size: u32| -> Vec<Point> {
        (0..i64::from(size))
            .rev()
            .map(|age| {
                let (start, end) = (now - (age + 1) * period, now - age * period);
                let seen = data
                    .iter()
                    .filter(|(at, seen, _)| *seen <= now && (start..end).contains(at));
                match seen.map(|(_, _, value)| u32::from(*value)).reduce(|a, b| a + b) {
                    None => Point::Missing,
                    Some(sum) if sum > 3 => Point::Breaching,
                    Some(_) => Point::Within,
                }
            })
            .collect()
    };
    let n = rule.evaluation_periods();
    let state = evaluate(&size(rule.range()), rule, previous).state;
    let depends = (n..=n + 4).any(|other| evaluate(&size(other), rule, previous).state != state);
    (state, depends)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Any datapoints, each seen some minutes after its time, any rule: the registers say what brute force says.
    #[test]
    fn fast_is_right(
        data in proptest::collection::vec((0_i64..90, 0_i64..20, 0_u8..4), 0..60),
        k in 1_i64..4, n in 1_u32..5, m in 1_u32..5, treat in 0_usize..4, extension in 0_u32..4, high in any::<bool>(),
        whole in any::<bool>(),
    ) {
        let m = m.min(n);
        let step = if high { 10 } else { 60 };
        let period = k * step;
        let treat = TreatMissingData::ALL[treat];
        let switches = Switches { extension: Extension::Fixed(extension), ..Switches::DEFAULT };
        let rule = Rule::new(n, m, treat).unwrap().with_switches(switches);
        let changes = json!({ "EvaluationPeriods": n, "DatapointsToAlarm": m, "Threshold": 3, "TreatMissingData": treat });
        let definition = if whole {
            // DATAPOINT_COUNT makes it a function of the whole range that changes nothing.
            let mut alarm = math("m1 + 0 * DATAPOINT_COUNT(m1)", changes);
            for query in &mut alarm.metrics {
                if let Some(stat) = &mut query.metric_stat {
                    stat.period = u32::try_from(period).unwrap();
                }
            }
            alarm
        } else {
            let mut alarm = alarm(changes);
            alarm.period = Some(u32::try_from(period).unwrap());
            alarm
        };
        let mut evaluator = Evaluator::new(&definition, switches).unwrap();
        let data: Vec<(i64, i64, u8)> =
            data.into_iter().map(|(at, delay, value)| (at * step + step / 2, (at + delay) * step, value)).collect();
        let mut state = StateValue::InsufficientData;
        for tick in 0..120 {
            let now = tick * step;
            for (at, seen, value) in &data {
                if (now - step + 1..=now).contains(seen) {
                    evaluator.push(0, Timestamp::from_second(*at).unwrap(), &one(f64::from(*value)));
                }
            }
            let (expect, depends) = slowly(&data, now, period, &rule, state);
            let found = evaluator.evaluate(Timestamp::from_second(now).unwrap());
            prop_assert_eq!(found.verdict.state, expect, "{} at {}: {:?}", rule.range(), now, found);
            prop_assert_eq!(found.verdict.depends.range_size, depends, "at {}", now);
            state = expect;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// The same for alarms that look at more periods than a word has bits.
    #[test]
    fn wide_is_right(
        data in proptest::collection::vec((0_i64..320, 0_i64..40, 0_u8..9), 0..400),
        k in 1_i64..3, n in 61_u32..140, m in 1_u32..140, treat in 0_usize..4,
    ) {
        let m = m.min(n);
        let treat = TreatMissingData::ALL[treat];
        let rule = Rule::new(n, m, treat).unwrap();
        let changes = json!({ "EvaluationPeriods": n, "DatapointsToAlarm": m, "Threshold": 3, "TreatMissingData": treat,
            "Period": 60 * k });
        let mut evaluator = Evaluator::new(&alarm(changes), Switches::DEFAULT).unwrap();
        let data: Vec<(i64, i64, u8)> =
            data.into_iter().map(|(at, delay, value)| (at * 60 + 30, (at + delay) * 60, value)).collect();
        let mut state = StateValue::InsufficientData;
        for tick in 0..340 {
            let now = tick * 60;
            for (at, seen, value) in &data {
                if (now - 59..=now).contains(seen) {
                    evaluator.push(0, Timestamp::from_second(*at).unwrap(), &one(f64::from(*value)));
                }
            }
            let (expect, depends) = slowly(&data, now, 60 * k, &rule, state);
            let found = evaluator.evaluate(Timestamp::from_second(now).unwrap());
            prop_assert_eq!(found.verdict.state, expect, "{} at {}: {:?}", rule.range(), now, found);
            prop_assert_eq!(found.verdict.depends.range_size, depends, "at {}", now);
            state = expect;
        }
    }
}

/// Windows of the calendar are kept between evaluations; a datapoint that comes late is seen all the same.
#[test]
fn late_datapoints_are_seen_in_calendar_windows() {
    let window = json!({ "WallClockWindow": {} });
    let mut evaluator = evaluator(json!({ "Period": 3600, "EvaluationWindow": window }));
    states(&mut evaluator, &[("12:00", "OK"), ("12:01", "OK")]);
    push(&mut evaluator, &[("12:00:30", 1.0)]);
    states(&mut evaluator, &[("12:02", "OK")]);
    push(&mut evaluator, &[("11:59:30", 1.0)]);
    states(
        &mut evaluator,
        &[
            ("12:02", "ALARM"),
            ("12:59", "ALARM"),
            ("13:00", "ALARM"),
            ("14:00", "OK"),
        ],
    );
}
