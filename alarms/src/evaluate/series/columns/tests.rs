//! Columns against the evaluator: the same changes, and windows to the last bit.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::{MetricAlarm, TreatMissingData};

use super::super::replay::one_by_one;
use super::super::{Evaluator, Recorded};
use super::windows::{Places, highest, lowest, sums};

/// 2026-11-27T02:00:00Z
const START: i64 = 1_795_744_800;
const STATISTICS: [&str; 5] = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];
const OPERATORS: [&str; 4] = [
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
];
/// As generated alarms have them, and some that they do not.
const EXPRESSIONS: [&str; 12] = [
    "IF(m1 >= 3, 10 * m2 / m1, 0)",
    "FILL(IF(m1 >= 1, 10 * m2 / m1, 0), 0)",
    "FILL(m1, 0) + FILL(m2, 0)",
    "MAX([FILL(m1, 0), FILL(m2, 0)])",
    "MAX([10 * m1 / 7 / m2, m2 / 3])",
    "IF(FILL(m1, 0) > 0, 0, FILL(m2, 0))",
    "IF(m1 > 0 AND HOUR(m1) == 2 AND MINUTE(m1) < 35, 1, 0)",
    "SUM([m1, m2]) - AVG([m1, m2])",
    "ABS(m1 - m2) * CEIL(LOG(m1)) ^ 0.5",
    "-m1 + 8",
    "IF(m1, m2)",
    "STDDEV([m1, m2, FILL(m2, 7)])",
];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

#[derive(Debug)]
struct Question {
    recording: Vec<Recorded>,
    from: i64,
    to: i64,
    delay: i64,
}

fn alarm(changes: Value) -> MetricAlarm {
    let mut alarm = json!({
        "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 3,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "missing"
    });
    let (Some(fields), Value::Object(changes)) = (alarm.as_object_mut(), changes) else {
        unreachable!("both are objects")
    };
    fields.extend(changes);
    fields.retain(|_, value| !value.is_null());
    serde_json::from_value(alarm).unwrap()
}

fn math(expression: &str, period: u32, statistics: [&str; 2]) -> Value {
    let metric = |id: &str, statistic: &str| {
        json!({ "Id": id, "ReturnData": false,
            "MetricStat": { "Metric": { "Namespace": "N", "MetricName": id }, "Period": period, "Stat": statistic } })
    };
    json!({
        "Namespace": null, "MetricName": null, "Statistic": null, "Period": null,
        "Metrics": [metric("m1", statistics[0]), metric("m2", statistics[1]), { "Id": "e1", "Expression": expression }]
    })
}

/// The changes, if columns can say them, and the evaluator that goes on from there.
fn in_columns(alarm: &MetricAlarm, question: &Question) -> Option<(Vec<super::Change>, Evaluator)> {
    let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT).unwrap();
    let Question {
        recording,
        from,
        to,
        delay,
    } = question;
    let delay = SignedDuration::from_secs(*delay);
    let mut replayed = super::replay(&mut evaluator, recording, at(*from), at(*to), delay)?;
    let unseen = &recording[replayed.seen..];
    let rest = one_by_one(&mut evaluator, unseen, replayed.next, at(*to), delay);
    replayed.changes.extend(rest);
    Some((replayed.changes, evaluator))
}

/// Both ways, and both evaluators afterwards. Were there columns?
fn check(alarm: &MetricAlarm, question: &Question) -> Result<bool, TestCaseError> {
    let Some((found, mut quick)) = in_columns(alarm, question) else {
        return Ok(false);
    };
    let mut slow = Evaluator::new(alarm, Switches::DEFAULT).unwrap();
    let Question {
        recording,
        from,
        to,
        delay,
    } = question;
    let delay = SignedDuration::from_secs(*delay);
    let expect = one_by_one(&mut slow, recording, at(*from), at(*to), delay);
    prop_assert_eq!(&found, &expect);
    prop_assert_eq!(quick.state(), slow.state());
    for n in 0..12 {
        let later = at(*to + 60 * n);
        prop_assert_eq!(quick.periods(later), slow.periods(later));
        prop_assert_eq!(quick.evaluate(later), slow.evaluate(later));
    }
    Ok(true)
}

/// Minute, second in it, kind of sample, value, metric.
type Datapoint = (i64, i64, u8, u16, usize);

fn recorded((minute, second, kind, value, metric): Datapoint, divisor: f64) -> Recorded {
    let value = f64::from(value) / divisor;
    let sample = match kind {
        0..=7 => Sample::value(value),
        8 => Sample::set(2.0, 3.0 * value, value, 2.0 * value),
        _ => Sample::values([(value, 2.0), (value / 3.0, 1.0)]),
    };
    Recorded {
        metric,
        at: at(60 * minute + second),
        sample: sample.unwrap(),
    }
}

fn datapoints() -> impl Strategy<Value = Vec<Datapoint>> {
    let one = (0_i64..1500, 0_i64..60, 0_u8..10, 0_u16..9, 0_usize..2);
    let gaps = proptest::collection::vec(one, 0..900).prop_map(|mut data| {
        data.sort_unstable();
        data
    });
    let dense = proptest::collection::vec((0_u8..10, 0_u16..9, 0_u16..9), 1..1400).prop_map(|values| {
        let of_minute = |(minute, (kind, one, other))| [(minute, 0, kind, one, 0), (minute, 0, 0, other, 1)];
        (0_i64..).zip(values).flat_map(of_minute).collect()
    });
    prop_oneof![gaps, dense]
}

