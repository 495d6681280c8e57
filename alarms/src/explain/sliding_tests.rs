//! Times of alarms whose periods are longer than the time between evaluations: every minute is evaluated, with traffic of any density.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::evaluate::series::Evaluator;
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::{
    ComparisonOperator, Metric, MetricAlarm, MetricDataQuery, MetricStat, Stat, StateValue, TreatMissingData,
};
use crate::scenario::duration::seconds;

const MINUTES: usize = 5;

/// An alarm, with a value per minute that is good and one that breaches, when all of a period is so.
#[derive(Debug, Clone)]
struct Case {
    alarm: MetricAlarm,
    good: f64,
    bad: f64,
}

/// Statistic, name, threshold, and what comes each minute: good and bad.
const TRAFFIC: &[(Stat, &str, f64, f64, f64)] = &[
    // Falling.
    (Stat::Sum, "Invocations", 1.0, 1.0, 0.0),
    (Stat::Sum, "Invocations", 1.0, 50.0, 0.0),
    (Stat::Sum, "Runs", 1.0, 0.2, 0.0),
    (Stat::Sum, "Runs", 10.0, 2.0, 0.0),
    (Stat::Sum, "Runs", 10.0, 3.0, 1.0),
    (Stat::Sum, "Runs", 10.0, 100.0, 0.0),
    (Stat::Maximum, "Runs", 5.0, 9.0, 1.0),
    (Stat::Minimum, "Runs", 5.0, 9.0, 1.0),
    (Stat::Average, "Runs", 5.0, 9.0, 1.0),
    (Stat::Average, "Runs", 5.0, 100.0, 4.9),
    // Rising.
    (Stat::Sum, "Errors", 0.0, 0.0, 1.0),
    (Stat::Sum, "Runs", 0.0, 0.0, 0.1),
    (Stat::Sum, "Runs", 10.0, 0.0, 3.0),
    (Stat::Sum, "Runs", 10.0, 1.0, 100.0),
    (Stat::Maximum, "Runs", 5.0, 1.0, 9.0),
    (Stat::Minimum, "Runs", 5.0, 1.0, 9.0),
    (Stat::Average, "Runs", 5.0, 1.0, 9.0),
];

fn over(name: &str, stat: Stat, filled: bool) -> MetricAlarm {
    let namespace = if name == "Runs" { "Shop" } else { "AWS/Lambda" };
    let period = u32::try_from(60 * MINUTES).unwrap();
    if !filled {
        return MetricAlarm::over(namespace, name, stat, period);
    }
    let metric = MetricDataQuery {
        id: "m".to_owned(),
        return_data: Some(false),
        metric_stat: Some(MetricStat {
            metric: Metric {
                namespace: namespace.to_owned(),
                metric_name: name.to_owned(),
                dimensions: Vec::new(),
            },
            period,
            stat: stat.to_string(),
            unit: None,
        }),
        ..MetricDataQuery::default()
    };
    let filled = MetricDataQuery {
        id: "e".to_owned(),
        expression: Some("FILL(m, 0)".to_owned()),
        ..MetricDataQuery::default()
    };
    MetricAlarm::over_queries(vec![metric, filled])
}

fn any_case() -> impl Strategy<Value = Case> {
    let treatments = TreatMissingData::ALL.to_vec();
    (
        0..TRAFFIC.len(),
        1_u32..=4,
        1_u32..=4,
        proptest::sample::select(treatments),
        any::<bool>(),
    )
        .prop_map(|(which, n, m, treat, filled)| {
            let (stat, name, threshold, good, bad) = TRAFFIC[which];
            let operator = if good > bad {
                ComparisonOperator::LessThanThreshold
            } else {
                ComparisonOperator::GreaterThanThreshold
            };
            let alarm = MetricAlarm {
                evaluation_periods: n,
                datapoints_to_alarm: Some(m.min(n)),
                treat_missing_data: Some(treat),
                threshold: Some(threshold),
                comparison_operator: operator,
                ..over(name, stat, filled)
            };
            Case { alarm, good, bad }
        })
}

impl Case {
    fn n(&self) -> usize {
        self.alarm.evaluation_periods as usize
    }

    fn m(&self) -> usize {
        self.alarm.datapoints_to_alarm() as usize
    }

