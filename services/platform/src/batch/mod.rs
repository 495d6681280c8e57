//! Batches of records, each in its own correlation scope: one record's failure is told to the service and does not take
//! the others with it. What a record means is the caller's.
//!
//! A failure is recorded once, here, with its causes.

pub mod sns;
pub mod sqs;
pub mod stream;

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use telemetry_core::Coded;

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

/// A record was not finished before the deadline.
#[derive(Debug, thiserror::Error)]
#[error("process a record within the time of the invocation")]
struct OutOfTime;

impl Coded for OutOfTime {
    fn code(&self) -> &'static str {
        "out-of-time"
    }
}

/// Runs one record in its scope. False: it failed, or there was no time left for it.
async fn succeeds<F, E>(record_id: &str, deadline: Deadline, work: F) -> bool
where
    F: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    telemetry_lambda::in_record(record_id, async {
        match tokio::time::timeout(deadline.remaining(), work).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                telemetry_core::record_error(&error, error.code());
                false
            }
            Err(_) => {
                telemetry_core::record_error(&OutOfTime, OutOfTime.code());
                false
            }
        }
    })
    .await
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
