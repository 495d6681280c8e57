//! The metrics of an order's way, declared once.

use telemetry_core::{Counter, Gauge, MetricSpec, Unit};

const STARTED_SPEC: MetricSpec = MetricSpec::counter(
    "WorkflowsStarted",
    Unit::Count,
    &["Service"],
    "executions of the order workflow that were started",
);
const MOVED_SPEC: MetricSpec = MetricSpec::counter(
    "OrdersMoved",
    Unit::Count,
    &["Service", "Status"],
    "orders that arrived at a status",
);
const PAYMENTS_SPEC: MetricSpec = MetricSpec::counter(
    "Payments",
    Unit::Count,
    &["Service", "Outcome"],
    "charges and refunds, by outcome",
);
const SHIPMENTS_SPEC: MetricSpec = MetricSpec::counter(
    "Shipments",
    Unit::Count,
    &["Service", "Outcome"],
    "parcels handed to the carrier, by outcome",
);
const RECONCILED_SPEC: MetricSpec = MetricSpec::counter(
    "OrdersReconciled",
    Unit::Count,
    &["Service"],
    "orders without a running execution that were put on the queue again",
);
const STUCK_SPEC: MetricSpec = MetricSpec::counter(
    "OrdersStuck",
    Unit::Count,
    &["Service"],
    "orders that no further attempt is made for: a person must look",
);

const OVERDUE_SPEC: MetricSpec = MetricSpec::gauge(
    "OrderOverdue",
    Unit::Seconds,
    &["Service", "Stage"],
    "by how much the oldest order of a stage is late, 0 when none is: written in every run of the reconciler",
)
.by_sets(&[&["Service", "Stage"]]);

/// Every metric of the workflow's functions.
pub const METRICS: &[&MetricSpec] = &[
    &STARTED_SPEC,
    &MOVED_SPEC,
    &PAYMENTS_SPEC,
    &SHIPMENTS_SPEC,
    &RECONCILED_SPEC,
    &STUCK_SPEC,
    &OVERDUE_SPEC,
    &platform::batch::LAST_ATTEMPTS,
];

pub(super) static STARTED: Counter = Counter::new(&STARTED_SPEC);
pub(super) static MOVED: Counter = Counter::new(&MOVED_SPEC);
pub(super) static PAYMENTS: Counter = Counter::new(&PAYMENTS_SPEC);
pub(super) static SHIPMENTS: Counter = Counter::new(&SHIPMENTS_SPEC);
pub(super) static RECONCILED: Counter = Counter::new(&RECONCILED_SPEC);
pub(super) static STUCK: Counter = Counter::new(&STUCK_SPEC);
pub(super) static OVERDUE: Gauge = Gauge::new(&OVERDUE_SPEC);
