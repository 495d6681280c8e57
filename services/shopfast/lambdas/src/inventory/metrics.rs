//! The metrics of inventory, declared once.

use telemetry_core::{Counter, MetricSpec, Unit};

const RESERVATIONS_SPEC: MetricSpec = MetricSpec::counter(
    "StockReservations",
    Unit::Count,
    &["Service", "Outcome"],
    "reservations asked for; Outcome is held, repeated or the code of the refusal",
);
const SETTLEMENTS_SPEC: MetricSpec = MetricSpec::counter(
    "StockSettlements",
    Unit::Count,
    &["Service", "Outcome"],
    "reservations released or committed",
);
const PUBLISH_FAILURES_SPEC: MetricSpec = MetricSpec::counter(
    "StockPublishFailures",
    Unit::Count,
    &["Service"],
    "changes of stock that could not be published",
);
const SWEPT_SPEC: MetricSpec = MetricSpec::counter(
    "ReservationsSwept",
    Unit::Count,
    &["Service"],
    "reservations past their lease that were released because their order does not exist",
);

/// Every metric of inventory.
pub const METRICS: &[&MetricSpec] = &[
    &RESERVATIONS_SPEC,
    &SETTLEMENTS_SPEC,
    &PUBLISH_FAILURES_SPEC,
    &SWEPT_SPEC,
];

pub(super) static RESERVATIONS: Counter = Counter::new(&RESERVATIONS_SPEC);
pub(super) static SETTLEMENTS: Counter = Counter::new(&SETTLEMENTS_SPEC);
pub(super) static PUBLISH_FAILURES: Counter = Counter::new(&PUBLISH_FAILURES_SPEC);
pub(super) static SWEPT: Counter = Counter::new(&SWEPT_SPEC);
