//! What the sentences say is what the evaluator does: for alarms of any M and N, any treatment of missing data, rising and falling, over
//! data as they come and through FILL.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::evaluate::series::Evaluator;
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::{ComparisonOperator, MetricAlarm, MetricDataQuery, Stat, StateValue, TreatMissingData};
use crate::scenario::duration::written;

const PERIOD: i64 = 60;
/// Periods of good data before trouble.
const BEFORE: usize = 12;

/// An alarm, with a value that is good and one that breaches.
#[derive(Debug, Clone)]
struct Case {
    alarm: MetricAlarm,
    good: f64,
    bad: f64,
}

fn case(falls: bool, filled: bool) -> impl Strategy<Value = Case> {
    let treatments = TreatMissingData::ALL.to_vec();
    (1_u32..=6, 1_u32..=6, proptest::sample::select(treatments)).prop_map(move |(n, m, treat)| {
        let mut alarm = MetricAlarm::over("N", "M", Stat::Sum, 60);
        if filled {
            // What is made of a missing one is good.
            let with = if falls { 9 } else { 0 };
            let metric = MetricDataQuery {
                id: "m".to_owned(),
                return_data: Some(false),
                metric_stat: Some(crate::model::MetricStat {
                    metric: crate::model::Metric {
                        namespace: "N".to_owned(),
                        metric_name: "M".to_owned(),
                        dimensions: Vec::new(),
                    },
                    period: 60,
                    stat: "Sum".to_owned(),
                    unit: None,
                }),
                ..MetricDataQuery::default()
            };
            let filled = MetricDataQuery {
                id: "e".to_owned(),
                expression: Some(format!("FILL(m, {with})")),
                ..MetricDataQuery::default()
            };
            alarm = MetricAlarm::over_queries(vec![metric, filled]);
        }
        alarm.evaluation_periods = n;
        alarm.datapoints_to_alarm = Some(m.min(n));
        alarm.treat_missing_data = Some(treat);
        alarm.threshold = Some(5.0);
        alarm.comparison_operator = if falls {
            ComparisonOperator::LessThanThreshold
        } else {
            ComparisonOperator::GreaterThanThreshold
        };
        let (good, bad) = if falls { (9.0, 1.0) } else { (1.0, 9.0) };
        Case { alarm, good, bad }
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    (any::<bool>(), any::<bool>()).prop_flat_map(|(falls, filled)| case(falls, filled))
}

/// The states after each period, with values that are seen so many periods after the end of theirs.
fn states(case: &Case, values: &[Option<f64>], late: usize) -> Vec<StateValue> {
    let mut evaluator = Evaluator::new(&case.alarm, Switches::DEFAULT)
        .unwrap()
        .in_state(StateValue::Ok);
    let begin: Timestamp = "2026-11-27T02:00:00Z".parse().unwrap();
    let at = |period: usize| begin + SignedDuration::from_secs(PERIOD * i64::try_from(period).unwrap());
    (1..=values.len())
        .map(|now| {
            let seen = now
                .checked_sub(1 + late)
                .and_then(|place| Some((place, values[place]?)));
            if let Some((place, value)) = seen {
                evaluator.push(0, at(place), &Sample::value(value).unwrap());
            }
            evaluator.evaluate(at(now)).verdict.state
        })
        .collect()
}

/// Good data, trouble for so long, and what comes then.
fn course(case: &Case, trouble: usize, then: Option<f64>, rest: usize) -> Vec<Option<f64>> {
    let before = std::iter::repeat_n(Some(case.good), BEFORE);
    let trouble = std::iter::repeat_n(Some(case.bad), trouble);
    before
        .chain(trouble)
        .chain(std::iter::repeat_n(then, rest))
        .collect()
}

fn told(case: &Case) -> Explanation {
    explain(&case.alarm.clone().into()).unwrap()
}

fn periods(count: usize) -> String {
    written(PERIOD * i64::try_from(count).unwrap())
}

/// Periods from the end of trouble until it is not in ALARM.
fn left(case: &Case, then: Option<f64>) -> Option<(usize, StateValue)> {
    let trouble = case.alarm.evaluation_periods as usize;
    let states = states(case, &course(case, trouble, then, 40), 0);
    let end = BEFORE + trouble;
    assert_eq!(states[end - 1], StateValue::Alarm, "{case:?}");
    let found = states[end..]
        .iter()
        .position(|state| *state != StateValue::Alarm)?;
    Some((found + 1, states[end + found]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn it_clears_with_good_data_when_it_says(case in any_case()) {
        let (after, state) = left(&case, Some(case.good)).unwrap();
        prop_assert_eq!(state, StateValue::Ok);
        let told = told(&case).clears;
        prop_assert!(told.starts_with(&format!("{} after the last breach, with the next", periods(after))), "{} {}", after, told);
    }

    #[test]
    fn it_clears_in_silence_when_it_says(case in any_case()) {
        let told = told(&case).clears;
        let expected = match left(&case, None) {
            Some((after, state)) => format!("if nothing comes after the last breach, {} after it, to {state}.", periods(after)),
            None => "if nothing comes after the last breach, never: silence keeps it in ALARM.".to_owned(),
        };
        prop_assert!(told.ends_with(&expected), "{}: {}", expected, told);
    }

    /// "Up to … late the verdict is only later": the same states, so much later.
    #[test]
    fn late_data_is_only_later_as_far_as_it_says(case in (any::<bool>()).prop_flat_map(|falls| case(falls, false)), trouble in 1_usize..10) {
        let (n, range) = (case.alarm.evaluation_periods as usize, case.alarm.evaluation_periods as usize + 2);
        let told = told(&case).late_data;
        prop_assert!(told.starts_with(&format!("Up to {} late the verdict is only later", periods(range - n))), "{}", told);
        prop_assert!(told.contains(&format!("Up to {} late it can still", periods(range))), "{}", told);
        let course = course(&case, trouble, Some(case.good), 30);
        let prompt = states(&case, &course, 0);
        for late in 1..=range - n {
            // From where on the range is full of what came.
            let begins = BEFORE - 1;
            let later = states(&case, &course, late);
            prop_assert_eq!(&later[begins + late..], &prompt[begins..prompt.len() - late], "{} periods late", late);
        }
        let never = states(&case, &vec![None; course.len()], 0);
        let lost = states(&case, &course, range);
        prop_assert_eq!(lost, never);
    }

    /// "Trouble whose data comes … or more after the end of its period never fires", and less late it does.
    #[test]
    fn late_data_hides_trouble_as_far_as_it_says(case in (any::<bool>()).prop_flat_map(|falls| case(falls, true))) {
        let told = told(&case).late_data;
        let course = course(&case, 60, Some(case.good), 0);
        let fires = |late: usize| states(&case, &course, late).contains(&StateValue::Alarm);
        let hides = (1..=BEFORE).find(|late| !fires(*late)).unwrap();
        prop_assert!(fires(hides - 1));
        let expected = format!("Trouble whose data comes {} or more after the end of its period never fires", periods(hides));
        prop_assert!(told.contains(&expected), "{}: {}", expected, told);
    }
}
