//! The metrics of one invocation until it ends. How they are written is [`super::emf`]'s business.

use std::collections::BTreeMap;

use super::{MetricSpec, emf};
use crate::process::Settings;

/// More series than this in one invocation fold into `other`: a dimension with an unbounded value costs a metric each.
const MOST_SERIES: usize = 500;
/// Longest dimension value, in characters (EMF specification).
const LONGEST_VALUE: usize = 1024;
const FOLDED: &str = "other";

/// Dimension names with their values, `Service` not included.
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
}

impl Buffer {
    pub(super) fn add(&mut self, name: &str, dimensions: Dimensions, count: f64) {
        match self.series(name, dimensions, Values::Sum(0.0)) {
            Values::Sum(sum) => *sum += count,
            Values::Last(value) => *value = count,
            Values::All(values) => values.push(count),
        }
    }

    pub(super) fn set(&mut self, name: &str, dimensions: Dimensions, value: f64) {
        *self.series(name, dimensions, Values::Last(value)) = Values::Last(value);
    }

    pub(super) fn record(&mut self, name: &str, dimensions: Dimensions, value: f64) {
        match self.series(name, dimensions, Values::All(Vec::new())) {
            Values::All(values) => values.push(value),
            Values::Sum(sum) => *sum += value,
            Values::Last(last) => *last = value,
        }
    }

    fn series(&mut self, name: &str, dimensions: Dimensions, empty: Values) -> &mut Values {
        let mut dimensions: Dimensions = dimensions.into_iter().map(|(k, v)| (k, shortened(v))).collect();
        dimensions.sort();
        let mut key = (dimensions, name.to_owned());
        if self.series.len() >= MOST_SERIES && !self.series.contains_key(&key) {
            for (_, value) in &mut key.0 {
                FOLDED.clone_into(value);
            }
        }
        self.series.entry(key).or_insert(empty)
    }

    /// One EMF document per set of dimension values and per 100 metrics, each a line of JSON.
    pub(crate) fn into_documents(
        self,
        settings: &Settings,
        timestamp_ms: i64,
        properties: &[(&str, &str)],
    ) -> Vec<String> {
        let mut groups: BTreeMap<Dimensions, Vec<(String, Values)>> = BTreeMap::new();
        for ((dimensions, name), values) in self.series {
            groups.entry(dimensions).or_default().push((name, values));
        }
        let writer = emf::Writer {
            settings,
            timestamp_ms,
            properties,
        };
        groups
            .into_iter()
            .flat_map(|(dimensions, metrics)| writer.documents(&dimensions, metrics))
            .collect()
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
        .chain(super::standard::METRICS)
        .find(|spec| spec.name == name)
        .copied()
}
