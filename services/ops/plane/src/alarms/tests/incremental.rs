//! Pushing datapoints as they come is the same as replaying all of them: the service against `alarms::evaluate::series::replay`.

use alarms::evaluate::series::{Evaluator, Recorded, replay};
use alarms::evaluate::statistic::Sample;
use alarms::evaluate::switches::Switches;
use alarms::model::MetricAlarm;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Bench, START, errors};

fn changes_of_replay(definition: &Value, data: &[(i64, f64)], minutes: i64) -> Vec<String> {
    let alarm: MetricAlarm = serde_json::from_value(definition.clone()).unwrap();
    let start: Timestamp = START.parse().unwrap();
    let mut recording: Vec<Recorded> = data
        .iter()
        .map(|(second, value)| Recorded {
            metric: 0,
            at: start + SignedDuration::from_secs(*second),
            sample: Sample::value(*value).unwrap(),
        })
        .collect();
    recording.sort_by_key(|recorded| recorded.at);
    let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT).unwrap();
    let (from, to) = (
        start + SignedDuration::from_mins(1),
        start + SignedDuration::from_mins(minutes),
    );
    replay(&mut evaluator, &recording, from, to, SignedDuration::ZERO)
        .iter()
        .map(|change| {
            let minute = start.duration_until(change.at).as_mins();
            format!("{minute} {}", change.state())
        })
        .collect()
}

/// Restarts the service after these minutes.
async fn changes_of_service(
    definition: &Value,
    data: &[(i64, f64)],
    minutes: i64,
    restart: i64,
) -> Vec<String> {
    let mut bench = Bench::new().await;
    bench.put(definition.clone()).await;
    let mut found = Vec::new();
    let mut state = bench.state("e").await;
    for minute in 1..=minutes {
        for (second, value) in data.iter().filter(|(second, _)| second / 60 == minute - 1) {
            bench.datum(*second, *value);
        }
        if minute == restart {
            bench = bench.restart().await;
        }
        bench.at(minute * 60).await;
        let now = bench.state("e").await;
        if now != state {
            found.push(format!("{minute} {now}"));
        }
        state = now;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn live_is_replay(
        data in proptest::collection::vec((0_i64..20 * 60, 0_u8..5), 0..20),
        n in 1_u32..4, m in 1_u32..4, period in 1_i64..3, restart in 0_i64..20,
        treat in prop_oneof!["missing", "ignore", "breaching", "notBreaching"],
        statistic in prop_oneof!["Sum", "Average", "p50"],
    ) {
        let mut definition = errors("e");
        definition["EvaluationPeriods"] = json!(n);
        definition["DatapointsToAlarm"] = json!(m.min(n));
        definition["Period"] = json!(60 * period);
        definition["TreatMissingData"] = json!(treat);
        definition["Threshold"] = json!(1.5);
        if statistic == "p50" {
            definition["Statistic"] = Value::Null;
            definition["ExtendedStatistic"] = json!("p50");
        } else {
            definition["Statistic"] = json!(statistic);
        }
        let data: Vec<(i64, f64)> = data.into_iter().map(|(at, value)| (at, f64::from(value))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let live = runtime.block_on(changes_of_service(&definition, &data, 24, restart));
        prop_assert_eq!(live, changes_of_replay(&definition, &data, 24));
    }
}
