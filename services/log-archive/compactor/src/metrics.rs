//! The metrics of the compactor, declared once.

use telemetry_core::{Counter, Gauge, MetricSpec, Unit};

const ARCHIVED_SPEC: MetricSpec = MetricSpec::counter(
    "LinesArchived",
    Unit::Count,
    &["Service"],
    "log lines that are in the archive now and were not before; a line that was delivered twice counts once",
);
const REPLAYED_SPEC: MetricSpec = MetricSpec::counter(
    "BatchesReplayed",
    Unit::Count,
    &["Service"],
    "objects of the failure prefix that are among the raw objects again",
);
const HELD_SPEC: MetricSpec = MetricSpec::gauge(
    "HeldBack",
    Unit::Count,
    &["Service"],
    "raw objects, objects of the failure prefix and hours that cannot be archived until somebody looks: written in every run",
);
const OLDEST_SPEC: MetricSpec = MetricSpec::gauge(
    "OldestRawAge",
    Unit::Seconds,
    &["Service"],
    "since the beginning of the earliest hour of which raw objects are not archived, 0 when there are none: written in every run",
);
const CUT_SHORT_SPEC: MetricSpec = MetricSpec::counter(
    "RunsCutShort",
    Unit::Count,
    &["Service"],
    "runs that ended for want of time; the next one goes on from there",
);

/// Every metric of the compactor.
pub const METRICS: &[&MetricSpec] = &[
    &ARCHIVED_SPEC,
    &REPLAYED_SPEC,
    &HELD_SPEC,
    &OLDEST_SPEC,
    &CUT_SHORT_SPEC,
];

pub(crate) static ARCHIVED: Counter = Counter::new(&ARCHIVED_SPEC);
pub(crate) static REPLAYED: Counter = Counter::new(&REPLAYED_SPEC);
pub(crate) static HELD: Gauge = Gauge::new(&HELD_SPEC);
pub(crate) static OLDEST: Gauge = Gauge::new(&OLDEST_SPEC);
pub(crate) static CUT_SHORT: Counter = Counter::new(&CUT_SHORT_SPEC);
