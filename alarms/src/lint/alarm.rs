//! A metric alarm as far as it is known: each property with its place, and the metrics it watches.

use infra::{Node, Place};

use crate::model::{ComparisonOperator, Stat, TreatMissingData};
use crate::service_metrics::{self, ServiceMetric};

use super::unread;
use super::world::Member;

/// An `AWS::CloudWatch::Alarm`.
#[derive(Debug)]
pub(super) struct Alarm<'a> {
    pub(super) member: Member<'a>,
    /// The one metric, or those of `Metrics`.
    pub(super) uses: Vec<Use<'a>>,
}

/// A metric in an alarm.
#[derive(Debug)]
pub(super) struct Use<'a> {
    /// `MetricName`, `Namespace`, `Dimensions`: the alarm's properties, or `Metric` of an entry.
    pub(super) metric: &'a Node,
    /// Its `Id` in `Metrics`; none for the one metric.
    pub(super) id: Option<&'a str>,
    pub(super) stat: &'a Node,
    pub(super) period: &'a Node,
    pub(super) unit: &'a Node,
    /// Whether the alarm compares this metric itself, not an expression over it.
    pub(super) is_compared: bool,
    /// What its service says of it.
    pub(super) known: Option<&'static ServiceMetric>,
}

/// The type of an anomaly detector.
pub(super) const DETECTOR: &str = "AWS::CloudWatch::AnomalyDetector";

impl<'a> Alarm<'a> {
    /// An anomaly detector as an alarm that compares nothing: its metrics exist or not as those of an alarm do.
    pub(super) fn of_detector(member: Member<'a>) -> Option<Self> {
        let is_detector = member.resource.kind == DETECTOR && !unread::is_unread(&member);
        is_detector.then(|| Self {
            member,
            uses: uses_of_detector(&member.resource.properties),
        })
    }

    /// What it is called in a message.
    pub(super) fn noun(&self) -> &'static str {
        if self.member.resource.kind == DETECTOR {
            "the detector"
        } else {
            "the alarm"
        }
    }

    pub(super) fn of(member: Member<'a>) -> Option<Self> {
        let is_alarm = member.resource.kind == "AWS::CloudWatch::Alarm" && !unread::is_unread(&member);
        is_alarm.then(|| Self {
            member,
            uses: uses(&member.resource.properties),
        })
    }

    pub(super) fn properties(&self) -> &'a Node {
        &self.member.resource.properties
    }

    /// Where a property is; where the alarm is when it is not there.
    pub(super) fn at(&self, node: &Node) -> Place {
        if node.is_null() {
            self.member.resource.at
        } else {
            node.at
        }
    }

    pub(super) fn number(&self, property: &str) -> Option<f64> {
        self.properties()[property].as_number()
    }

    /// N.
    pub(super) fn evaluation_periods(&self) -> Option<u64> {
        self.properties()["EvaluationPeriods"].as_whole()
    }

    /// M, with its default; none when it is more than N, which CloudWatch refuses.
    pub(super) fn datapoints_to_alarm(&self) -> Option<u64> {
        let n = self.evaluation_periods();
        match self.properties().get("DatapointsToAlarm") {
            Some(node) => node.as_whole().filter(|m| n.is_none_or(|n| *m <= n)),
            None => n,
        }
    }

    pub(super) fn comparison(&self) -> Option<ComparisonOperator> {
        self.properties()["ComparisonOperator"].as_text()?.parse().ok()
    }

    /// The treatment with its default; none when it is not known.
    pub(super) fn missing(&self) -> Option<TreatMissingData> {
        match self.properties().get("TreatMissingData") {
            Some(node) => node.as_text()?.parse().ok(),
            None => Some(TreatMissingData::Missing),
        }
    }

    /// The one metric that it compares without metric math.
    pub(super) fn compared(&self) -> Option<&Use<'a>> {
        self.uses.iter().find(|one| one.is_compared)
    }

    /// Whether it looks at exactly N periods: a wall clock window does. So it is said of a window that is not known.
    pub(super) fn has_wall_clock(&self) -> bool {
        let window = &self.properties()["EvaluationWindow"];
        window.is_unknown() || window.get("WallClockWindow").is_some()
    }

    /// The period of its metrics in seconds.
    pub(super) fn period(&self) -> Option<u64> {
        self.uses.iter().find_map(|one| one.period.as_whole())
    }
}

impl Use<'_> {
    pub(super) fn namespace(&self) -> Option<&str> {
        self.metric["Namespace"].as_text()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.metric["MetricName"].as_text()
    }

    pub(super) fn stat(&self) -> Option<Stat> {
        self.stat.as_text()?.parse().ok()
    }

    /// Names of its dimensions with their values; none when one of the names is not known.
    pub(super) fn dimensions(&self) -> Option<Vec<(&str, &Node)>> {
        let list = &self.metric["Dimensions"];
        if list.is_unknown() {
            return None;
        }
        let pair = |one: &'_ Node| one.get("Name").and_then(Node::as_text).is_some();
        if !list.items().iter().all(pair) {
            return None;
        }
        let items = list.items().iter();
        Some(
            items
                .filter_map(|one| Some((one["Name"].as_text()?, &one["Value"])))
                .collect(),
        )
    }
}

fn uses(properties: &Node) -> Vec<Use<'_>> {
    if properties.get("MetricName").is_some() {
        let stat = properties
            .get("ExtendedStatistic")
            .unwrap_or(&properties["Statistic"]);
        return vec![one(properties, None, stat, properties, true)];
    }
    of_queries(&properties["Metrics"])
}

/// One metric in the old form or in the new one, or metric math.
fn uses_of_detector(properties: &Node) -> Vec<Use<'_>> {
    let single = &properties["SingleMetricAnomalyDetector"];
    let metric = if single.is_null() { properties } else { single };
    if metric.get("MetricName").is_some() {
        return vec![one(metric, None, &metric["Stat"], metric, true)];
    }
    of_queries(&properties["MetricMathAnomalyDetector"]["MetricDataQueries"])
}

fn of_queries(queries: &Node) -> Vec<Use<'_>> {
    let entries = queries.items().iter();
    let with_metric = entries.filter_map(|entry| Some((entry, entry.get("MetricStat")?)));
    with_metric
        .map(|(entry, stat)| {
            let returned = entry
                .get("ReturnData")
                .is_none_or(|flag| flag.as_bool() == Some(true));
            one(
                &stat["Metric"],
                entry["Id"].as_text(),
                &stat["Stat"],
                stat,
                returned,
            )
        })
        .collect()
}

fn one<'a>(
    metric: &'a Node,
    id: Option<&'a str>,
    stat: &'a Node,
    around: &'a Node,
    is_compared: bool,
) -> Use<'a> {
    let names = metric["Namespace"].as_text().zip(metric["MetricName"].as_text());
    Use {
        metric,
        id,
        stat,
        period: &around["Period"],
        unit: &around["Unit"],
        is_compared,
        known: names.and_then(|(namespace, name)| service_metrics::find(namespace, name)),
    }
}
