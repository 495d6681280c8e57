//! Graphs of metrics: the one place where rows are put together.

use crate::model::{Content, Metric, MetricProperties, Rendering, Row, Side, View, Widget};

use super::{WatchedAlarm, arn, thresholds};

/// Seconds of one datapoint: the shortest that every service publishes.
pub(super) const PERIOD: u32 = 60;

/// A graph that is being put together.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) properties: MetricProperties,
    rows: Vec<Row>,
}

impl Graph {
    pub(super) fn new(title: &str) -> Self {
        Self {
            properties: MetricProperties {
                title: Some(title.to_owned()),
                view: Some(View::TimeSeries),
                region: Some(arn::REGION.to_owned()),
                period: Some(PERIOD),
                ..MetricProperties::default()
            },
            rows: Vec::new(),
        }
    }

    /// A metric with a statistic, called by `label`.
    pub(super) fn line(mut self, metric: &Metric, stat: &str, label: &str) -> Self {
        self.rows.push(Row::metric(metric, shown(stat, label)));
        self
    }

    /// As [`Graph::line`], on the right axis.
    pub(super) fn right(mut self, metric: &Metric, stat: &str, label: &str) -> Self {
        let rendering = Rendering {
            y_axis: Some(Side::Right),
            ..shown(stat, label)
        };
        self.rows.push(Row::metric(metric, rendering));
        self
    }

    /// A metric that only expressions show. Its period is another than the graph's when it is given.
    pub(super) fn hidden(mut self, metric: &Metric, stat: &str, id: &str, period: Option<u32>) -> Self {
        let rendering = Rendering {
            id: Some(id.to_owned()),
            stat: Some(stat.to_owned()),
            period,
            visible: Some(false),
            ..Rendering::default()
        };
        self.rows.push(Row::metric(metric, rendering));
        self
    }

    /// An expression.
    pub(super) fn expression(mut self, expression: &str, id: &str, label: &str) -> Self {
        let rendering = Rendering {
            id: Some(id.to_owned()),
            label: Some(label.to_owned()),
            ..Rendering::default()
        };
        self.rows.push(Row::expression(expression, rendering));
        self
    }

    /// A row as it is.
    pub(super) fn row(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }

    /// All of some metrics together, by array functions, which take no notice of missing ones.
    pub(super) fn together(
        mut self,
        function: &str,
        metrics: &[Metric],
        stat: &str,
        id: &str,
        label: &str,
    ) -> Self {
        if metrics.is_empty() {
            return self;
        }
        let ids: Vec<String> = (1..=metrics.len()).map(|n| format!("{id}{n}")).collect();
        for (metric, id) in metrics.iter().zip(&ids) {
            self = self.hidden(metric, stat, id, None);
        }
        let expression = format!("{function}([{}])", ids.join(", "));
        self.expression(&expression, id, label)
    }

    /// Changes what is not about rows.
    pub(super) fn with(mut self, change: impl FnOnce(&mut MetricProperties)) -> Self {
        change(&mut self.properties);
        self
    }

    /// The widget, with the thresholds of the alarms that watch the same.
    pub(super) fn widget(self, width: u32, height: u32, alarms: &[WatchedAlarm]) -> Widget {
        let mut properties = MetricProperties {
            metrics: Some(self.rows),
            ..self.properties
        };
        thresholds::annotate(&mut properties, alarms);
        Widget::sized(width, height, Content::Metric(Box::new(properties)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn shown(stat: &str, label: &str) -> Rendering {
    Rendering {
        stat: Some(stat.to_owned()),
        label: Some(label.to_owned()),
        ..Rendering::default()
    }
}

/// A metric.
pub(super) fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    let dimensions = dimensions.iter();
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}
