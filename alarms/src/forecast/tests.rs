//! Forecasts by hand, and against the evaluator that really gets such datapoints.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::evaluate::range::Range;
use crate::evaluate::series::Evaluator;
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::{Stat, TreatMissingData};

const AT: &str = "2026-11-27T10:44:00Z";

fn check(m: u32, n: u32, treat: TreatMissingData, range: &str, state: StateValue, expect: &[&str]) {
    let rule = Rule::new(n, m, treat).unwrap();
    let range: Range = range.parse().unwrap();
    let at = AT.parse().unwrap();
    let mut alarm = MetricAlarm::over("N", "M", Stat::Sum, 60);
    alarm.threshold = Some(5.0);
    let forecast = forecast(range.points(), &rule, state, 60, at);
    assert_eq!(
        forecast.sentences(&alarm, at, &TimeZone::UTC),
        expect,
        "{range} {state}"
    );
}

use StateValue::{Alarm, InsufficientData, Ok};
use TreatMissingData::{Breaching, Ignore, Missing, NotBreaching};

#[test]
fn sentences() {
    check(
        1,
        1,
        NotBreaching,
        "000",
        Ok,
        &["fires in 1 min if the next datapoint breaches (> 5)"],
    );
    check(
        2,
        3,
        NotBreaching,
        "00000",
        Ok,
        &["fires in 2 min if the next 2 datapoints breach (> 5)"],
    );
    check(
        1,
        1,
        NotBreaching,
        "00X",
        Alarm,
        &[
            "clears 10:45 if nothing breaches",
            "clears 10:47 if nothing comes",
        ],
    );
    check(
        1,
        1,
        Missing,
        "00X",
        Alarm,
        &[
            "clears 10:45 if nothing breaches",
            "goes to INSUFFICIENT_DATA 10:47 if nothing comes",
        ],
    );
    check(
        3,
        3,
        Ignore,
        "XXXXX",
        Alarm,
        &["clears 10:45 if nothing breaches"],
    );
    check(
        1,
        1,
        Breaching,
        "000",
        Ok,
        &[
            "fires in 1 min if the next datapoint breaches (> 5)",
            "goes to ALARM 10:47 if nothing comes",
        ],
    );
    check(
        1,
        1,
        Missing,
        "---",
        InsufficientData,
        &["fires in 1 min if the next datapoint breaches (> 5)"],
    );
    check(
        3,
        3,
        NotBreaching,
        "XX000",
        Ok,
        &["fires in 3 min if the next 3 datapoints breach (> 5)"],
    );
}

#[test]
fn times_and_distances() {
    let check = |from: &str, to: &str, expect: (&str, &str)| {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let found = (distance(from, to), clock(from, to, &TimeZone::UTC));
        assert_eq!((found.0.as_str(), found.1.as_str()), expect);
    };
    check(
        "2026-11-27T10:44:00Z",
        "2026-11-27T10:44:40Z",
        ("40 s", "10:44:40"),
    );
    check(
        "2026-11-27T10:44:00Z",
        "2026-11-27T12:49:00Z",
        ("2 h 5 min", "12:49"),
    );
    check("2026-11-27T10:44:30Z", "2026-11-27T10:46:00Z", ("1 min", "10:46"));
    check(
        "2026-11-27T23:44:00Z",
        "2026-11-28T01:00:00Z",
        ("1 h 16 min", "2026-11-28 01:00"),
    );
    check("2026-11-27T23:44:00Z", "2026-11-27T23:44:00Z", ("0 s", "23:44"));
}

proptest! {
    /// An evaluator that is given what the forecast supposes does what the forecast says.
    #[test]
    fn what_is_supposed_happens(
        history in proptest::collection::vec(0_u8..3, 8), n in 1_u32..5, m in 1_u32..5,
        treat in proptest::sample::select(TreatMissingData::ALL.to_vec()),
    ) {
        let mut alarm = MetricAlarm::over("N", "M", Stat::Sum, 60);
        alarm.evaluation_periods = n;
        alarm.datapoints_to_alarm = Some(m.min(n));
        alarm.treat_missing_data = Some(treat);
        let start: Timestamp = AT.parse().unwrap();
        let minute = |count: i64| start + SignedDuration::from_mins(count);
        for coming in [Some(1.0), Some(0.0), None] {
            let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT).unwrap();
            for (at, value) in (0_i64..).zip(&history) {
                if *value < 2 {
                    evaluator.push(0, minute(at), &Sample::value(f64::from(*value)).unwrap());
                }
                evaluator.evaluate(minute(at + 1));
            }
            let now = i64::try_from(history.len()).unwrap();
            let points: Vec<Point> = evaluator.periods(minute(now)).iter().map(|period| period.point).collect();
            let before = evaluator.state();
            let forecast = forecast(&points, evaluator.rule(), before, 60, minute(now));
            let mut states = Vec::new();
            for step in 0..i64::try_from(points.len()).unwrap() {
                if let Some(value) = coming {
                    evaluator.push(0, minute(now + step), &Sample::value(value).unwrap());
                }
                states.push((minute(now + step + 1), evaluator.evaluate(minute(now + step + 1)).verdict.state));
            }
            let first = |is_it: &dyn Fn(StateValue) -> bool| states.iter().find(|(_, state)| is_it(*state)).map(|(at, _)| *at);
            match coming {
                Some(1.0) if before != Alarm => {
                    prop_assert_eq!(forecast.fires.map(|ahead| ahead.at), first(&|state| state == Alarm));
                }
                Some(0.0) if before == Alarm => {
                    prop_assert_eq!(forecast.clears.map(|ahead| ahead.at), first(&|state| state != Alarm));
                }
                None => {
                    let end = states.last().map(|(_, state)| *state);
                    prop_assert_eq!(forecast.silence.map(|ahead| ahead.state), end.filter(|state| *state != before));
                }
                _ => {}
            }
        }
    }
}
