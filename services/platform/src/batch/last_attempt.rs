//! The last attempt at a message: what is told before SQS moves it to its dead-letter queue, where it has no function, no
//! error and no trace of its own any more. Moving it is SQS's, and the queue's redrive policy decides when.

use std::num::NonZeroU32;

use telemetry_core::{Counter, MetricSpec, Unit};

use super::record::Failure;
use crate::env::{EnvError, Source};

/// The variable that [`MaxReceiveCount::from_env`] reads.
const MAX_RECEIVE_COUNT: &str = "MAX_RECEIVE_COUNT";

/// Messages whose last attempt failed.
pub const LAST_ATTEMPTS: MetricSpec = MetricSpec::counter(
    "LastAttempts",
    Unit::Count,
    &["Service"],
    "messages whose last attempt failed: they go to their dead-letter queue",
);

/// The metrics of batches. A function with a queue adds them to its own.
pub const METRICS: &[&MetricSpec] = &[&LAST_ATTEMPTS];

static COUNTER: Counter = Counter::new(&LAST_ATTEMPTS);

/// How often SQS gives a message to the function before it moves it to the dead-letter queue: `maxReceiveCount` of the queue's
/// redrive policy. A message does not say it, so the function is told by its configuration.
///
/// Only SQS counts attempts (`ApproximateReceiveCount`). A record of a stream or a notification does not say how often it came,
/// so a function cannot know the last attempt at it; what is known then stands in the envelope that Lambda sends to the
/// destination: request ID, attempts, shard and sequence numbers. Nor is it told of a message whose invocation ended as a whole,
/// killed at its timeout or by the lack of memory: nothing of ours runs then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxReceiveCount(NonZeroU32);

impl MaxReceiveCount {
    /// This many. `None` for zero: such a queue would give nothing to anybody.
    #[must_use]
    pub fn new(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(Self)
    }

    /// From `MAX_RECEIVE_COUNT`; `None` when it is not set: the queue has no dead-letter queue, or nobody wants to know. A
    /// function with several queues needs the same count for all of them.
    ///
    /// # Errors
    /// When it is no whole number from 1 on.
    pub fn from_env(source: &dyn Source) -> Result<Option<Self>, EnvError> {
        let parse = |text: String| text.parse().map(Self);
        let parsed = source.get(MAX_RECEIVE_COUNT).map(parse).transpose();
        parsed.map_err(|source| EnvError::Invalid {
            name: MAX_RECEIVE_COUNT,
            source: Box::new(source),
        })
    }

    /// Is this attempt the last one? SQS moves a message that is received more often than this.
    #[must_use]
    pub fn is_last(self, attempt: u32) -> bool {
        attempt >= self.0.get()
    }
}

/// A message, as far as it is needed when it is gone.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) message_id: String,
    pub(super) source_arn: String,
    /// 1 for the first.
    pub(super) attempt: Option<u32>,
    /// The queue from which it once went to a dead-letter queue.
    pub(super) dead_letter_source_arn: Option<String>,
}

impl Origin {
    /// A message that came back goes on with its story: its correlation ID and its producer are in its attributes, which a
    /// redrive keeps. Its attempts are counted from 1 again.
    pub(super) fn tell_redriven(&self) {
        let Some(queue) = &self.dead_letter_source_arn else {
            return;
        };
        let attempt = self.attempt.unwrap_or_default();
        telemetry_core::annotate("redriven", true);
        telemetry_core::annotate("attempt", i64::from(attempt));
        tracing::info!(
            message_id = self.message_id,
            source_arn = self.source_arn,
            dead_letter_source_arn = queue,
            attempt,
            "a message that was moved to a dead-letter queue is processed again"
        );
    }

    /// Is this the last attempt, as far as the message and the configuration tell?
    pub(super) fn is_last(&self, limit: Option<MaxReceiveCount>) -> bool {
        let known = self.attempt.zip(limit);
        known.is_some_and(|(attempt, limit)| limit.is_last(attempt))
    }

    /// Tells that this failure was the last one.
    pub(super) fn tell_last(&self, failure: &Failure) {
        let error: &(dyn std::error::Error + 'static) = failure.error.as_ref();
        tracing::error!(
            target: "telemetry",
            {
                error.code = failure.code, error = error, message_id = self.message_id, source_arn = self.source_arn,
                attempt = self.attempt.unwrap_or_default(),
            },
            "last attempt failed: the message goes to its dead-letter queue"
        );
        COUNTER.add(1, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Fixed;

    fn read(value: &str) -> Result<Option<MaxReceiveCount>, EnvError> {
        MaxReceiveCount::from_env(&Fixed::new(&[("MAX_RECEIVE_COUNT", value)]))
    }

    #[test]
    fn the_count_is_read_or_refused_by_name() {
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("5").unwrap(), MaxReceiveCount::new(5));
        for wrong in ["0", "-1", "many"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("MAX_RECEIVE_COUNT"), "{error}");
        }
        assert_eq!(MaxReceiveCount::new(0), None);
    }

    #[test]
    fn the_last_attempt_is_the_one_that_uses_the_count_up() {
        let limit = MaxReceiveCount::new(3).unwrap();
        assert_eq!(
            [2, 3, 4].map(|attempt| limit.is_last(attempt)),
            [false, true, true]
        );
    }
}