const PERIODS: [u32; 9] = [60, 120, 180, 300, 600, 1800, 3600, 7200, 86_400];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn columns_say_what_the_evaluator_says(
        data in datapoints(), divisor in prop_oneof![Just(1.0), Just(3.0), Just(1e-18), Just(0.7)],
        period in 0_usize..9, n in prop_oneof![3 => 1_u32..7, 1 => 1_u32..61], m in 1_u32..61, treat in 0_usize..4, operator in 0_usize..4,
        statistics in (0_usize..5, 0_usize..5), threshold in 0_u8..60, expression in proptest::option::of(0_usize..12),
        times in (-9000_i64..9000, 0_i64..90_000, prop_oneof![Just(0_i64), Just(1), Just(120), 0_i64..1200]), whole in any::<bool>(),
    ) {
        let (from, length, delay) = times;
        let round = |second: i64| if whole { second / 60 * 60 } else { second };
        let question = Question {
            recording: data.into_iter()
                .map(|(minute, second, kind, value, metric)| (minute, round(second), kind, value, metric))
                .map(|one| recorded(one, divisor)).collect(),
            from: round(from), to: from + length, delay,
        };
        let (one, other) = (STATISTICS[statistics.0], STATISTICS[statistics.1]);
        let period = PERIODS[period];
        // A week is the longest that an alarm looks back.
        let n = n.min(604_800 / period);
        let mut changes = match expression {
            Some(expression) => math(EXPRESSIONS[expression], period, [one, other]),
            None => json!({ "Statistic": one, "Period": period }),
        };
        let more = json!({
            "EvaluationPeriods": n, "DatapointsToAlarm": m.min(n), "Threshold": f64::from(threshold) / divisor,
            "ComparisonOperator": OPERATORS[operator], "TreatMissingData": TreatMissingData::ALL[treat],
        });
        changes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check(&alarm(changes), &question)?;
    }

    /// Bit by bit: that a sum is equal is not enough where it is compared with a threshold.
    #[test]
    fn windows_are_what_is_added_from_the_oldest_step_on(
        column in proptest::collection::vec(prop_oneof![4 => (0_i32..1000).prop_map(f64::from), 1 => Just(-0.0)], 200..400),
        odd in proptest::option::of((0_usize..200, -1e20..1e20_f64)), length in 1_usize..80, first in 0_usize..20, stride in 1_usize..6,
    ) {
        let mut column = column;
        if let Some((place, value)) = odd {
            column[place] = value;
        }
        let count = (column.len() - first - length) / stride + 1;
        let places = Places { first, length, stride, count };
        let window = |n: usize| &column[first + n * stride..first + n * stride + length];
        let bits = |values: Vec<f64>| values.into_iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<_>>();
        let each = |of: fn(&[f64]) -> f64| bits((0..count).map(|n| of(window(n))).collect());
        prop_assert_eq!(bits(sums(&column, &places)), each(|window| window.iter().fold(0.0, |sum, value| sum + value)));
        prop_assert_eq!(bits(lowest(&column, &places)), each(|window| window.iter().copied().fold(f64::INFINITY, f64::min)));
        prop_assert_eq!(bits(highest(&column, &places)), each(|window| window.iter().copied().fold(f64::NEG_INFINITY, f64::max)));
    }
}

/// Two days of minutes, one with fractions, breaching for ten minutes in an hour.
fn days(delay: i64) -> Question {
    let value = |minute: i64| if minute % 60 < 10 { 9 } else { 1 };
    let minutes = (0..2880).flat_map(|minute| [0, 1].map(|metric| (minute, 0, 0, value(minute), metric)));
    Question {
        recording: minutes
            .map(|one| recorded(one, if one.0 < 1440 { 1.0 } else { 0.7 }))
            .collect(),
        from: 60,
        to: 2880 * 60,
        delay,
    }
}

#[test]
fn longer_periods_and_math_go_through_columns() {
    for delay in [0, 1, 60, 120, 600] {
        let is = |changes: Value| check(&alarm(changes), &days(delay)).unwrap();
        for statistic in STATISTICS {
            for period in [120, 300, 3600, 86_400] {
                assert!(
                    is(json!({ "Statistic": statistic, "Period": period })),
                    "{statistic} {period} {delay}"
                );
            }
        }
        assert!(
            is(json!({ "Period": 86_400, "EvaluationPeriods": 2 })),
            "hourly, {delay}"
        );
        for expression in EXPRESSIONS {
            let asks_the_time = expression.contains("HOUR") && delay > 60;
            let mut minutes = math(expression, 60, ["Sum", "Sum"]);
            minutes["EvaluationPeriods"] = json!(20);
            assert_eq!(is(minutes), !asks_the_time, "{expression} {delay}");
            assert!(
                is(math(expression, 900, ["Average", "Sum"])),
                "{expression} {delay}"
            );
        }
        assert!(!is(math("m1 - AVG(m1)", 60, ["Sum", "Sum"])), "it sees the range");
        assert!(
            !is(json!({ "Statistic": null, "ExtendedStatistic": "p99" })),
            "samples are needed"
        );
    }
    let late = Question {
        delay: 86_400,
        ..days(0)
    };
    assert!(!check(&alarm(json!({})), &late).unwrap(), "nothing is ever seen");
}
