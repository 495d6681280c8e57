//! The metrics of the forwarder, declared once.

use telemetry_core::{Counter, MetricSpec, Unit};

const LINES_SPEC: MetricSpec = MetricSpec::counter(
    "LinesForwarded",
    Unit::Count,
    &["Service"],
    "log lines that were handed over to the archive",
);
const TEXT_SPEC: MetricSpec = MetricSpec::counter(
    "TextForwarded",
    Unit::Bytes,
    &["Service"],
    "text of these lines, as it was before anything was redacted",
);
const REDACTED_SPEC: MetricSpec = MetricSpec::counter(
    "SecretsRedacted",
    Unit::Count,
    &["Service"],
    "texts and values of log lines with something that should not have been written: it is not in the archive, but in the log group",
);
const RETRIED_SPEC: MetricSpec = MetricSpec::counter(
    "RecordsRefused",
    Unit::Count,
    &["Service"],
    "records that Firehose refused and that were sent once more, each time they were",
);
const LONG_SPEC: MetricSpec = MetricSpec::counter(
    "LongLines",
    Unit::Count,
    &["Service"],
    "lines that are too long for a record of Firehose and went straight to the bucket",
);
const OWN_SPEC: MetricSpec = MetricSpec::counter(
    "OwnLines",
    Unit::Count,
    &["Service"],
    "lines of the forwarder's own log group, which are left out: its subscription filter must be removed, or it never ends",
);
const ASIDE_SPEC: MetricSpec = MetricSpec::counter(
    "BatchesSetAside",
    Unit::Count,
    &["Service"],
    "events that could not be delivered in any attempt and are under the failure prefix now",
);

/// Every metric of the forwarder.
pub const METRICS: &[&MetricSpec] = &[
    &LINES_SPEC,
    &TEXT_SPEC,
    &REDACTED_SPEC,
    &RETRIED_SPEC,
    &LONG_SPEC,
    &OWN_SPEC,
    &ASIDE_SPEC,
];

pub(crate) static LINES: Counter = Counter::new(&LINES_SPEC);
pub(crate) static TEXT: Counter = Counter::new(&TEXT_SPEC);
pub(crate) static REDACTED: Counter = Counter::new(&REDACTED_SPEC);
pub(crate) static REFUSED: Counter = Counter::new(&RETRIED_SPEC);
pub(crate) static LONG: Counter = Counter::new(&LONG_SPEC);
pub(crate) static OWN: Counter = Counter::new(&OWN_SPEC);
pub(crate) static ASIDE: Counter = Counter::new(&ASIDE_SPEC);
