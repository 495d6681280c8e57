//! The Embedded Metric Format: one JSON object per line, which CloudWatch Logs turns into metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Limits (EMF specification): 100 metrics per directive, 30 dimensions per set, 100 values per metric. All metrics of a
//! document share the dimension values, so metrics with other values of the same dimension have documents of their own;
//! all that agree share one, with a directive for each choice of dimension sets. A document is one log event.

use std::collections::BTreeMap;

use super::buffer::{Dimension, Name, Series, Values};
use super::spec::Unit;
use crate::json;
use crate::process::Settings;

const MOST_METRICS: usize = 100;
const MOST_VALUES: usize = 100;
/// Bytes of a line that Lambda hands on as one log event: 256 KiB (CloudWatch Logs before 2025, EMF specification), less
/// what is stored around it.
const LONGEST_LINE: usize = 256 * 1024 - 1024;

/// Lines, and what none could be made of.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Documents, each one line of JSON.
    pub(super) lines: Vec<String>,
    /// Metrics that fit no line: their dimensions alone are too long.
    pub(super) lost: u64,
}

/// Writes the documents of one invocation.
pub(super) struct Writer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) timestamp_ms: i64,
    pub(super) properties: &'a [(&'a str, &'a str)],
}

/// What stands for a metric in one document.
enum Piece {
    Number(f64),
    /// At most 100.
    Array(Vec<f64>),
    /// At most 100 different values, each with how often it was seen.
    Counted(Vec<(f64, u64)>),
}

/// One metric in one document.
struct Metric<'s> {
    name: &'s Name,
    dimensions: &'s [Dimension],
    piece: Piece,
}

/// Metrics that agree on the values of their dimensions.
type Document<'s> = Vec<Metric<'s>>;

