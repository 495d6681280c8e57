//! The metrics of one invocation until it ends. How they are written is [`super::emf`]'s business.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cardinality::{Admitted, Cardinality};
use super::{MetricSpec, emf, standard};
use crate::drops::DropReason;
use crate::process::Settings;

/// More series than this in one invocation fold into `other`, so that its memory is bounded.
const MOST_SERIES: usize = 500;
/// Longest name of a metric or a dimension, in characters (CloudWatch API, `MetricDatum` and `Dimension`).
const LONGEST_NAME: usize = 255;
/// Longest dimension value, in characters (EMF specification).
const LONGEST_VALUE: usize = 1024;
/// Values of one histogram in one invocation; further ones are dropped and counted.
const MOST_VALUES: usize = 10_000;
/// Dimensions of a set beside `Service`, which takes one of the 30 (EMF specification).
const MOST_DIMENSIONS: usize = 29;
/// Values lie between ±2^-360 and ±2^360 (`MetricDatum` of the CloudWatch API).
const LARGEST: f64 = f64::from_bits((1023 + 360) << 52);
const SMALLEST: f64 = f64::from_bits((1023 - 360) << 52);
const FOLDED: &str = "other";

/// A dimension and its value, `Service` never among them.
pub(super) type Dimension = (Cow<'static, str>, String);

/// What a value does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    Add(f64),
    Set(f64),
    Record(f64),
}

impl What {
    fn value(self) -> f64 {
        match self {
            Self::Add(value) | Self::Set(value) | Self::Record(value) => value,
        }
    }
}

/// Values of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// A sum or a last value.
    One(f64),
    All(Vec<f64>),
}

/// How a value was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    As,
    /// As `other`; the first of its metric in this process.
    FoldedFirst,
}

/// The name of a metric: a declaration's, or one of a library that counts through the facade.
#[derive(Debug, Clone)]
pub(super) enum Name {
    Declared(&'static MetricSpec),
    Foreign(String),
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Declared(spec) => spec.name,
            Self::Foreign(name) => name,
        }
    }

    pub(super) fn spec(&self) -> Option<&'static MetricSpec> {
        match self {
            Self::Declared(spec) => Some(spec),
            Self::Foreign(_) => None,
        }
    }
}

/// One metric with one combination of dimension values.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: Name,
    /// Sorted.
    pub(super) dimensions: Vec<Dimension>,
    pub(super) values: Values,
}

/// Everything counted in one invocation.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// In the order of their first values. Few: they are searched from the start.
    series: Vec<Series>,
    dropped: BTreeMap<DropReason, u64>,
}

