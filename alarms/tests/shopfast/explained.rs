//! What an explanation says of each generated alarm is what the evaluator does with it.

use alarms::evaluate::series::{Evaluator, Recorded, replay};
use alarms::evaluate::statistic::Sample;
use alarms::evaluate::switches::Switches;
use alarms::explain::{Explanation, explain};
use alarms::model::{ComparisonOperator, Definition, MetricAlarm, StateValue};
use jiff::{SignedDuration, Timestamp};

use super::SHOPFAST;

/// Midnight: the self-test of the alarms fires at nine.
const BEGIN: &str = "2026-11-27T00:00:00Z";

fn explained() -> Vec<(&'static MetricAlarm, Explanation)> {
    let of = |definition: &'static Definition| match definition {
        Definition::Metric(alarm) => Some((&**alarm, explain(definition).expect("it is valid"))),
        Definition::Composite(_) => None,
    };
    SHOPFAST
        .alarms
        .iter()
        .filter_map(|alarm| of(&alarm.definition))
        .collect()
}

fn after(seconds: i64) -> Timestamp {
    let begin: Timestamp = BEGIN.parse().expect("a time");
    begin
        .checked_add(SignedDuration::from_secs(seconds))
        .expect("a time")
}

fn evaluator(alarm: &MetricAlarm, state: StateValue) -> Evaluator {
    Evaluator::new(alarm, Switches::DEFAULT)
        .expect("it can be evaluated")
        .in_state(state)
}

/// The same value of every metric, each minute from one second on to before another.
fn values(alarm: &MetricAlarm, value: f64, from: i64, to: i64) -> Vec<Recorded> {
    let metrics = evaluator(alarm, StateValue::Ok).metrics().count();
    let sample = Sample::value(value).expect("a number");
    let minute = |second: i64| {
        let sample = &sample;
        (0..metrics).map(move |metric| Recorded {
            metric,
            at: after(second),
            sample: sample.clone(),
        })
    };
    (from / 60..to / 60).flat_map(|at| minute(at * 60)).collect()
}

/// `1h5m` as seconds; none where the text begins with no time.
fn seconds(text: &str) -> Option<i64> {
    let written = text.split([' ', ',', ';', '.']).next()?;
    let mut total = 0;
    let mut digits = String::new();
    for sign in written.chars() {
        let unit = match sign {
            '0'..='9' => {
                digits.push(sign);
                continue;
            }
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total += unit * digits.parse::<i64>().ok()?;
        digits.clear();
    }
    (total > 0).then_some(total)
}

/// Alarms that fire when all their metrics are huge: seconds of a period, of N, and of the range with some to spare.
fn too_many(alarm: &MetricAlarm) -> Option<(i64, i64, i64)> {
    let rises = matches!(
        alarm.comparison_operator,
        ComparisonOperator::GreaterThanThreshold | ComparisonOperator::GreaterThanOrEqualToThreshold
    );
    let period = i64::from(alarm.effective_period()?);
    let n = period * i64::from(alarm.evaluation_periods);
    (rises && alarm.wall_clock_window().is_none()).then_some((period, n, n + 4 * period))
}

#[test]
fn silence() {
    for (alarm, told) in explained() {
        let last = |state| {
            let mut evaluator = evaluator(alarm, state);
            let until = 3 * 86_400 + 2 * i64::from(alarm.effective_period().expect("a period"));
            replay(&mut evaluator, &[], after(0), after(until), SignedDuration::ZERO);
            evaluator.state()
        };
        let states = (last(StateValue::Ok), last(StateValue::Alarm));
        let said = match told.silence.split([':', ' ']).nth(1) {
            Some("good") => (StateValue::Ok, StateValue::Ok),
            Some("bad") => (StateValue::Alarm, StateValue::Alarm),
            Some("unknown") => (StateValue::InsufficientData, StateValue::InsufficientData),
            _ => (StateValue::Ok, StateValue::Alarm),
        };
        assert_eq!(states, said, "{told}");
    }
}

#[test]
fn the_earliest() {
    let mut held = 0;
    for (alarm, told) in explained() {
        let Some((_, _, range)) = too_many(alarm) else {
            continue;
        };
        let mut recording = values(alarm, 0.0, 0, 2 * range);
        recording.extend(values(alarm, 1e9, 2 * range, 4 * range));
        let mut evaluator = evaluator(alarm, StateValue::Ok);
        let changes = replay(
            &mut evaluator,
            &recording,
            after(2 * range),
            after(4 * range),
            SignedDuration::ZERO,
        );
        let Some(fires) = changes.iter().find(|change| change.state() == StateValue::Alarm) else {
            continue;
        };
        let since = after(2 * range).duration_until(fires.at).as_secs();
        assert_eq!(seconds(&told.at_the_earliest), Some(since), "{told}");
        held += 1;
    }
    assert!(held > 100, "{held} alarms were held against the evaluator");
}

#[test]
fn the_end_of_trouble_in_silence() {
    let mut held = 0;
    for (alarm, told) in explained() {
        let Some((period, n, range)) = too_many(alarm) else {
            continue;
        };
        let recording = values(alarm, 1e9, 0, n);
        let mut evaluator = evaluator(alarm, StateValue::Ok);
        let changes = replay(
            &mut evaluator,
            &recording,
            after(period),
            after(n + 3 * range),
            SignedDuration::ZERO,
        );
        if !changes.iter().any(|change| change.state() == StateValue::Alarm) {
            continue;
        }
        let silence = told
            .clears
            .split("if nothing comes after the last breach, ")
            .nth(1)
            .expect("a second half");
        let cleared = changes
            .iter()
            .rev()
            .find(|change| change.state() != StateValue::Alarm && change.at > after(n));
        let since = cleared.map(|change| after(n).duration_until(change.at).as_secs());
        assert_eq!(seconds(silence), since, "{told}");
        if let Some(change) = cleared {
            assert!(silence.ends_with(&format!("to {}.", change.state())), "{told}");
        }
        held += 1;
    }
    assert!(held > 100, "{held} alarms were held against the evaluator");
}