impl Writer<'_> {
    /// The documents of these series.
    pub(super) fn documents(&self, mut series: Vec<Series>) -> Written {
        // What is written does not depend on the order of the handler's branches.
        series.sort_by(|a, b| (&a.dimensions, a.name.as_str()).cmp(&(&b.dimensions, b.name.as_str())));
        let mut documents: Vec<Document<'_>> = Vec::new();
        for one in &series {
            for piece in in_pieces(&one.values) {
                let metric = Metric {
                    name: &one.name,
                    dimensions: &one.dimensions,
                    piece,
                };
                match documents.iter_mut().find(|document| self.fits(&metric, document)) {
                    Some(document) => document.push(metric),
                    None => documents.push(vec![metric]),
                }
            }
        }
        let mut written = Written::default();
        for document in &documents {
            self.fitting(document, &mut written);
        }
        written
    }

    /// May it stand in this document?
    fn fits(&self, metric: &Metric<'_>, document: &Document<'_>) -> bool {
        let agrees = |(name, value): &Dimension, others: &[Dimension]| {
            others.iter().all(|(other, its)| other != name || its == value)
        };
        let name = metric.name.as_str();
        document.len() < MOST_METRICS
            && document.iter().all(|other| {
                other.name.as_str() != name
                    && metric.dimensions.iter().all(|one| agrees(one, other.dimensions))
                    && metric
                        .dimensions
                        .iter()
                        .all(|(one, _)| one != other.name.as_str())
                    && other.dimensions.iter().all(|(one, _)| one != name)
            })
    }

    /// One line, or two halves where one would be too long.
    fn fitting(&self, metrics: &[Metric<'_>], written: &mut Written) {
        let line = self.document(metrics);
        if line.len() <= LONGEST_LINE {
            written.lines.push(line);
        } else if metrics.len() > 1 {
            let (one, other) = metrics.split_at(metrics.len() / 2);
            self.fitting(one, written);
            self.fitting(other, written);
        } else {
            written.lost += 1;
        }
    }

    fn document(&self, metrics: &[Metric<'_>]) -> String {
        let mut out = String::with_capacity(512);
        out.push_str("{\"_aws\":{\"Timestamp\":");
        json::integer(&mut out, self.timestamp_ms);
        out.push_str(",\"CloudWatchMetrics\":[");
        self.directives(&mut out, metrics);
        out.push_str("]}");
        let mut members = vec!["_aws"];
        for (name, value) in self.properties {
            member(&mut out, name);
            json::string(&mut out, value);
            members.push(name);
        }
        member(&mut out, "Service");
        json::string(&mut out, self.settings.service);
        members.push("Service");
        for (name, value) in metrics.iter().flat_map(|metric| metric.dimensions) {
            if !members.contains(&&**name) {
                members.push(name);
                member(&mut out, name);
                json::string(&mut out, value);
            }
        }
        for metric in metrics {
            member(&mut out, metric.name.as_str());
            value(&mut out, &metric.piece);
        }
        out.push('}');
        out
    }

    /// A directive for each choice of dimension sets.
    fn directives(&self, out: &mut String, metrics: &[Metric<'_>]) {
        let mut by_sets: BTreeMap<Vec<Vec<&str>>, Vec<&Metric<'_>>> = BTreeMap::new();
        for metric in metrics {
            by_sets.entry(sets(metric)).or_default().push(metric);
        }
        separated(out, &by_sets, |out, (sets, metrics)| {
            out.push_str("{\"Namespace\":");
            json::string(out, self.settings.namespace);
            out.push_str(",\"Dimensions\":[");
            separated(out, sets, |out, set| {
                out.push('[');
                separated(out, set, |out, name| json::string(out, name));
                out.push(']');
            });
            out.push_str("],\"Metrics\":[");
            separated(out, metrics, |out, metric| definition(out, metric.name));
            out.push_str("]}");
        });
    }
}

/// The sets of dimensions that a metric is published by.
fn sets<'m>(metric: &'m Metric<'_>) -> Vec<Vec<&'m str>> {
    let names = || metric.dimensions.iter().map(|(name, _)| &**name);
    let chosen = metric.name.spec().map_or(&[][..], |spec| spec.sets);
    let has = |set: &&&[&str]| {
        set.iter()
            .all(|wanted| *wanted == "Service" || names().any(|name| name == *wanted))
    };
    let chosen: Vec<Vec<&str>> = chosen.iter().filter(has).map(|set| set.to_vec()).collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let all: Vec<&str> = std::iter::once("Service").chain(names()).collect();
    match all.len() {
        1 => vec![all],
        _ => vec![vec!["Service"], all],
    }
}

fn definition(out: &mut String, name: &Name) {
    out.push_str("{\"Name\":");
    json::string(out, name.as_str());
    let unit = name.spec().map_or(Unit::None, |spec| spec.unit);
    // `None` is what no unit means.
    if unit != Unit::None {
        out.push_str(",\"Unit\":\"");
        out.push_str(unit.as_str());
        out.push('"');
    }
    if name.spec().is_some_and(|spec| spec.high_resolution) {
        out.push_str(",\"StorageResolution\":1");
    }
    out.push('}');
}

fn member(out: &mut String, name: &str) {
    out.push(',');
    json::string(out, name);
    out.push(':');
}

fn value(out: &mut String, piece: &Piece) {
    match piece {
        Piece::Number(number) => json::number(out, *number),
        Piece::Array(values) => {
            out.push('[');
            separated(out, values, |out, value| json::number(out, *value));
            out.push(']');
        }
        Piece::Counted(values) => {
            out.push_str("{\"Values\":[");
            separated(out, values, |out, (value, _)| json::number(out, *value));
            out.push_str("],\"Counts\":[");
            separated(out, values, |out, (_, count)| {
                json::integer(out, i64::try_from(*count).unwrap_or(i64::MAX));
            });
            out.push_str("]}");
        }
    }
}

fn separated<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        write(out, item);
    }
}

/// The values as EMF holds them: a number; an array of at most 100; or, where values repeat, each once with its count.
/// CloudWatch reads the last form too (AWS's own exporters write it), though the specification does not show it.
fn in_pieces(values: &Values) -> Vec<Piece> {
    let values = match values {
        Values::One(value) => return vec![Piece::Number(*value)],
        Values::All(values) if values.len() == 1 => return vec![Piece::Number(values[0])],
        Values::All(values) => values,
    };
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let counted: Vec<(f64, u64)> = sorted
        .chunk_by(|one, next| one.total_cmp(next).is_eq())
        .map(|same| (same[0], same.len() as u64))
        .collect();
    if counted.len() == values.len() {
        let array = |values: &[f64]| Piece::Array(values.to_vec());
        values.chunks(MOST_VALUES).map(array).collect()
    } else {
        let counts = |values: &[(f64, u64)]| Piece::Counted(values.to_vec());
        counted.chunks(MOST_VALUES).map(counts).collect()
    }
}

#[cfg(test)]
#[path = "emf_tests.rs"]
mod tests;
