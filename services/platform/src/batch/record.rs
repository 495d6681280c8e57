//! One record: its work within the time there is, and whatever it fails with recorded once. Which scope it runs in, and what
//! a failure stops, is the runner's.

use std::any::Any;
use std::error::Error;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use telemetry_core::metrics::standard;
use telemetry_core::{Coded, Panic, current_scope, record_error};

use super::Deadline;

/// Why a record failed; recorded already.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Box<dyn Error + Send + Sync>,
    pub(super) code: &'static str,
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

impl Failure {
    /// Records an error in the running scope.
    pub(super) fn recorded(error: impl Coded + Send + Sync + 'static) -> Self {
        record_error(&error, error.code());
        Self {
            code: error.code(),
            error: Box::new(error),
        }
    }

    /// Of a caught panic. Telemetry's hook wrote its line, where one is installed.
    fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let message = message(payload);
        let scope = current_scope();
        let seen = scope.as_ref().and_then(|scope| scope.invocation.last_panic());
        match (scope, seen.filter(|seen| seen.message == message)) {
            (Some(scope), Some(panic)) => {
                standard::ERRORS.add(1, &[("ErrorCode", panic.code())]);
                scope.fail(&panic, panic.code());
                Self {
                    code: panic.code(),
                    error: Box::new(panic),
                }
            }
            _ => Self::recorded(Panic {
                message: message.to_owned(),
                location: "an unknown place".to_owned(),
            }),
        }
    }
}

/// Does a record's work. It is not begun after the deadline, and is given up at it.
///
/// A panic stays with its record: it would repeat every other one of the batch, and take them to the dead-letter queue with it.
pub(super) async fn attempt<F, E>(deadline: Deadline, work: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let left = deadline.remaining();
    if left.is_zero() {
        return Err(Failure::recorded(OutOfTime));
    }
    let work = AssertUnwindSafe(tokio::time::timeout(left, work));
    match work.catch_unwind().await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(Failure::recorded(error)),
        Ok(Err(_)) => Err(Failure::recorded(OutOfTime)),
        Err(payload) => Err(Failure::of_panic(payload.as_ref())),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::batch::tests::Refused;

    async fn check(deadline: Duration, work: impl Future<Output = Result<(), Refused>>, code: Option<&str>) {
        let outcome = attempt(Deadline::within(deadline), work).await;
        assert_eq!(outcome.err().map(|failure| failure.code), code);
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_fails_by_an_error_a_panic_and_the_end_of_time() {
        let minute = Duration::from_secs(60);
        check(minute, async { Ok(()) }, None).await;
        check(minute, async { Err(Refused) }, Some("refused")).await;
        check(minute, async { panic!("on purpose") }, Some("panic")).await;
        check(minute, std::future::pending(), Some("out-of-time")).await;
    }

    #[tokio::test]
    async fn nothing_is_begun_after_the_deadline() {
        let begun = AtomicBool::new(false);
        let work = async {
            begun.store(true, Ordering::Relaxed);
            Ok(())
        };
        check(Duration::ZERO, work, Some("out-of-time")).await;
        assert!(!begun.into_inner());
    }
}
