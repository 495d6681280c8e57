//! The metrics that every wrapped function has.

use super::{Counter, Histogram, MetricSpec, Unit};

/// Invocations that began a new environment.
pub static COLD_START: Counter = Counter::new(&MetricSpec {
    name: "ColdStart",
    unit: Unit::Count,
    dimensions: &["Service"],
    description: "invocations that began a new environment",
});

/// From the start of the process to its first event.
pub static INIT_DURATION: Histogram = Histogram::new(&MetricSpec {
    name: "InitDuration",
    unit: Unit::Milliseconds,
    dimensions: &["Service"],
    description: "from the start of main to the first event",
});

/// Of the handler.
pub static DURATION: Histogram = Histogram::new(&MetricSpec {
    name: "HandlerDuration",
    unit: Unit::Milliseconds,
    dimensions: &["Service"],
    description: "time in the handler, telemetry excluded",
});

/// Failures, by code.
pub static ERRORS: Counter = Counter::new(&MetricSpec {
    name: "Errors",
    unit: Unit::Count,
    dimensions: &["Service", "ErrorCode"],
    description: "failures by code: returned by the handler, of a record, or turned into a 5xx answer",
});

/// Invocations that failed, by the way they ended.
pub static FAULTS: Counter = Counter::new(&MetricSpec {
    name: "Faults",
    unit: Unit::Count,
    dimensions: &["Service", "Kind"],
    description: "invocations that failed, by kind: error, panic, payload_rejected, stream, timeout, loop",
});

/// Records of batches, by outcome.
pub static BATCH_RECORDS: Counter = Counter::new(&MetricSpec {
    name: "BatchRecords",
    unit: Unit::Count,
    dimensions: &["Service", "Outcome"],
    description: "records of batches, by outcome: processed, failed, refused (a loop), untracked (not run by in_record)",
});

/// From sending to receiving.
pub static QUEUE_DELAY: Histogram = Histogram::new(&MetricSpec {
    name: "QueueDelay",
    unit: Unit::Milliseconds,
    dimensions: &["Service"],
    description: "from the time a record was sent to the time its handling began",
});

/// Deliveries beyond the first.
pub static REDELIVERIES: Counter = Counter::new(&MetricSpec {
    name: "Redeliveries",
    unit: Unit::Count,
    dimensions: &["Service"],
    description: "records that were delivered before",
});

/// What telemetry itself could not write.
pub static TELEMETRY_DROPPED: Counter = Counter::new(&MetricSpec {
    name: "TelemetryDropped",
    unit: Unit::Count,
    dimensions: &["Service", "Reason"],
    description: "what telemetry gave up instead of failing its caller, by reason: see DropReason",
});

/// The declarations.
pub static METRICS: &[&MetricSpec] = &[
    COLD_START.spec(),
    INIT_DURATION.spec(),
    DURATION.spec(),
    ERRORS.spec(),
    FAULTS.spec(),
    BATCH_RECORDS.spec(),
    QUEUE_DELAY.spec(),
    REDELIVERIES.spec(),
    TELEMETRY_DROPPED.spec(),
];
