//! The metrics that every wrapped function has.

use super::{Counter, Histogram, MetricSpec, Unit};

/// Invocations that began a new environment.
pub static COLD_START: Counter = Counter::new(&MetricSpec::counter(
    "ColdStart",
    Unit::Count,
    &["Service"],
    "invocations that began a new environment",
));

/// From the start of the process to its first event.
pub static INIT_DURATION: Histogram = Histogram::new(&MetricSpec::histogram(
    "InitDuration",
    Unit::Milliseconds,
    &["Service"],
    "from the start of main to the first event",
));

/// Of the handler.
pub static DURATION: Histogram = Histogram::new(&MetricSpec::histogram(
    "HandlerDuration",
    Unit::Milliseconds,
    &["Service"],
    "time in the handler, telemetry excluded",
));

/// Failures, by code.
pub static ERRORS: Counter = Counter::new(&MetricSpec::counter(
    "Errors",
    Unit::Count,
    &["Service", "ErrorCode"],
    "failures by code: returned by the handler, of a record, or turned into a 5xx answer",
));

/// Invocations that failed, by the way they ended.
pub static FAULTS: Counter = Counter::new(&MetricSpec::counter(
    "Faults",
    Unit::Count,
    &["Service", "Kind"],
    "invocations that failed, by kind: error, panic, payload_rejected, stream, timeout, loop",
));

/// Records of batches, by outcome.
pub static BATCH_RECORDS: Counter = Counter::new(&MetricSpec::counter(
    "BatchRecords",
    Unit::Count,
    &["Service", "Outcome"],
    "records of batches, by outcome: processed, failed, refused (a loop), untracked (not run by in_record)",
));

/// From sending to receiving.
pub static QUEUE_DELAY: Histogram = Histogram::new(&MetricSpec::histogram(
    "QueueDelay",
    Unit::Milliseconds,
    &["Service"],
    "from the time a record was sent to the time its handling began",
));

/// How often a record came.
pub static ATTEMPTS: Histogram = Histogram::new(&MetricSpec::histogram(
    "Attempts",
    Unit::Count,
    &["Service"],
    "the delivery attempt of each record that tells it (SQS), from 1; `TC(2:)` are the redeliveries",
));

/// What telemetry itself could not write.
pub static TELEMETRY_DROPPED: Counter = Counter::new(&MetricSpec::counter(
    "TelemetryDropped",
    Unit::Count,
    &["Service", "Reason"],
    "what telemetry gave up instead of failing its caller, by reason: see DropReason",
));

/// The declarations.
pub static METRICS: &[&MetricSpec] = &[
    COLD_START.spec(),
    INIT_DURATION.spec(),
    DURATION.spec(),
    ERRORS.spec(),
    FAULTS.spec(),
    BATCH_RECORDS.spec(),
    QUEUE_DELAY.spec(),
    ATTEMPTS.spec(),
    TELEMETRY_DROPPED.spec(),
];
