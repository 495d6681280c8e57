//! The metrics of notifications, declared once. Names are the seed's.

use telemetry_core::{Counter, MetricSpec, Unit};

const SENT_SPEC: MetricSpec = MetricSpec::counter(
    "NotificationsSent",
    Unit::Count,
    &["Service", "EventType"],
    "mails that were handed to the mail service",
);
const ERRORS_SPEC: MetricSpec = MetricSpec::counter(
    "NotificationErrors",
    Unit::Count,
    &["Service"],
    "records that failed and come again",
);
const SKIPPED_SPEC: MetricSpec = MetricSpec::counter(
    "NotificationsSkipped",
    Unit::Count,
    &["Service", "Reason"],
    "records without a mail: sent before, or of an event that is not mailed",
);

/// Every metric of notifications.
pub const METRICS: &[&MetricSpec] = &[&SENT_SPEC, &ERRORS_SPEC, &SKIPPED_SPEC];

pub(super) static SENT: Counter = Counter::new(&SENT_SPEC);
pub(super) static ERRORS: Counter = Counter::new(&ERRORS_SPEC);
pub(super) static SKIPPED: Counter = Counter::new(&SKIPPED_SPEC);
