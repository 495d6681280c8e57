//! The metrics of one invocation until it ends. How they are written is [`super::emf`]'s business.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cardinality::{Admitted, Cardinality};
use super::identity::{Dimension, Dimensions, Identity, Mended};
use super::{MetricSpec, emf, standard};
use crate::drops::DropReason;
use crate::process::Settings;

/// More series than this in one invocation fold into `other`, so that its memory is bounded.
const MOST_SERIES: usize = 500;
/// Series that are made room for at once: the standard ones of an invocation, and some of its own.
const USUAL_SERIES: usize = 8;
/// Handles of the facade whose series is remembered; they are searched from the start.
const MOST_KNOWN: usize = 64;
/// Values of one histogram in one invocation; further ones are dropped and counted.
const MOST_VALUES: usize = 10_000;
/// Values lie between ±2^-360 and ±2^360 (`MetricDatum` of the CloudWatch API).
const LARGEST: f64 = f64::from_bits((1023 + 360) << 52);
const SMALLEST: f64 = f64::from_bits((1023 - 360) << 52);
const FOLDED: &str = "other";

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
    pub(super) dimensions: Dimensions,
    pub(super) values: Values,
}

/// Everything counted in one invocation.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// In the order of their first values. Few: they are searched from the start.
    series: Vec<Series>,
    /// Where in it the values of a handle of the facade go.
    known: Vec<(Arc<Identity>, usize)>,
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
        let mended = Mended::of(dimensions.collect());
        if mended.is_cut {
            self.count_dropped(DropReason::MetricDimensions, 1);
        }
        let dimensions = Dimensions::Own(mended.dimensions);
        let (index, added) = self.find_or_add(Name::Declared(spec), dimensions, what, cardinality);
        self.take(index, what);
        added
    }

    /// Takes a value that came through a handle of the facade.
    pub(super) fn put_known(
        &mut self,
        settings: &Settings,
        series: &Arc<Identity>,
        what: What,
        cardinality: &Cardinality,
    ) -> Added {
        if series.dimensions.is_cut {
            self.count_dropped(DropReason::MetricDimensions, 1);
        }
        if let Some((_, index)) = self.known.iter().find(|(known, _)| Arc::ptr_eq(known, series)) {
            self.take(*index, what);
            return Added::As;
        }
        let name = match spec_of(settings, &series.name) {
            Some(spec) => Name::Declared(spec),
            None => Name::Foreign(series.name.clone()),
        };
        let dimensions = Dimensions::Shared(Arc::clone(series));
        let (index, added) = self.find_or_add(name, dimensions, what, cardinality);
        // A handle's values that fold go on to fold: combinations are never given back.
        if self.known.len() < MOST_KNOWN {
            self.known.push((Arc::clone(series), index));
        }
        self.take(index, what);
        added
    }

    /// The series of this name and these dimensions, or `other` where there are too many.
    fn find_or_add(
        &mut self,
        name: Name,
        mut dimensions: Dimensions,
        what: What,
        cardinality: &Cardinality,
    ) -> (usize, Added) {
        if let Some(index) = self.find(&name, &dimensions) {
            return (index, Added::As);
        }
        let mut added = Added::As;
        if !dimensions.is_empty() {
            let admitted = match self.series.len() < MOST_SERIES {
                true => cardinality.admit(name.as_str(), &dimensions),
                false => Admitted::Folded,
            };
            if admitted != Admitted::Yes {
                let fold = |(name, _): &Dimension| (name.clone(), FOLDED.to_owned());
                dimensions = Dimensions::Own(dimensions.iter().map(fold).collect());
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
            if self.series.is_empty() {
                self.series.reserve(USUAL_SERIES);
            }
            self.series.push(Series {
                name,
                dimensions,
                values,
            });
            self.series.len() - 1
        });
        (index, added)
    }

    fn find(&self, name: &Name, dimensions: &[Dimension]) -> Option<usize> {
        self.series
            .iter()
            .position(|series| series.name.as_str() == name.as_str() && *series.dimensions == *dimensions)
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
            dimensions: Dimensions::Own(vec![("Reason".into(), reason.as_str().to_owned())]),
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

/// The declaration of a metric, of the service's or the standard ones; `None` for one of a library.
fn spec_of(settings: &Settings, name: &str) -> Option<&'static MetricSpec> {
    settings
        .metrics
        .iter()
        .chain(standard::METRICS)
        .find(|spec| spec.name == name)
        .copied()
}
