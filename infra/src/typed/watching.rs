//! What watches: log groups, metric filters, alarms, dashboards.

use crate::node::Node;

use super::read::{Reader, Setting};

/// A log group.
#[derive(Debug, Clone, PartialEq)]
pub struct LogGroup {
    /// Dimension `LogGroupName` of its metrics.
    pub name: Node,
    /// Days after which lines are deleted; absent: never.
    pub retention_days: Setting<u64>,
}

/// A metric filter.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFilter {
    /// Its name.
    pub name: Node,
    /// The log group's name.
    pub log_group: Node,
    /// What it finds.
    pub pattern: Node,
    /// The metrics it makes.
    pub transformations: Vec<Transformation>,
}

/// A metric of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformation {
    /// The metric.
    pub metric: Node,
    /// Its namespace.
    pub namespace: Node,
    /// The value for each line.
    pub value: Node,
    /// The value when lines come and none is found; null when there is none.
    pub default: Node,
    /// A list of `Key` and `Value`; null without dimensions.
    pub dimensions: Node,
}

/// A resource of which only the name is taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its name.
    pub name: Node,
}

impl LogGroup {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        Self {
            name: reader.name("LogGroupName"),
            retention_days: reader.whole("RetentionInDays", None),
        }
    }
}

impl MetricFilter {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let transformations = reader.properties()["MetricTransformations"].items();
        Self {
            name: reader.name("FilterName"),
            log_group: reader.node("LogGroupName"),
            pattern: reader.node("FilterPattern"),
            transformations: transformations.iter().map(Transformation::of).collect(),
        }
    }
}

impl Transformation {
    fn of(node: &Node) -> Self {
        Self {
            metric: node["MetricName"].clone(),
            namespace: node["MetricNamespace"].clone(),
            value: node["MetricValue"].clone(),
            default: node["DefaultValue"].clone(),
            dimensions: node["Dimensions"].clone(),
        }
    }
}

impl Named {
    pub(super) fn of(reader: &Reader<'_>, property: &str) -> Self {
        Self {
            name: reader.name(property),
        }
    }
}