impl Buffer {
    /// Takes a value of a declared metric; dimensions that it does not declare are left out.
    pub(super) fn put(
        &mut self,
        spec: &'static MetricSpec,
        dimensions: &[(&'static str, &str)],
        what: What,
        cardinality: &Cardinality,
    ) -> Added {
        let declared = || {
            let declared =
                |(name, _): &&(&'static str, &str)| spec.dimensions.contains(name) && *name != "Service";
            dimensions.iter().filter(declared)
        };
        let known = self.series.iter().position(|series| {
            matches!(series.name, Name::Declared(own) if std::ptr::eq(own, spec) || *own == *spec)
                && series.dimensions.len() == declared().count()
                && declared().all(|(name, value)| series.has(name, value))
        });
        if let Some(known) = known {
            self.take(known, what);
            return Added::As;
        }
        let dimensions = declared().map(|(name, value)| (Cow::Borrowed(*name), (*value).to_owned()));
        self.put_new(Name::Declared(spec), dimensions.collect(), what, cardinality)
    }

    /// Takes a value that came through the facade.
    pub(super) fn put_named(
        &mut self,
        settings: &Settings,
        name: &str,
        dimensions: Vec<Dimension>,
        what: What,
        cardinality: &Cardinality,
    ) -> Added {
        let name = match spec_of(settings, name) {
            Some(spec) => Name::Declared(spec),
            None => {
                let mut name = name.to_owned();
                mend(&mut name, LONGEST_NAME);
                Name::Foreign(name)
            }
        };
        self.put_new(name, dimensions, what, cardinality)
    }

    fn put_new(
        &mut self,
        name: Name,
        mut dimensions: Vec<Dimension>,
        what: What,
        cardinality: &Cardinality,
    ) -> Added {
        dimensions.retain(|(name, _)| name != "Service");
        for (name, value) in &mut dimensions {
            if let Cow::Owned(name) = name {
                mend_name(name);
            }
            mend(value, LONGEST_VALUE);
        }
        dimensions.sort();
        if dimensions.len() > MOST_DIMENSIONS {
            dimensions.truncate(MOST_DIMENSIONS);
            self.count_dropped(DropReason::MetricDimensions, 1);
        }
        let mut added = Added::As;
        if !dimensions.is_empty() && self.find(&name, &dimensions).is_none() {
            let admitted = match self.series.len() < MOST_SERIES {
                true => cardinality.admit(name.as_str(), &dimensions),
                false => Admitted::Folded,
            };
            if admitted != Admitted::Yes {
                for (_, value) in &mut dimensions {
                    FOLDED.clone_into(value);
                }
            }
            if admitted == Admitted::FoldedFirst {
                added = Added::FoldedFirst;
            }
        }
        let index = self.find(&name, &dimensions).unwrap_or_else(|| {
            let values = match what {
                What::Record(_) => Values::All(Vec::new()),
                What::Add(_) | What::Set(_) => Values::One(0.0),
            };
            self.series.push(Series {
                name,
                dimensions,
                values,
            });
            self.series.len() - 1
        });
        self.take(index, what);
        added
    }

    fn find(&self, name: &Name, dimensions: &[Dimension]) -> Option<usize> {
        self.series
            .iter()
            .position(|series| series.name.as_str() == name.as_str() && series.dimensions == dimensions)
    }

    fn take(&mut self, index: usize, what: What) {
        let Some(value) = accepted(what.value()) else {
            self.count_dropped(DropReason::MetricValue, 1);
            return;
        };
        match (&mut self.series[index].values, what) {
            (Values::One(sum), What::Add(_)) => *sum += value,
            (Values::One(last), What::Set(_) | What::Record(_)) => *last = value,
            (Values::All(values), _) if values.len() >= MOST_VALUES => {
                self.count_dropped(DropReason::MetricBuffer, 1);
            }
            (Values::All(values), _) => values.push(value),
        }
    }

    /// Counts what was given up; never folded, never lost.
    pub(crate) fn count_dropped(&mut self, reason: DropReason, count: u64) {
        *self.dropped.entry(reason).or_default() += count;
    }

    /// What was given up so far.
    pub(crate) fn dropped(&self) -> Vec<(DropReason, u64)> {
        self.dropped
            .iter()
            .map(|(reason, count)| (*reason, *count))
            .collect()
    }

    /// The metrics as EMF documents, each a line of JSON.
    pub(crate) fn into_documents(
        mut self,
        settings: &Settings,
        timestamp_ms: i64,
        properties: &[(&str, &str)],
    ) -> Vec<String> {
        let writer = emf::Writer {
            settings,
            timestamp_ms,
            properties,
        };
        let series = std::mem::take(&mut self.series);
        let mut written = writer.documents(series);
        if written.lost > 0 {
            self.count_dropped(DropReason::MetricLineSize, written.lost);
        }
        if !self.dropped.is_empty() {
            let drops = writer.documents(self.drops());
            written.lines.extend(drops.lines);
        }
        written.lines
    }

    #[expect(clippy::cast_precision_loss, reason = "CloudWatch's numbers are doubles")]
    fn drops(&self) -> Vec<Series> {
        let series = |(reason, count): (&DropReason, &u64)| Series {
            name: Name::Declared(standard::TELEMETRY_DROPPED.spec()),
            dimensions: vec![("Reason".into(), reason.as_str().to_owned())],
            values: Values::One(*count as f64),
        };
        self.dropped.iter().map(series).collect()
    }
}

impl Series {
    fn has(&self, name: &str, value: &str) -> bool {
        self.dimensions
            .iter()
            .any(|(own, its)| own == name && its == value)
    }
}

/// A value as CloudWatch takes it: what is too small to be told from 0 is 0; `None` for what is too large or no number.
fn accepted(value: f64) -> Option<f64> {
    match value.abs() {
        small if small < SMALLEST => Some(0.0),
        usable if usable <= LARGEST => Some(value),
        _ => None,
    }
}

/// CloudWatch refuses what is blank, too long, or has other characters than ASCII's visible ones and the blank; the whole metric is
/// lost then, and nobody is told. So it is mended here.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
fn mend(text: &mut String, longest: usize) {
    if text.trim().is_empty() {
        return "none".clone_into(text);
    }
    if text.bytes().any(|byte| !matches!(byte, b' '..=b'~')) {
        *text = text
            .chars()
            .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
            .collect();
    }
    // ASCII by now: each byte is a character.
    text.truncate(longest);
}

/// The name of a dimension that a library chose.
fn mend_name(name: &mut String) {
    mend(name, LONGEST_NAME);
    if name.starts_with(':') {
        name.replace_range(..1, "?");
    }
}

/// The declaration of a metric, of the service's or the standard ones; `None` for one of a library.
fn spec_of(settings: &Settings, name: &str) -> Option<&'static MetricSpec> {
    settings
        .metrics
        .iter()
        .chain(standard::METRICS)
        .find(|spec| spec.name == name)
        .copied()
}
