//! The loop over bits against the evaluator: the same changes with the same reasons, and nothing else afterwards.

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::{Extension, PrematureAge, Switches};
use crate::model::{MetricAlarm, TreatMissingData};

use super::replay::one_by_one;
use super::{Change, Evaluator, Recorded, bits, replay};

const OPERATORS: [&str; 4] = [
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
];
const STATISTICS: [&str; 5] = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];
/// 2026-11-27T02:00:00Z
const START: i64 = 1_795_744_800;

fn alarm(changes: Value) -> MetricAlarm {
    let mut alarm = json!({
        "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 3,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "missing"
    });
    let (Some(alarm_fields), Value::Object(changes)) = (alarm.as_object_mut(), changes) else {
        unreachable!("both are objects")
    };
    alarm_fields.extend(changes);
    serde_json::from_value(alarm).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

/// A recording, and when it is looked at.
#[derive(Debug)]
struct Question {
    recording: Vec<Recorded>,
    from: Timestamp,
    to: Timestamp,
    delay: SignedDuration,
}

/// Both ways, and both evaluators afterwards.
fn check(alarm: &MetricAlarm, switches: Switches, question: &Question) -> Result<Vec<Change>, TestCaseError> {
    let Question {
        recording,
        from,
        to,
        delay,
    } = question;
    let new = || Evaluator::new(alarm, switches).unwrap();
    let (mut quick, mut slow) = (new(), new());
    let expect = one_by_one(&mut slow, recording, *from, *to, *delay);
    let found = replay(&mut quick, recording, *from, *to, *delay);
    prop_assert_eq!(&found, &expect);
    prop_assert_eq!(quick.state(), slow.state());
    for n in 0..4 {
        let later = *to + (60 * n).seconds();
        prop_assert_eq!(quick.periods(later), slow.periods(later));
        prop_assert_eq!(quick.evaluate(later), slow.evaluate(later));
    }
    Ok(found)
}

fn is_in_bits(alarm: &MetricAlarm, question: &Question) -> bool {
    let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT).unwrap();
    let Question {
        recording,
        from,
        to,
        delay,
    } = question;
    bits::replay(&mut evaluator, recording, *from, *to, *delay, |_| {}).is_some()
}

/// Seconds, kind of sample, value, metric.
fn recorded((second, kind, value, metric): (i64, u8, u8, usize)) -> Recorded {
    let value = f64::from(value);
    let sample = match kind {
        0 => Sample::value(value),
        1 => Sample::set(2.0, 3.0 * value, value, 2.0 * value),
        _ => Sample::values([(value, 2.0), (value / 3.0, 1.0)]),
    };
    Recorded {
        metric,
        at: at(second),
        sample: sample.unwrap(),
    }
}

fn datapoints() -> impl Strategy<Value = Vec<(i64, u8, u8, usize)>> {
    let one = (
        0_i64..9000,
        0_u8..3,
        0_u8..9,
        prop_oneof![9 => Just(0_usize), 1 => Just(1)],
    );
    let dense = proptest::collection::vec((0_u8..3, 0_u8..9), 0..150).prop_map(|values| {
        let minutes = (0_i64..).step_by(60).zip(values);
        minutes
            .map(|(second, (kind, value))| (second, kind, value, 0))
            .collect()
    });
    prop_oneof![proptest::collection::vec(one, 0..200), dense]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_loop_says_what_the_evaluator_says(
        data in datapoints(), is_sorted in prop_oneof![9 => Just(true), 1 => Just(false)],
        n in prop_oneof![1_u32..7, 1_u32..61], m in 1_u32..61, treat in 0_usize..4, operator in 0_usize..4, statistic in 0_usize..5,
        threshold in 0_u8..20, extension in 0_u32..5, premature in any::<bool>(), high in any::<bool>(), dynamo_db in any::<bool>(),
        times in (-700_i64..700, 0_i64..10_000, 0_i64..400), whole in any::<bool>(),
    ) {
        let mut data = data;
        if is_sorted {
            data.sort_by_key(|(second, ..)| *second);
        }
        let (from, length, delay) = times;
        // On the minute, as recordings of CloudWatch are.
        let round = |second: i64| if whole { second / 60 * 60 } else { second };
        let question = Question {
            recording: data.into_iter().map(|(second, kind, value, metric)| (round(second), kind, value, metric)).map(recorded).collect(),
            from: at(round(from)),
            to: at(from + length),
            delay: SignedDuration::from_secs(round(delay)),
        };
        let switches = Switches {
            extension: Extension::Fixed(extension),
            premature: if premature { PrematureAge::AnyInRange } else { PrematureAge::AtMostEvaluationPeriods },
            ..Switches::DEFAULT
        };
        let alarm = alarm(json!({
            "Period": if high { 10 } else { 60 }, "EvaluationPeriods": n, "DatapointsToAlarm": m.min(n), "Threshold": threshold,
            "Statistic": STATISTICS[statistic], "ComparisonOperator": OPERATORS[operator],
            "TreatMissingData": TreatMissingData::ALL[treat], "Namespace": if dynamo_db { "AWS/DynamoDB" } else { "N" },
        }));
        check(&alarm, switches, &question)?;
    }
}

