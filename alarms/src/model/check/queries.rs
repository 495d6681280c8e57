//! The entries of `Metrics`: ids, expressions, what is returned.

use std::collections::BTreeMap;

use crate::model::expression::{Function, LONGEST_EXPRESSION, Node, Type, parse, type_of};
use crate::model::problem::Findings;
use crate::model::{MetricAlarm, MetricDataQuery, Stat};

use super::{metric, text};

/// The most metrics of an alarm, and the most expressions (user guide, "CloudWatch service quotas").
const MOST_OF_A_KIND: usize = 10;

pub(super) fn check(f: &mut Findings, alarm: &MetricAlarm) {
    let queries = &alarm.metrics;
    let metrics = queries.iter().filter(|query| query.metric_stat.is_some()).count();
    for (count, what) in [(metrics, "metrics"), (queries.len() - metrics, "expressions")] {
        f.say_if(count > MOST_OF_A_KIND, "Metrics", || {
            format!("has {count} {what}, and may have {MOST_OF_A_KIND}")
        });
    }
    let mut periods = BTreeMap::new();
    for (n, query) in queries.iter().enumerate() {
        let at = format!("Metrics[{n}]");
        entry(f, &at, query);
        if let Some(stat) = &query.metric_stat {
            periods.entry(stat.period).or_insert(at.clone());
        }
        f.say_if(queries[..n].iter().any(|other| other.id == query.id), &at, || {
            format!("the id `{}` is there twice", query.id)
        });
    }
    if let [(first, _), (second, at), ..] = periods.iter().collect::<Vec<_>>()[..] {
        f.say(
            at.clone(),
            format!("the metrics of an alarm have one period, these have {first} s and {second} s"),
        );
    }
    f.say_if(alarm.effective_period().is_none(), "Metrics", || {
        "no entry has a period".to_owned()
    });
    returned(f, alarm);
    expressions(f, alarm);
}

fn entry(f: &mut Findings, at: &str, query: &MetricDataQuery) {
    let id = &query.id;
    let starts_well = id.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on_well = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    f.say_if(
        !starts_well || !goes_on_well || id.len() > 255,
        &format!("{at}.Id"),
        || {
            format!(
                "`{id}` must be a lower-case letter and then letters, digits and underscores, at most 255"
            )
        },
    );
    metric::period(f, &format!("{at}.Period"), query.period);
    match (&query.metric_stat, &query.expression) {
        (Some(stat), None) => {
            let at = format!("{at}.MetricStat");
            let metric = &stat.metric;
            text::metric(
                f,
                &format!("{at}.Metric."),
                &metric.namespace,
                &metric.metric_name,
                &metric.dimensions,
            );
            metric::period(f, &format!("{at}.Period"), Some(stat.period));
            text::unit(f, &format!("{at}.Unit"), stat.unit.as_deref());
            if let Err(error) = stat.stat.parse::<Stat>() {
                f.say(format!("{at}.Stat"), error.to_string());
            }
        }
        (None, Some(_)) => {}
        _ => f.say(at, "has exactly one of MetricStat and Expression"),
    }
}

/// What is watched: one entry, and the band beside it.
fn returned(f: &mut Findings, alarm: &MetricAlarm) {
    let band = alarm.threshold_metric_id.as_deref();
    let watched = alarm
        .metrics
        .iter()
        .filter(|query| query.returns_data() && Some(query.id.as_str()) != band);
    let watched: Vec<&str> = watched.map(|query| query.id.as_str()).collect();
    f.say_if(watched.len() != 1, "Metrics", || match watched[..] {
        [] => "no entry has ReturnData true: the alarm watches exactly one".to_owned(),
        _ => format!(
            "{} have ReturnData true, which is the default: the alarm watches exactly one",
            watched.join(", ")
        ),
    });
    if let Some(band) = band
        && !alarm.metrics.iter().any(|query| query.id == band)
    {
        f.say(
            "ThresholdMetricId",
            format!("there is no entry `{band}` in Metrics"),
        );
    }
}

/// Every expression is read, and its type found; expressions may use each other, but not in circles.
fn expressions(f: &mut Findings, alarm: &MetricAlarm) {
    let mut trees = BTreeMap::new();
    for (n, query) in alarm.metrics.iter().enumerate() {
        let Some(expression) = &query.expression else {
            continue;
        };
        let at = format!("Metrics[{n}].Expression");
        if is_metrics_insights(expression) {
            text::length(f, &at, Some(expression), 1, LONGEST_EXPRESSION);
            continue;
        }
        match parse(expression) {
            Ok(tree) => drop(trees.insert(query.id.as_str(), (at, tree))),
            Err(error) => f.say(at, error.to_string()),
        }
    }
    let mut known: BTreeMap<&str, Type> = alarm
        .metrics
        .iter()
        .filter(|q| !trees.contains_key(q.id.as_str()))
        .map(|query| (query.id.as_str(), Type::Series))
        .collect();
    // As many rounds as there are expressions: what is left then is in a circle.
    for _ in 0..trees.len() {
        for (id, (at, tree)) in &trees {
            let waits = tree
                .ids()
                .iter()
                .any(|(used, _)| trees.contains_key(used) && !known.contains_key(used));
            if known.contains_key(id) || waits {
                continue;
            }
            match type_of(tree, &|id: &str| known.get(id).copied()) {
                Ok(found) => {
                    watched_type(f, alarm, id, at, found, tree_is_band(&tree.node));
                    known.insert(id, found);
                }
                Err(error) => {
                    f.say(at.clone(), error.to_string());
                    known.insert(id, Type::Series);
                }
            }
        }
    }
    for (id, (at, _)) in trees.iter().filter(|(id, _)| !known.contains_key(*id)) {
        f.say(at.clone(), format!("`{id}` is part of a circle of expressions"));
    }
}

fn tree_is_band(node: &Node) -> bool {
    matches!(node, Node::Call(Function::AnomalyDetectionBand, _))
}

fn watched_type(f: &mut Findings, alarm: &MetricAlarm, id: &str, at: &str, found: Type, is_band: bool) {
    if alarm.threshold_metric_id.as_deref() == Some(id) {
        f.say_if(!is_band, at, || {
            "the entry that ThresholdMetricId names is an ANOMALY_DETECTION_BAND".to_owned()
        });
        return;
    }
    let watched = alarm
        .metrics
        .iter()
        .any(|query| query.id == id && query.returns_data());
    f.say_if(watched && found != Type::Series, at, || {
        let found = if found == Type::Scalar {
            "one number"
        } else {
            "several series"
        };
        format!("gives {found}, and an alarm watches one series")
    });
}

/// `SELECT AVG(x) FROM …`: a query, not metric math.
pub(crate) fn is_metrics_insights(expression: &str) -> bool {
    let first = expression.split_whitespace().next().unwrap_or_default();
    first.eq_ignore_ascii_case("SELECT")
}
