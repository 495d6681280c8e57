//! Batches of records, each in its own correlation scope: one record's failure is told to the service and does not take
//! the others with it. What a record means is the caller's.
//!
//! | Source | Runner | What a failure stops | What the service is told |
//! |---|---|---|---|
//! | SQS | [`sqs::run`] | nothing | the failed messages |
//! | SQS FIFO | [`sqs::run`] | the rest of its message group | the failed message and the rest of its group |
//! | DynamoDB stream | [`dynamodb::run`] | the rest of the batch | its sequence number: the shard goes on from there |
//! | Kinesis | [`kinesis::run`] | the rest of the batch | its sequence number: the shard goes on from there |
//! | SNS | [`sns::run`] | nothing | the invocation fails when any record did |
//!
//! The partial answers need `FunctionResponseTypes: [ReportBatchItemFailures]` on the event source mapping; without it Lambda
//! takes every answer for a success. A record fails when its work returns an error, panics, or does not end in time. A
//! failure is recorded once, here, with its causes.
//!
//! The last attempt before a dead-letter queue is told by SQS alone: see [`MaxReceiveCount`].

pub mod dynamodb;
pub mod kinesis;
mod last_attempt;
mod record;
mod shard;
pub mod sns;
pub mod sqs;

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use telemetry_core::Coded;

pub use last_attempt::{LAST_ATTEMPTS, METRICS, MaxReceiveCount};

/// Kept free before the deadline for flushing telemetry and sending the answer.
const RESERVE: Duration = Duration::from_millis(500);

/// The instant after which no record is started and a running one is given up.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(SystemTime);

impl Deadline {
    /// The invocation's deadline less a reserve.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        Self(
            context
                .deadline()
                .checked_sub(RESERVE)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        )
    }

    /// A time from now.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self(
            SystemTime::now()
                .checked_add(time)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        )
    }

    /// What is left; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.duration_since(SystemTime::now()).unwrap_or_default()
    }
}

/// A batch that fails as a whole, before any of its records is run: all of them come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A record could not be named if it failed. Lambda takes an empty or unknown name in a partial answer for the failure
    /// of the whole batch, without saying so anywhere.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
    #[error("process a batch: record {position} of {total} has no {member}")]
    Unnamed {
        /// Which, counted from 1.
        position: usize,
        /// How many the batch has.
        total: usize,
        /// What it has not.
        member: &'static str,
    },
}

impl Coded for BatchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unnamed { .. } => "record-without-id",
        }
    }
}

/// What a partial answer would call each record.
fn names<'a>(
    records: impl ExactSizeIterator<Item = Option<&'a str>>,
    member: &'static str,
) -> Result<Vec<String>, BatchError> {
    let total = records.len();
    let named = records.enumerate().map(|(n, name)| {
        let position = n.saturating_add(1);
        let name = name.filter(|name| !name.trim().is_empty());
        name.map(str::to_owned).ok_or(BatchError::Unnamed {
            position,
            total,
            member,
        })
    });
    named.collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use telemetry_core::Coded;

    /// What the tests' work fails with.
    #[derive(Debug, thiserror::Error)]
    #[error("process a record that is bad on purpose")]
    pub(crate) struct Refused;

    impl Coded for Refused {
        fn code(&self) -> &'static str {
            "refused"
        }
    }
}
