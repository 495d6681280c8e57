//! The Embedded Metric Format: one JSON object per line, which CloudWatch Logs turns into metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Limits (EMF specification): 100 metrics per directive, 30 dimensions per set, 100 values per metric. All metrics of a
//! document share the dimension values, so metrics with other values of the same dimension have documents of their own;
//! all that agree share one, with a directive for each choice of dimension sets. A document is one log event.

use super::buffer::{Name, Series, Values};
use super::identity::Dimension;
use super::unit::Unit;
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
enum Piece<'s> {
    Number(f64),
    /// At most 100.
    Array(&'s [f64]),
    /// At most 100 different values, each with how often it was seen.
    Counted(Vec<(f64, u64)>),
}

/// One metric in one document.
struct Metric<'s> {
    name: &'s Name,
    dimensions: &'s [Dimension],
    piece: Piece<'s>,
}

/// Metrics that agree on the values of their dimensions.
struct Document<'s> {
    metrics: Vec<Metric<'s>>,
    /// The different dimensions among them. Few: metrics with the same ones come one after the other.
    dimensions: Vec<&'s [Dimension]>,
}

impl<'s> Document<'s> {
    /// One with this metric, and room for so many.
    fn of(metric: Metric<'s>, count: usize) -> Self {
        let mut document = Self {
            metrics: Vec::with_capacity(count),
            dimensions: Vec::new(),
        };
        document.push(metric);
        document
    }

    fn push(&mut self, metric: Metric<'s>) {
        if self.dimensions.last() != Some(&metric.dimensions) {
            self.dimensions.push(metric.dimensions);
        }
        self.metrics.push(metric);
    }

    /// May it stand in this document?
    fn takes(&self, metric: &Metric<'_>) -> bool {
        let agrees = |(name, value): &Dimension, others: &[Dimension]| {
            others.iter().all(|(other, its)| other != name || its == value)
        };
        let name = metric.name.as_str();
        self.metrics.len() < MOST_METRICS
            && self.metrics.iter().all(|other| {
                let other = other.name.as_str();
                other != name && metric.dimensions.iter().all(|(one, _)| one != other)
            })
            && self.dimensions.iter().all(|others| {
                metric.dimensions.iter().all(|one| agrees(one, others))
                    && others.iter().all(|(one, _)| one != name)
            })
    }
}

/// Metrics that are published by the same sets of dimensions.
struct Directive<'m> {
    sets: Vec<Vec<&'m str>>,
    metrics: Vec<&'m Metric<'m>>,
}

