//! What an alarm looks at and when it fires, in the words of the catalogue: from here to CloudWatch's properties.

use crate::model::{
    ComparisonOperator, Dimension, EvaluationWindow, Metric, MetricAlarm, MetricDataQuery, MetricStat, Stat,
    TreatMissingData, WallClockWindow, WarmUpConfiguration,
};

/// Names and values of dimensions.
pub(crate) type Dimensions = Vec<(&'static str, String)>;

/// A metric by its statistic.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) id: &'static str,
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) stat: Stat,
    pub(crate) dimensions: Vec<(String, String)>,
}

impl Source {
    pub(crate) fn new(
        id: &'static str,
        namespace: &str,
        metric: &str,
        stat: Stat,
        dimensions: &[(&'static str, String)],
    ) -> Self {
        Self {
            id,
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            stat,
            dimensions: dimensions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }
}

/// When an alarm fires.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// One metric, or those of the expression.
    pub(crate) sources: Vec<Source>,
    /// Metric math over the sources' ids; none: the one source itself.
    pub(crate) expression: Option<String>,
    pub(crate) operator: ComparisonOperator,
    pub(crate) threshold: f64,
    /// Seconds.
    pub(crate) period: u32,
    /// M of N.
    pub(crate) of: (u32, u32),
    pub(crate) missing: TreatMissingData,
    pub(crate) missing_because: String,
    /// The whole minute, hour or day, and exactly N of them.
    pub(crate) wall_clock: bool,
}

/// Why silence of a metric that counts failures is good.
pub(crate) const NOTHING_HAPPENED: &str =
    "the metric is published only when something happens: no data is no failure";
/// Why silence of a metric that comes with traffic is good.
pub(crate) const NO_TRAFFIC: &str = "the metric comes with traffic: without traffic nothing fails";
/// Why silence of a heartbeat is bad.
pub(crate) const SILENCE_IS_THE_FAILURE: &str = "silence is the failure that this alarm is for";
/// Why a queue's silence says nothing.
pub(crate) const QUEUE_SLEEPS: &str = "SQS stops publishing for a queue that is idle for hours, which says nothing about its messages: the state stays";

/// API reference, `WarmUpConfiguration`.
const LONGEST_WARM_UP_MINUTES: u32 = 2880;
const DAY_S: u32 = 86_400;

impl Condition {
    /// One metric, at least 1, in one of one minutes, silence good.
    pub(crate) fn one(source: Source) -> Self {
        Self {
            sources: vec![source],
            expression: None,
            operator: ComparisonOperator::GreaterThanOrEqualToThreshold,
            threshold: 1.0,
            period: 60,
            of: (1, 1),
            missing: TreatMissingData::NotBreaching,
            missing_because: NOTHING_HAPPENED.to_owned(),
            wall_clock: false,
        }
    }

    /// Metric math, with the same defaults.
    pub(crate) fn math(sources: Vec<Source>, expression: impl Into<String>) -> Self {
        Self {
            expression: Some(expression.into()),
            sources,
            ..Self::one(Source::new("m", "", "", Stat::Sum, &[]))
        }
    }

    pub(crate) fn at_least(self, threshold: f64) -> Self {
        Self { threshold, ..self }
    }

    pub(crate) fn above(self, threshold: f64) -> Self {
        let operator = ComparisonOperator::GreaterThanThreshold;
        Self {
            threshold,
            operator,
            ..self
        }
    }

    pub(crate) fn below(self, threshold: f64) -> Self {
        let operator = ComparisonOperator::LessThanThreshold;
        Self {
            threshold,
            operator,
            ..self
        }
    }

    pub(crate) fn of(self, of: (u32, u32)) -> Self {
        Self { of, ..self }
    }

    pub(crate) fn every(self, period: u32) -> Self {
        Self { period, ..self }
    }

    pub(crate) fn missing(self, missing: TreatMissingData, because: &str) -> Self {
        let missing_because = because.to_owned();
        Self {
            missing,
            missing_because,
            ..self
        }
    }

    pub(crate) fn by_the_clock(self) -> Self {
        Self {
            wall_clock: true,
            ..self
        }
    }

    /// The alarm, without name, actions and tags.
    pub(crate) fn alarm(&self) -> MetricAlarm {
        let mut alarm = match (&self.expression, self.sources.as_slice()) {
            (None, [source]) => {
                let mut alarm =
                    MetricAlarm::over(&source.namespace, &source.metric, source.stat, self.period);
                alarm.dimensions = dimensions(source);
                alarm
            }
            (expression, sources) => {
                let mut queries: Vec<_> = sources.iter().map(|source| self.query(source)).collect();
                queries.push(MetricDataQuery {
                    id: "watched".to_owned(),
                    expression: expression.clone(),
                    return_data: Some(true),
                    ..MetricDataQuery::default()
                });
                MetricAlarm::over_queries(queries)
            }
        };
        alarm.threshold = Some(self.threshold);
        alarm.comparison_operator = self.operator;
        alarm.evaluation_periods = self.of.1;
        alarm.datapoints_to_alarm = Some(self.of.0);
        alarm.treat_missing_data = Some(self.missing);
        alarm.evaluation_window = self.wall_clock.then(|| EvaluationWindow {
            wall_clock_window: Some(WallClockWindow {
                timezone: Some("UTC".to_owned()),
            }),
            sliding_window: None,
        });
        alarm.warm_up_configuration = self.warm_up();
        alarm
    }

    /// Where silence is the failure, an alarm that was just made would go off for the time before there was anything: it waits
    /// until its window is full, and one period more, because windows of the clock begin before it does. Not so for days: what is
    /// silent for a day after a deployment is to be told of.
    fn warm_up(&self) -> Option<WarmUpConfiguration> {
        let seconds = self.period.saturating_mul(self.of.1.saturating_add(1));
        (self.missing == TreatMissingData::Breaching && self.period < DAY_S).then(|| WarmUpConfiguration {
            warm_up_period_duration_in_minutes: seconds.div_ceil(60).clamp(1, LONGEST_WARM_UP_MINUTES),
            only_start_evaluating_after_warm_up_period_ends: None,
        })
    }

    fn query(&self, source: &Source) -> MetricDataQuery {
        MetricDataQuery {
            id: source.id.to_owned(),
            metric_stat: Some(MetricStat {
                metric: Metric {
                    namespace: source.namespace.clone(),
                    metric_name: source.metric.clone(),
                    dimensions: dimensions(source),
                },
                period: self.period,
                stat: source.stat.to_string(),
                unit: None,
            }),
            return_data: Some(false),
            ..MetricDataQuery::default()
        }
    }
}

fn dimensions(source: &Source) -> Vec<Dimension> {
    let dimension = |(name, value): &(String, String)| Dimension {
        name: name.clone(),
        value: value.clone(),
    };
    source.dimensions.iter().map(dimension).collect()
}