    /// The states after each minute, from the begin of trouble on.
    fn states(&self, trouble: usize, then: Option<f64>) -> Vec<StateValue> {
        let before = MINUTES * (self.n() + 3);
        let rest = MINUTES * (self.n() + 12);
        let values = std::iter::repeat_n(Some(self.good), before)
            .chain(std::iter::repeat_n(Some(self.bad), trouble))
            .chain(std::iter::repeat_n(then, rest));
        let mut evaluator = Evaluator::new(&self.alarm, Switches::DEFAULT)
            .unwrap()
            .in_state(StateValue::Ok);
        let begin: Timestamp = "2026-11-27T02:00:00Z".parse().unwrap();
        let at = |minute: usize| begin + SignedDuration::from_mins(i64::try_from(minute).unwrap());
        let mut states = Vec::new();
        for (minute, value) in values.enumerate() {
            if let Some(value) = value {
                evaluator.push(0, at(minute), &Sample::value(value).unwrap());
            }
            states.push(evaluator.evaluate(at(minute + 1)).verdict.state);
        }
        states.split_off(before)
    }

    /// Seconds from the end of trouble until it is not in ALARM, and what it is then.
    fn left(&self, trouble: usize, then: Option<f64>) -> Option<(i64, StateValue)> {
        let states = self.states(trouble, then);
        assert_eq!(states[trouble - 1], StateValue::Alarm, "{self:?}");
        let place = states[trouble..]
            .iter()
            .position(|state| *state != StateValue::Alarm)?;
        Some((60 * (i64::try_from(place).unwrap() + 1), states[trouble + place]))
    }

    fn told(&self) -> Explanation {
        explain(&self.alarm.clone().into()).unwrap()
    }
}

/// `1m to 5m`: the least and the most seconds.
fn bounds(text: &str) -> (i64, i64) {
    let (least, most) = text.split_once(" to ").unwrap_or((text, text));
    (seconds(least).unwrap(), seconds(most).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn it_fires_when_it_says(case in any_case()) {
        let told = case.told().at_the_earliest;
        let states = case.states(MINUTES * case.n(), None);
        let place = states.iter().position(|state| *state == StateValue::Alarm).unwrap();
        let after = 60 * (i64::try_from(place).unwrap() + 1);
        let (least, _) = bounds(told.split(" after the trouble began").next().unwrap());
        let whole = 60 * i64::try_from(MINUTES * case.m()).unwrap();
        let most = if told.contains(", if ") { whole } else { least };
        prop_assert!((least..=most).contains(&after), "{}: {}", after, told);
    }

    #[test]
    fn it_clears_with_good_data_when_it_says(case in any_case(), short in any::<bool>()) {
        let trouble = MINUTES * if short { case.m() } else { case.n() };
        let (after, state) = case.left(trouble, Some(case.good)).unwrap();
        prop_assert_eq!(state, StateValue::Ok);
        let told = case.told().clears;
        let (time, rest) = told.split_once(" after the last breach").unwrap();
        let (mut least, most) = bounds(time);
        if rest.starts_with(" at the latest") && short {
            least = 60;
        }
        prop_assert!((least..=most).contains(&after), "{}: {}", after, told);
    }

    #[test]
    fn it_clears_in_silence_when_it_says(case in any_case()) {
        let left = case.left(MINUTES * case.n(), None);
        let told = case.told().clears;
        let (_, silence) = told.split_once("if nothing comes after the last breach, ").unwrap();
        let Some((time, rest)) = silence.split_once(" after it") else {
            let unless = silence.starts_with("never, unless");
            let is_so = left.is_none_or(|(_, state)| unless && state == StateValue::Ok);
            prop_assert!(is_so, "{:?}: {}", left, told);
            return Ok(());
        };
        let (after, state) = left.unwrap();
        let is_in_time = if rest.starts_with(" at the latest") {
            after <= seconds(time).unwrap()
        } else {
            after == seconds(time).unwrap()
        };
        let is_so = rest.ends_with(&format!("to {state}.")) || rest.contains("by way of OK") && state == StateValue::Ok;
        prop_assert!(is_in_time && is_so, "{} {}: {}", after, state, told);
    }
}

/// When it fires and clears, up to the words about what is seen.
fn check(definition: &str, earliest: &str, clears: &str) {
    let alarm: MetricAlarm = serde_json::from_str(definition).unwrap();
    let told = explain(&alarm.into()).unwrap();
    assert!(told.at_the_earliest.starts_with(earliest), "{told}");
    assert!(told.clears.starts_with(clears), "{told}");
}

#[test]
fn one_call_is_enough_to_clear() {
    check(
        r#"{ "Namespace": "AWS/Lambda", "MetricName": "Invocations", "Statistic": "Sum", "Period": 3600, "EvaluationPeriods": 1,
        "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching" }"#,
        "1h after the trouble began, and",
        "1m after the last breach: a period with good data in it does not breach; ",
    );
    check(
        r#"{ "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Minimum", "Period": 300, "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2, "Threshold": 90, "ComparisonOperator": "GreaterThanThreshold" }"#,
        "10m after the trouble began, and",
        "6m after the last breach at the latest: ",
    );
    check(
        r#"{ "Metrics": [{ "Id": "e", "Expression": "FILL(m, 0)" }, { "Id": "m", "ReturnData": false, "MetricStat": { "Period": 300,
        "Stat": "Sum", "Metric": { "Namespace": "AWS/Lambda", "MetricName": "Invocations" } } }], "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2, "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching" }"#,
        "10m after the trouble began, and",
        "6m after the last breach at the latest: ",
    );
}

