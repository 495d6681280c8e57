//! The alarms that are measured, and their datapoints.

use alarms::evaluate::statistic::{Sample, SampleError};
use alarms::model::MetricAlarm;
use serde_json::{Value, json};

/// The datapoints of a year. Small, so that what is measured is the evaluation and not the reading of its input.
#[derive(Debug)]
pub(crate) struct Year {
    pub(crate) samples: Vec<Sample>,
    pub(crate) datapoints: Vec<Datapoint>,
}

/// One datapoint.
#[derive(Debug)]
pub(crate) struct Datapoint {
    pub(crate) minute: u32,
    pub(crate) metric: u16,
    /// Its place in the samples.
    pub(crate) sample: u16,
}

/// How many different samples there are.
const SAMPLES: u16 = 1024;

/// An alarm and how its metrics behave.
#[derive(Debug)]
pub(crate) struct Variant {
    name: &'static str,
    changes: Value,
    metrics: u16,
    /// A datapoint every so many minutes.
    every: u32,
    /// Values per datapoint.
    values: u32,
    /// Values are divided by it: sums of whole numbers can be made in any order, others cannot.
    divisor: f64,
    /// Slow ones are measured once.
    rounds: u32,
}

pub(crate) fn all() -> Vec<Variant> {
    let one = |name, changes| Variant {
        name,
        changes,
        metrics: 1,
        every: 1,
        values: 1,
        divisor: 1.0,
        rounds: 5,
    };
    let math = |name, expression: &str| Variant {
        metrics: 2,
        ..one(name, queries(expression))
    };
    vec![
        one("1 of 1, 1 min, never breaching", json!({ "Threshold": 1000 })),
        one("1 of 1, 1 min", json!({})),
        one(
            "3 of 3, 1 min, missing",
            json!({ "EvaluationPeriods": 3, "TreatMissingData": "missing" }),
        ),
        one(
            "3 of 5, 1 min",
            json!({ "EvaluationPeriods": 5, "DatapointsToAlarm": 3 }),
        ),
        one(
            "10 of 60, 1 min",
            json!({ "EvaluationPeriods": 60, "DatapointsToAlarm": 10 }),
        ),
        Variant {
            every: 17,
            ..one(
                "2 of 3, 1 min, a datapoint in 17 min, missing",
                json!({ "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "missing" }),
            )
        },
        one(
            "3 of 3, 5 min",
            json!({ "EvaluationPeriods": 3, "Period": 300, "Threshold": 350 }),
        ),
        one(
            "2 of 2, 1 h",
            json!({ "EvaluationPeriods": 2, "Period": 3600, "Threshold": 3000 }),
        ),
        Variant {
            divisor: 7.0,
            ..one(
                "2 of 2, 1 h, Average of fractions",
                json!({ "Statistic": "Average", "EvaluationPeriods": 2, "Period": 3600, "Threshold": 7.15 }),
            )
        },
        one(
            "2 of 2, 1 h, Maximum",
            json!({ "Statistic": "Maximum", "EvaluationPeriods": 2, "Period": 3600, "Threshold": 98 }),
        ),
        one(
            "1 of 1, 1 day, every minute",
            json!({ "Period": 86400, "Threshold": 72000 }),
        ),
        one(
            "1 of 1, 1 day (hourly above a day: 2 of 2)",
            json!({ "EvaluationPeriods": 2, "Period": 86400, "Threshold": 72000 }),
        ),
        one(
            "1 of 1, 1 h, wall clock in Europe/Berlin",
            json!({ "Period": 3600, "Threshold": 3000,
            "EvaluationWindow": { "WallClockWindow": { "Timezone": "Europe/Berlin" } } }),
        ),
        Variant {
            values: 20,
            ..one(
                "p99 of 20 values, 3 of 5, 1 min",
                json!({ "Statistic": null, "ExtendedStatistic": "p99", "EvaluationPeriods": 5, "DatapointsToAlarm": 3 }),
            )
        },
        math("math 100 * m1 / m2, 3 of 5, 1 min", "100 * m1 / m2"),
        math(
            "math IF(m2 > 10, 100 * m1 / m2, 0), 3 of 5, 1 min",
            "IF(m2 > 10, 100 * m1 / m2, 0)",
        ),
        math(
            "math FILL(m1, 0) + FILL(m2, 0), 3 of 5, 1 min",
            "FILL(m1, 0) + FILL(m2, 0)",
        ),
        math(
            "math MAX([FILL(m1, 0), FILL(m2, 0)]), 3 of 5, 1 min",
            "MAX([FILL(m1, 0), FILL(m2, 0)])",
        ),
        Variant {
            rounds: 1,
            ..math(
                "math m1 - AVG(m1) (sees the range), 3 of 5, 1 min",
                "m1 - AVG(m1)",
            )
        },
        Variant {
            rounds: 1,
            ..one(
                "100 of 100, 1 min (more than is remembered)",
                json!({ "EvaluationPeriods": 100 }),
            )
        },
    ]
}

fn queries(expression: &str) -> Value {
    let metric = |id: &str| {
        json!({ "Id": id, "ReturnData": false,
            "MetricStat": { "Metric": { "Namespace": "Bench", "MetricName": id }, "Period": 60, "Stat": "Sum" } })
    };
    json!({
        "Namespace": null, "MetricName": null, "Statistic": null, "Period": null, "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3, "Metrics": [metric("m1"), metric("m2"), { "Id": "e1", "Expression": expression }]
    })
}

impl Variant {
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Does a recording of it fit into memory beside other work?
    pub(crate) const fn is_small(&self) -> bool {
        self.values == 1
    }

    pub(crate) fn alarm(&self) -> Result<MetricAlarm, serde_json::Error> {
        let mut alarm = json!({
            "Namespace": "Bench", "MetricName": "m1", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 95, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"
        });
        if let (Some(alarm), Some(changes)) = (alarm.as_object_mut(), self.changes.as_object()) {
            alarm.extend(changes.clone());
            alarm.retain(|_, value| !value.is_null());
        }
        serde_json::from_value(alarm)
    }

    /// Values from 0 to 99, in a fixed order that has no pattern.
    pub(crate) fn data(&self, minutes: u32) -> Result<Year, SampleError> {
        let mut seed = 88_172_645_463_325_252_u64;
        let mut below = move |limit: u16| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            u16::try_from(seed % u64::from(limit)).unwrap_or_default()
        };
        let mut number = || f64::from(below(100)) / self.divisor;
        let sample = |_| match self.values {
            1 => Sample::value(number()),
            many => Sample::values((0..many).map(|_| (number(), 1.0))),
        };
        let samples = (0..SAMPLES).map(sample).collect::<Result<_, _>>()?;
        let at = (0..minutes).step_by(self.every as usize);
        let datapoints = at
            .flat_map(|minute| (0..self.metrics).map(move |metric| (minute, metric)))
            .map(|(minute, metric)| Datapoint {
                minute,
                metric,
                sample: below(SAMPLES),
            })
            .collect();
        Ok(Year { samples, datapoints })
    }
}
