//! What is asked for a picture, and what is answered.

use jiff::Timestamp;

use alarms::model::StateValue;

use crate::model::Line;

/// A time range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Included.
    pub begin: Timestamp,
    /// Not included.
    pub end: Timestamp,
}

/// What a metric widget needs.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAsk {
    /// Its place among the widgets.
    pub widget: usize,
    /// Its metrics and expressions, hidden ones too.
    pub lines: Vec<Line>,
    /// The range.
    pub range: Range,
    /// Whether each line has one datapoint, that of the whole range.
    pub whole: bool,
}

/// What a log widget needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAsk {
    /// Its place among the widgets.
    pub widget: usize,
    /// The query, `SOURCE` included.
    pub query: String,
    /// The range.
    pub range: Range,
}

/// The datapoints of one line. A search gives several of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The row of the widget's metrics that it answers.
    pub row: usize,
    /// What the legend says.
    pub label: String,
    /// Seconds between two datapoints: further apart is a gap.
    pub period: u32,
    /// In the order of time.
    pub points: Vec<(Timestamp, f64)>,
}

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmStatus {
    /// The state.
    pub state: StateValue,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// The result of a query over logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logs {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// As many cells in each.
    pub rows: Vec<Vec<String>>,
    /// What the reader should know: that nobody evaluated the query, for instance.
    pub remark: Option<String>,
}

/// What the function of a custom widget answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomAnswer {
    /// HTML; its text is drawn.
    Html(String),
    /// `{"markdown": …}`
    Markdown(String),
    /// Anything else.
    Json(String),
    /// It cannot be called, or failed: why.
    Failed(String),
}

/// Where data come from.
pub trait Data {
    /// The visible lines of a widget. A line without data may be left out.
    fn series(&self, ask: &MetricAsk) -> Vec<Curve>;

    /// The state of an alarm by its ARN; none when it is not known.
    fn alarm(&self, arn: &str) -> Option<AlarmStatus>;

    /// The result of a query; none when nobody can answer it.
    fn logs(&self, ask: &LogAsk) -> Option<Logs>;

    /// What the function of a custom widget answered; none when it was not called.
    fn custom(&self, _widget: usize) -> Option<CustomAnswer> {
        None
    }

    /// Why a metric widget, or a line of it, has no datapoints, when more is known than that there are none.
    fn why_empty(&self, _widget: usize) -> Option<String> {
        None
    }
}

/// No data: the picture of a layout.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoData;

impl Data for NoData {
    fn series(&self, _: &MetricAsk) -> Vec<Curve> {
        Vec::new()
    }

    fn alarm(&self, _: &str) -> Option<AlarmStatus> {
        None
    }

    fn logs(&self, _: &LogAsk) -> Option<Logs> {
        None
    }
}

/// What people call a line without a label: its metric with the values that tell it from others, or its id.
pub(super) fn own_label(line: &Line) -> String {
    match line.metric() {
        Some(metric) => {
            let values = metric.dimensions.iter().map(|(_, value)| value.as_str());
            let words: Vec<&str> = values.chain([metric.name.as_str()]).collect();
            words.join(" ")
        }
        None => line
            .rendering
            .id
            .clone()
            .unwrap_or_else(|| "expression".to_owned()),
    }
}