#[test]
fn of_a_sum_the_traffic_decides() {
    check(
        r#"{ "Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent", "Statistic": "Sum", "Period": 3600, "EvaluationPeriods": 2,
        "Threshold": 10, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching" }"#,
        "1h1m after the trouble began, if 1m of it make a period breach; 2h if it takes a whole period",
        "1m to 1h after the last breach, as soon as one of the newest 2 datapoints does not breach; ",
    );
    check(
        r#"{ "Namespace": "X", "MetricName": "N", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 10,
        "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "notBreaching" }"#,
        "1m after the trouble began, if 1m of it make a period breach; 5m if it takes a whole period",
        "1m to 5m after the last breach, as soon as the newest datapoint does not breach; ",
    );
}

/// Whether an alarm over periods of five minutes is ever in ALARM once the range is full, with values that come so many minutes late.
fn fires(alarm: &MetricAlarm, values: &[f64], late: usize) -> bool {
    let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT).unwrap();
    let begin: Timestamp = "2026-11-27T00:00:00Z".parse().unwrap();
    let at = |minute: usize| begin + SignedDuration::from_mins(i64::try_from(minute).unwrap());
    let mut fired = false;
    for minute in 0..values.len() {
        if let Some(seen) = minute.checked_sub(late) {
            evaluator.push(0, at(seen), &Sample::value(values[seen]).unwrap());
        }
        let state = evaluator.evaluate(at(minute + 1)).verdict.state;
        fired |= minute > 12 * MINUTES && state == StateValue::Alarm;
    }
    fired
}

/// What is said of data that come late is so, with data that come two minutes late.
#[test]
fn a_part_of_a_period_counts() {
    let check = |stat: Stat,
                 name: &str,
                 limit: (ComparisonOperator, f64),
                 five: [f64; 5],
                 seen: [bool; 2],
                 says: &str| {
        let alarm = MetricAlarm {
            comparison_operator: limit.0,
            threshold: Some(limit.1),
            treat_missing_data: Some(TreatMissingData::NotBreaching),
            ..over(name, stat, false)
        };
        let values: Vec<f64> = five.iter().copied().cycle().take(30 * MINUTES).collect();
        assert_eq!(
            [fires(&alarm, &values, 0), fires(&alarm, &values, 2)],
            seen,
            "{alarm:?}"
        );
        let told = explain(&alarm.into()).unwrap().late_data;
        let begins = format!("A period of which a part has come counts with that part, and {says}.");
        assert!(told.starts_with(&begins), "{told}");
        assert!(
            told.ends_with("Up to 15m late it can still change the state; after that nobody looks."),
            "{told}"
        );
    };
    let above = |limit: f64| (ComparisonOperator::GreaterThanThreshold, limit);
    let below = |limit: f64| (ComparisonOperator::LessThanThreshold, limit);
    let one = [1.0, 0.0, 0.0, 0.0, 0.0];
    check(
        Stat::Sum,
        "Runs",
        above(5.0),
        [1.1; 5],
        [true, false],
        "its sum is smaller: one that is just above the threshold may never fire",
    );
    check(
        Stat::Sum,
        "Runs",
        below(5.0),
        [1.1; 5],
        [false, true],
        "its sum is smaller, and may breach for that",
    );
    check(
        Stat::Sum,
        "Invocations",
        below(1.0),
        one,
        [false, true],
        "may breach because the good data of it are still on their way",
    );
    check(
        Stat::Sum,
        "Errors",
        above(0.0),
        one,
        [true, true],
        "breaches only when the bad data of it are there",
    );
    let uneven = [9.0, 0.0, 0.0, 0.0, 9.0];
    check(
        Stat::Average,
        "Runs",
        above(5.0),
        uneven,
        [false, true],
        "may breach where the whole does not, or the other way round",
    );
}