/// A datapoint of a metric that the alarm does not watch may stand anywhere: what is handed over after the loop is found all the same.
#[test]
fn datapoints_of_others_may_be_out_of_order() {
    let question = Question {
        recording: [(5520, 0, 0, 0), (0, 0, 0, 1), (6660, 0, 0, 0)]
            .map(recorded)
            .to_vec(),
        from: at(-40),
        to: at(7500),
        delay: SignedDuration::ZERO,
    };
    let many = alarm(
        json!({ "EvaluationPeriods": 22, "DatapointsToAlarm": 1, "TreatMissingData": "missing", "Threshold": 0 }),
    );
    let switches = Switches {
        extension: Extension::Fixed(1),
        ..Switches::DEFAULT
    };
    assert!(is_in_bits(&many, &question));
    check(&many, switches, &question).unwrap();
}

/// A day of minutes with a breach in 25.
fn day() -> Question {
    let values = (0..1440).map(|minute: i64| (60 * minute, 0, u8::from(minute % 25 == 7) * 9, 0));
    Question {
        recording: values.map(recorded).collect(),
        from: at(0),
        to: at(86_400),
        delay: SignedDuration::from_mins(2),
    }
}

#[test]
fn the_usual_alarms_are_replayed_in_bits() {
    let usual = |changes: Value, question: &Question| {
        let alarm = alarm(changes);
        let changes = check(&alarm, Switches::DEFAULT, question).unwrap();
        (is_in_bits(&alarm, question), changes.len())
    };
    assert_eq!(usual(json!({}), &day()), (true, 117));
    assert_eq!(
        usual(json!({ "EvaluationPeriods": 60, "DatapointsToAlarm": 3 }), &day()),
        (true, 112)
    );
    let more = json!({ "EvaluationPeriods": 61, "DatapointsToAlarm": 3 });
    assert!(!usual(more, &day()).0, "a word has too few bits");
    assert!(
        !usual(json!({ "Period": 300 }), &day()).0,
        "a period is five steps"
    );
    let p99 = json!({ "Statistic": null, "ExtendedStatistic": "p99" });
    assert!(!usual(p99, &day()).0, "samples are needed");
}

#[test]
fn what_the_loop_does_not_know_goes_the_long_way() {
    let is_in_bits = |change: fn(&mut Question)| {
        let mut question = day();
        change(&mut question);
        let alarm = alarm(json!({}));
        check(&alarm, Switches::DEFAULT, &question).unwrap();
        is_in_bits(&alarm, &question)
    };
    assert!(is_in_bits(|_| {}));
    assert!(
        !is_in_bits(|question| question.recording.swap(70, 72)),
        "not in the order of time"
    );
    assert!(
        !is_in_bits(|question| question.recording.clear()),
        "nothing is recorded"
    );
    assert!(!is_in_bits(
        |question| question.delay = SignedDuration::from_millis(1500)
    ));
    assert!(!is_in_bits(|question| question.from += 1.millisecond()));
    assert!(!is_in_bits(|question| question.recording[0].at = Timestamp::MIN));
}

#[test]
fn an_evaluator_that_has_seen_something_goes_on_from_there() {
    let alarm = alarm(json!({ "EvaluationPeriods": 3, "DatapointsToAlarm": 2 }));
    let question = day();
    let (first, rest) = question.recording.split_at(719);
    let new = || Evaluator::new(&alarm, Switches::DEFAULT).unwrap();
    let (mut in_two, mut in_one) = (new(), new());
    // The datapoint of 11:59 is seen at 12:01.
    let noon = at(43_200);
    let mut found = replay(&mut in_two, first, question.from, noon, question.delay);
    found.extend(replay(
        &mut in_two,
        rest,
        noon + 60.seconds(),
        question.to,
        question.delay,
    ));
    let expect = one_by_one(
        &mut in_one,
        &question.recording,
        question.from,
        question.to,
        question.delay,
    );
    assert_eq!(found, expect);
}
