//! The metrics of the catalogue, declared once. `Errors` is telemetry's own.

use telemetry_core::{Counter, MetricSpec, Unit};

const VIEWS_SPEC: MetricSpec = MetricSpec::counter(
    "ProductViews",
    Unit::Count,
    &["Service", "Operation"],
    "products shown: 1 for a product, the number of products for a page",
);
const CACHE_SPEC: MetricSpec = MetricSpec::counter(
    "ProductCacheLookups",
    Unit::Count,
    &["Service", "Tier", "Outcome"],
    "lookups in a cache: hit, miss or error",
);

/// Every metric of the catalogue.
pub const METRICS: &[&MetricSpec] = &[&VIEWS_SPEC, &CACHE_SPEC];

pub(super) static VIEWS: Counter = Counter::new(&VIEWS_SPEC);
pub(super) static CACHE: Counter = Counter::new(&CACHE_SPEC);
