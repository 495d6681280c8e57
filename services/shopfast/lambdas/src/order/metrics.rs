//! The metrics of orders, declared once.

use telemetry_core::{Counter, Histogram, MetricSpec, Unit};

const PLACED_SPEC: MetricSpec = MetricSpec::counter(
    "OrdersPlaced",
    Unit::Count,
    &["Service"],
    "orders answered with 201 for the first time",
);
const REFUSED_SPEC: MetricSpec = MetricSpec::counter(
    "OrdersRefused",
    Unit::Count,
    &["Service", "Reason"],
    "orders refused, by the code of the answer",
);
const VALUE_SPEC: MetricSpec = MetricSpec::histogram(
    "OrderValue",
    Unit::None,
    &["Service"],
    "totals of placed orders in minor units",
);

/// Every metric of order-service.
pub const METRICS: &[&MetricSpec] = &[&PLACED_SPEC, &REFUSED_SPEC, &VALUE_SPEC];

pub(super) static PLACED: Counter = Counter::new(&PLACED_SPEC);
pub(super) static REFUSED: Counter = Counter::new(&REFUSED_SPEC);
pub(super) static VALUE: Histogram = Histogram::new(&VALUE_SPEC);
