//! A metric alarm: `AWS::CloudWatch::Alarm`, with CloudFormation's property names.

use serde::{Deserialize, Serialize};

use super::check;
use super::{
    ComparisonOperator, Dimension, EvaluationCriteria, EvaluationWindow, Invalid, LowSamples,
    MetricDataQuery, Stat, TreatMissingData, WarmUpConfiguration,
};

/// A metric alarm, over one metric, metric math or an anomaly detection band.
///
/// ```
/// use alarms::model::MetricAlarm;
///
/// let alarm: MetricAlarm = serde_json::from_str(r#"{
///   "AlarmName": "orders-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
///   "Dimensions": [{"Name": "FunctionName", "Value": "orders"}], "Period": 60,
///   "EvaluationPeriods": 5, "DatapointsToAlarm": 6, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"
/// }"#)?;
/// let problems = alarm.validate().unwrap_err();
/// assert_eq!(problems.to_string(), "DatapointsToAlarm: is 6, and must be from 1 to EvaluationPeriods, which is 5");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricAlarm {
    /// At most 255 characters. CloudFormation makes one up without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_name: Option<String>,
    /// At most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_description: Option<String>,
    /// Does it act on changes at all? The default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_enabled: Option<bool>,
    /// ARNs, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarm_actions: Vec<String>,
    /// ARNs, at most 5.
    #[serde(default, rename = "OKActions", skip_serializing_if = "Vec::is_empty")]
    pub ok_actions: Vec<String>,
    /// ARNs, at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insufficient_data_actions: Vec<String>,
    /// What goes with actions, such as the alarm's tags: as it is written, because no state depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_configuration: Option<serde_json::Value>,

    /// The namespace of the one metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the one metric. Exactly one of this and `metrics` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// The dimensions of the one metric, at most 30.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
    /// SampleCount, Average, Sum, Minimum or Maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// A percentile or trimmed statistic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_statistic: Option<String>,
    /// Seconds: 10, 20, 30 or a multiple of 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// Only samples of this unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Metrics and expressions, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricDataQuery>,

    /// A PromQL query instead of metrics: the alarm has neither periods nor a comparison of its own then, and the values of
    /// `evaluation_periods` and `comparison_operator` mean nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_criteria: Option<EvaluationCriteria>,
    /// Seconds between the evaluations of a PromQL query, 10 to 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_interval: Option<u32>,

    /// N: how many periods are looked at.
    pub evaluation_periods: u32,
    /// M: how many of them must breach. N without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datapoints_to_alarm: Option<u32>,
    /// How a datapoint is compared.
    pub comparison_operator: ComparisonOperator,
    /// What a datapoint is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The id of the anomaly detection band in `metrics`, instead of a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_metric_id: Option<String>,
    /// `missing` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treat_missing_data: Option<TreatMissingData>,
    /// `evaluate` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluate_low_sample_count_percentile: Option<LowSamples>,
    /// A sliding window without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_window: Option<EvaluationWindow>,
    /// No warm-up without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_configuration: Option<WarmUpConfiguration>,
    /// At most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A key and a value on the alarm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// At most 256 characters.
    pub value: String,
}

impl MetricAlarm {
    /// An alarm over one metric, with what has no default; the rest is set on the value.
    pub fn over(namespace: &str, metric_name: &str, statistic: Stat, period: u32) -> Self {
        let text = Some(statistic.to_string());
        let (statistic, extended_statistic) = if statistic.is_standard() {
            (text, None)
        } else {
            (None, text)
        };
        Self {
            namespace: Some(namespace.to_owned()),
            metric_name: Some(metric_name.to_owned()),
            statistic,
            extended_statistic,
            period: Some(period),
            threshold: Some(0.0),
            ..Self::empty()
        }
    }

    /// An alarm over queries; `metrics[i].return_data` says which of them it watches.
    pub fn over_queries(metrics: Vec<MetricDataQuery>) -> Self {
        Self {
            metrics,
            threshold: Some(0.0),
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        Self {
            alarm_name: None,
            alarm_description: None,
            actions_enabled: None,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            action_configuration: None,
            namespace: None,
            metric_name: None,
            dimensions: Vec::new(),
            statistic: None,
            extended_statistic: None,
            period: None,
            unit: None,
            metrics: Vec::new(),
            evaluation_criteria: None,
            evaluation_interval: None,
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            comparison_operator: ComparisonOperator::GreaterThanThreshold,
            threshold: None,
            threshold_metric_id: None,
            treat_missing_data: None,
            evaluate_low_sample_count_percentile: None,
            evaluation_window: None,
            warm_up_configuration: None,
            tags: Vec::new(),
        }
    }

    /// Everything that PutMetricAlarm would refuse.
    ///
    /// # Errors
    /// There is something.
    pub fn validate(&self) -> Result<(), Invalid> {
        check::metric_alarm(self)
    }

    /// M, with its default.
    pub fn datapoints_to_alarm(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// What missing data is treated as, with its default.
    pub fn treat_missing_data(&self) -> TreatMissingData {
        self.treat_missing_data.unwrap_or(TreatMissingData::Missing)
    }

    /// The period of the alarm in seconds: its own, or the one of its queries.
    pub fn effective_period(&self) -> Option<u32> {
        self.period
            .or_else(|| {
                self.metrics
                    .iter()
                    .find_map(|query| query.metric_stat.as_ref().map(|stat| stat.period))
            })
            .or_else(|| self.metrics.iter().find_map(|query| query.period))
    }

    /// The wall clock window, if it has one.
    pub fn wall_clock_window(&self) -> Option<&super::WallClockWindow> {
        self.evaluation_window.as_ref()?.wall_clock_window.as_ref()
    }
}
