//! SNS: Lambda is invoked asynchronously and knows no partial failure. Every record is tried; when any failed the invocation
//! fails, so that Lambda's retries and then the dead-letter queue take the event. Work must therefore be idempotent.

use aws_lambda_events::event::sns::{SnsEvent, SnsRecord};
use telemetry_core::Coded;

use super::Deadline;
use super::record::attempt;

/// Some records of an SNS event failed; each failure was recorded on its own.
#[derive(Debug, thiserror::Error)]
#[error("process {failed} of {total} notifications")]
pub struct RecordsFailed {
    /// How many failed.
    pub failed: usize,
    /// How many there were.
    pub total: usize,
}

impl Coded for RecordsFailed {
    fn code(&self) -> &'static str {
        "records-failed"
    }
}

/// Runs `work` for every record.
///
/// # Errors
/// [`RecordsFailed`] after all were tried, when any failed.
pub async fn run<F, Fut, E>(event: SnsEvent, deadline: Deadline, work: F) -> Result<(), RecordsFailed>
where
    F: Fn(SnsRecord) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let total = event.records.len();
    let mut failed = 0_usize;
    for record in event.records {
        let id = record.sns.message_id.clone();
        let outcome = attempt(deadline, async { work(record).await });
        if telemetry_lambda::in_record(&id, outcome).await.is_err() {
            failed = failed.saturating_add(1);
        }
    }
    if failed > 0 {
        return Err(RecordsFailed { failed, total });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::batch::tests::Refused;

    async fn check(messages: &[&str], expected: Option<(usize, usize)>) {
        let records: Vec<_> = messages
            .iter()
            .map(|message| {
                json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:x",
                    "Sns": {"MessageId": "m", "Message": message, "TopicArn": "arn:aws:sns:x", "Type": "Notification",
                        "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": "1", "Signature": "s",
                        "SigningCertUrl": "u", "UnsubscribeUrl": "u", "MessageAttributes": {}}})
            })
            .collect();
        let event: SnsEvent = serde_json::from_value(json!({"Records": records})).unwrap();
        let tried = AtomicUsize::new(0);
        let outcome = run(event, Deadline::within(Duration::from_secs(5)), |record| {
            let tried = &tried;
            async move {
                tried.fetch_add(1, Ordering::Relaxed);
                if record.sns.message == "bad" {
                    Err(Refused)
                } else {
                    Ok(())
                }
            }
        })
        .await;
        assert_eq!(tried.into_inner(), messages.len());
        assert_eq!(outcome.err().map(|e| (e.failed, e.total)), expected);
    }

    #[tokio::test]
    async fn all_are_tried_and_any_failure_fails_the_invocation() {
        check(&["ok", "ok"], None).await;
        check(&["bad", "ok", "bad"], Some((2, 3))).await;
    }
}
