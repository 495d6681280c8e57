//! The metrics of one invocation until it ends. How they are written is [`super::emf`]'s business.

use std::collections::BTreeMap;

use super::{MetricSpec, emf, standard};
use crate::drops::DropReason;
use crate::process::Settings;

/// More series than this in one invocation fold into `other`: a dimension with an unbounded value costs a metric each.
const MOST_SERIES: usize = 500;
/// Longest dimension value, in characters (EMF specification).
const LONGEST_VALUE: usize = 1024;
/// Values of one histogram in one invocation; further ones are dropped: 100 fit a document, so this is 100 lines.
const MOST_VALUES: usize = 10_000;
/// Dimensions of a set beside `Service`, which takes one of the 30 (EMF specification).
const MOST_DIMENSIONS: usize = 29;
const FOLDED: &str = "other";

/// Dimension names with their values, `Service` not included.
/// Values lie within these (CloudWatch, MetricDatum: 8.515920e-109 to 1.174271e+108, or 2 to the 360th).
const SMALLEST: f64 = 8.515_920e-109;
const LARGEST: f64 = 1.174_271e108;

pub(super) type Dimensions = Vec<(String, String)>;

/// Values of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Sum(f64),
    Last(f64),
    All(Vec<f64>),
}

/// Everything counted in one invocation.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    series: BTreeMap<(Dimensions, String), Values>,
    dropped: BTreeMap<DropReason, u64>,
}

impl Buffer {
    pub(super) fn add(&mut self, name: &str, dimensions: Dimensions, count: f64) {
        let Some(count) = self.accepted(count) else { return };
        match self.series(name, dimensions, Values::Sum(0.0)) {
            Values::Sum(sum) => *sum += count,
            Values::Last(value) => *value = count,
            Values::All(values) => values.push(count),
        }
    }

    pub(super) fn set(&mut self, name: &str, dimensions: Dimensions, value: f64) {
        let Some(value) = self.accepted(value) else { return };
        *self.series(name, dimensions, Values::Last(value)) = Values::Last(value);
    }

    pub(super) fn record(&mut self, name: &str, dimensions: Dimensions, value: f64) {
        let Some(value) = self.accepted(value) else { return };
        match self.series(name, dimensions, Values::All(Vec::new())) {
            Values::All(values) if values.len() >= MOST_VALUES => {
                self.count_dropped(DropReason::MetricBuffer, 1);
            }
            Values::All(values) => values.push(value),
            Values::Sum(sum) => *sum += value,
            Values::Last(last) => *last = value,
        }
    }

    /// A value as CloudWatch takes it: what is too small to tell from zero is zero, what is too large or no number is counted
    /// as dropped.
    fn accepted(&mut self, value: f64) -> Option<f64> {
        let size = value.abs();
        if size < SMALLEST {
            return Some(0.0);
        }
        let is_accepted = size <= LARGEST;
        if !is_accepted {
            self.count_dropped(DropReason::MetricBuffer, 1);
        }
        is_accepted.then_some(value)
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

    fn series(&mut self, name: &str, dimensions: Dimensions, empty: Values) -> &mut Values {
        let mut dimensions: Dimensions = dimensions.into_iter().map(|(k, v)| (k, shortened(v))).collect();
        dimensions.sort();
        if dimensions.len() > MOST_DIMENSIONS {
            dimensions.truncate(MOST_DIMENSIONS);
            self.count_dropped(DropReason::MetricSeries, 1);
        }
        let mut key = (dimensions, name.to_owned());
        let is_new = self.series.len() >= MOST_SERIES && !self.series.contains_key(&key);
        // What waited from before the invocation is bounded by its reasons.
        if is_new && !key.0.is_empty() && name != standard::TELEMETRY_DROPPED.spec().name {
            for (_, value) in &mut key.0 {
                FOLDED.clone_into(value);
            }
            self.count_dropped(DropReason::MetricSeries, 1);
        }
        self.series.entry(key).or_insert(empty)
    }

    /// One EMF document per set of dimension values and per 100 metrics, each a line of JSON.
    pub(crate) fn into_documents(
        mut self,
        settings: &Settings,
        timestamp_ms: i64,
        properties: &[(&str, &str)],
    ) -> Vec<String> {
        let mut groups: BTreeMap<Dimensions, Vec<(String, Values)>> = BTreeMap::new();
        for ((dimensions, name), values) in std::mem::take(&mut self.series) {
            groups.entry(dimensions).or_default().push((name, values));
        }
        let writer = emf::Writer {
            settings,
            timestamp_ms,
            properties,
        };
        let mut written = emf::Written::default();
        for (dimensions, metrics) in groups {
            writer.documents(&dimensions, metrics, &mut written);
        }
        if written.lost > 0 {
            self.count_dropped(DropReason::MetricLineSize, written.lost);
        }
        for (reason, count) in self.dropped {
            #[expect(clippy::cast_precision_loss, reason = "CloudWatch's numbers are doubles")]
            let count = Values::Sum(count as f64);
            let dimensions = [("Reason".to_owned(), reason.as_str().to_owned())];
            let name = standard::TELEMETRY_DROPPED.spec().name.to_owned();
            writer.documents(&dimensions, vec![(name, count)], &mut written);
        }
        written.lines
    }
}

/// CloudWatch refuses an empty value and cuts none: both are mended here.
fn shortened(value: String) -> String {
    if value.trim().is_empty() {
        return "none".to_owned();
    }
    if value.chars().count() <= LONGEST_VALUE {
        value
    } else {
        value.chars().take(LONGEST_VALUE).collect()
    }
}

/// The declaration of a metric, of the service's or the standard ones; `None` for one of a library.
pub(super) fn spec_of(settings: &Settings, name: &str) -> Option<&'static MetricSpec> {
    settings
        .metrics
        .iter()
        .chain(standard::METRICS)
        .find(|spec| spec.name == name)
        .copied()
}