impl Writer<'_> {
    /// The documents of these series.
    pub(super) fn documents(&self, mut series: Vec<Series>) -> Written {
        // What is written does not depend on the order of the handler's branches.
        series.sort_by(|a, b| (&*a.dimensions, a.name.as_str()).cmp(&(&*b.dimensions, b.name.as_str())));
        let mut documents: Vec<Document<'_>> = Vec::new();
        for one in &series {
            in_pieces(&one.values, |piece| {
                let metric = Metric {
                    name: &one.name,
                    dimensions: &one.dimensions,
                    piece,
                };
                match documents.iter_mut().find(|document| document.takes(&metric)) {
                    Some(document) => document.push(metric),
                    None => documents.push(Document::of(metric, series.len().min(MOST_METRICS))),
                }
            });
        }
        let mut written = Written::default();
        for document in &documents {
            self.fitting(&document.metrics, &mut written);
        }
        written
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
        let mut out = String::with_capacity(1024);
        out.push_str("{\"_aws\":{\"Timestamp\":");
        json::integer(&mut out, self.timestamp_ms);
        out.push_str(",\"CloudWatchMetrics\":[");
        self.directives(&mut out, metrics);
        out.push_str("]}");
        let mut members = Vec::with_capacity(8);
        members.push("_aws");
        for (name, value) in self.properties {
            member(&mut out, name);
            json::string(&mut out, value);
            members.push(name);
        }
        member(&mut out, "Service");
        json::string(&mut out, self.settings.service);
        members.push("Service");
        let mut last: &[Dimension] = &[];
        for metric in metrics {
            if metric.dimensions == last {
                continue;
            }
            last = metric.dimensions;
            for (name, value) in metric.dimensions {
                if !members.contains(&&**name) {
                    members.push(name);
                    member(&mut out, name);
                    json::string(&mut out, value);
                }
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
        separated(out, directives(metrics), |out, directive| {
            out.push_str("{\"Namespace\":");
            json::string(out, self.settings.namespace);
            out.push_str(",\"Dimensions\":[");
            separated(out, directive.sets, |out, set| {
                out.push('[');
                separated(out, set, json::string);
                out.push(']');
            });
            out.push_str("],\"Metrics\":[");
            separated(out, directive.metrics, |out, metric| definition(out, metric.name));
            out.push_str("]}");
        });
    }
}

/// The metrics by their sets, in the order of these.
fn directives<'m>(metrics: &'m [Metric<'m>]) -> Vec<Directive<'m>> {
    let mut directives: Vec<Directive<'m>> = Vec::new();
    let mut last: Option<(&Metric<'_>, usize)> = None;
    for metric in metrics {
        // Mostly those of the metric before it.
        let known = last.filter(|(other, _)| {
            other.dimensions == metric.dimensions && other.chosen_sets() == metric.chosen_sets()
        });
        let index = match known {
            Some((_, index)) => index,
            None => {
                let sets = sets(metric);
                let same = directives.iter().position(|directive| directive.sets == sets);
                same.unwrap_or_else(|| {
                    directives.push(Directive {
                        sets,
                        metrics: Vec::new(),
                    });
                    directives.len() - 1
                })
            }
        };
        directives[index].metrics.push(metric);
        last = Some((metric, index));
    }
    directives.sort_by(|one, other| one.sets.cmp(&other.sets));
    directives
}

impl Metric<'_> {
    /// The sets that its declaration chooses.
    fn chosen_sets(&self) -> &'static [&'static [&'static str]] {
        self.name.spec().map_or(&[], |spec| spec.sets)
    }
}

/// The sets of dimensions that a metric is published by.
fn sets<'m>(metric: &'m Metric<'_>) -> Vec<Vec<&'m str>> {
    let names = || metric.dimensions.iter().map(|(name, _)| &**name);
    let has = |set: &&&[&str]| {
        set.iter()
            .all(|wanted| *wanted == "Service" || names().any(|name| name == *wanted))
    };
    let chosen: Vec<Vec<&str>> = metric
        .chosen_sets()
        .iter()
        .filter(has)
        .map(|set| set.to_vec())
        .collect();
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

fn value(out: &mut String, piece: &Piece<'_>) {
    match piece {
        Piece::Number(number) => json::number(out, *number),
        Piece::Array(values) => {
            out.push('[');
            separated(out, *values, |out, value| json::number(out, *value));
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
fn in_pieces<'s>(values: &'s Values, mut each: impl FnMut(Piece<'s>)) {
    let values = match values {
        Values::One(value) => return each(Piece::Number(*value)),
        Values::All(values) => values,
    };
    if let [value] = values.as_slice() {
        return each(Piece::Number(*value));
    }
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let repeats = sorted.windows(2).any(|pair| pair[0].total_cmp(&pair[1]).is_eq());
    if !repeats {
        return values
            .chunks(MOST_VALUES)
            .for_each(|values| each(Piece::Array(values)));
    }
    let counted: Vec<(f64, u64)> = sorted
        .chunk_by(|one, next| one.total_cmp(next).is_eq())
        .map(|same| (same[0], same.len() as u64))
        .collect();
    for values in counted.chunks(MOST_VALUES) {
        each(Piece::Counted(values.to_vec()));
    }
}

#[cfg(test)]
#[path = "emf_tests.rs"]
mod tests;
