//! The functions of metric math, by name.

use std::fmt;

/// A function that metric math knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the names are those of the user guide's table of functions, which says what they do"
)]
pub enum Function {
    Abs,
    AnomalyDetectionBand,
    Avg,
    Ceil,
    DatapointCount,
    Date,
    Day,
    DbPerfInsights,
    Diff,
    DiffTime,
    Epoch,
    Fill,
    First,
    Floor,
    Hour,
    If,
    InsightRuleMetric,
    Lambda,
    Last,
    Log,
    Log10,
    Max,
    MetricCount,
    Metrics,
    Min,
    Minute,
    Month,
    Period,
    Rate,
    RemoveEmpty,
    RunningSum,
    Search,
    ServiceQuota,
    Slice,
    Sort,
    Stddev,
    Sum,
    TimeSeries,
    Year,
}

const NAMES: &[(Function, &str)] = &[
    (Function::Abs, "ABS"),
    (Function::AnomalyDetectionBand, "ANOMALY_DETECTION_BAND"),
    (Function::Avg, "AVG"),
    (Function::Ceil, "CEIL"),
    (Function::DatapointCount, "DATAPOINT_COUNT"),
    (Function::Date, "DATE"),
    (Function::Day, "DAY"),
    (Function::DbPerfInsights, "DB_PERF_INSIGHTS"),
    (Function::Diff, "DIFF"),
    (Function::DiffTime, "DIFF_TIME"),
    (Function::Epoch, "EPOCH"),
    (Function::Fill, "FILL"),
    (Function::First, "FIRST"),
    (Function::Floor, "FLOOR"),
    (Function::Hour, "HOUR"),
    (Function::If, "IF"),
    (Function::InsightRuleMetric, "INSIGHT_RULE_METRIC"),
    (Function::Lambda, "LAMBDA"),
    (Function::Last, "LAST"),
    (Function::Log, "LOG"),
    (Function::Log10, "LOG10"),
    (Function::Max, "MAX"),
    (Function::MetricCount, "METRIC_COUNT"),
    (Function::Metrics, "METRICS"),
    (Function::Min, "MIN"),
    (Function::Minute, "MINUTE"),
    (Function::Month, "MONTH"),
    (Function::Period, "PERIOD"),
    (Function::Rate, "RATE"),
    (Function::RemoveEmpty, "REMOVE_EMPTY"),
    (Function::RunningSum, "RUNNING_SUM"),
    (Function::Search, "SEARCH"),
    (Function::ServiceQuota, "SERVICE_QUOTA"),
    (Function::Slice, "SLICE"),
    (Function::Sort, "SORT"),
    (Function::Stddev, "STDDEV"),
    (Function::Sum, "SUM"),
    (Function::TimeSeries, "TIME_SERIES"),
    (Function::Year, "YEAR"),
];

impl Function {
    /// The function of that name, in upper case as CloudWatch wants it.
    pub fn of_name(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(function, _)| *function)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(known, _)| *known == self)
            .map_or("", |(_, name)| name)
    }

    /// Why CloudWatch alone can compute it, for those that need more than datapoints.
    pub const fn needs_the_service(self) -> Option<&'static str> {
        match self {
            Self::Search => {
                Some("SEARCH finds many series, and an alarm watches one: CloudWatch refuses it in alarms")
            }
            Self::DbPerfInsights => {
                Some("DB_PERF_INSIGHTS reads Performance Insights, which only the service has")
            }
            Self::InsightRuleMetric => {
                Some("INSIGHT_RULE_METRIC reads Contributor Insights, which only the service has")
            }
            Self::Lambda => Some("LAMBDA asks a data source connector, which only the service can"),
            Self::ServiceQuota => {
                Some("SERVICE_QUOTA reads the account's quotas, which only the service has")
            }
            _ => None,
        }
    }

    /// Does its result change with the number of periods that are retrieved? An alarm retrieves more than N, so that the
    /// user guide advises against these in alarms. (Over an array of series it does not; see [`super::type_of`].)
    pub const fn sees_the_range(self) -> bool {
        matches!(
            self,
            Self::Avg
                | Self::DatapointCount
                | Self::Max
                | Self::Min
                | Self::RemoveEmpty
                | Self::RunningSum
                | Self::Sort
                | Self::Stddev
                | Self::Sum
        )
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
