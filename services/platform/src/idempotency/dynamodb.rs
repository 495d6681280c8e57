//! Records in a DynamoDB table. Actions: `PutItem`, `UpdateItem`, `DeleteItem`. Expiry is checked by us too: the table deletes late.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, Update};
use jiff::Timestamp;

use super::{Attempt, Begin, LEASE, Lease, RETENTION, RecordError, Records, StoredAnswer};

const COMPLETE: &str =
    "SET #state = :completed, answerStatus = :status, answerBody = :body, expiresAt = :expires";
const OURS: &str = "leaseToken = :token AND #state = :in_progress";
const OURS_AND_ALIVE: &str = "leaseToken = :token AND #state = :in_progress AND expiresAt > :now";
/// Absent, forgotten, or the same request under a lease that ran out.
const FREE: &str = "attribute_not_exists(idempotencyKey) OR expiresAt <= :now \
    OR (#state = :in_progress AND leaseUntil <= :now AND fingerprint = :fingerprint AND subject = :subject)";

type Item = HashMap<String, AttributeValue>;

/// [`Records`] in a table. Its time to live is `expiresAt`.
///
/// | Attribute | Type | What it is |
/// |---|---|---|
/// | `idempotencyKey` | S, key | [`Key`](super::Key) |
/// | `schema` | N | 1 |
/// | `state` | S | `in_progress` or `completed` |
/// | `fingerprint` | S | what was asked for |
/// | `leaseToken` | S | whose lease it is, also of a completed one |
/// | `leaseUntil` | N | when another may take over, epoch seconds |
/// | `subject` | S | what the work is about |
/// | `answerStatus`, `answerBody` | N, S | of a completed one. An item has at most 400 KB: larger answers fail to be stored |
/// | `expiresAt` | N | time to live, epoch seconds |
///
/// Every change is one conditional write, so two callers at once cannot both succeed.
#[derive(Debug, Clone)]
pub struct DynamoDbRecords {
    client: Client,
    table: String,
}

impl DynamoDbRecords {
    /// In a table of the documented shape.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// The completion of a lease as part of a transaction that does the work: the transaction fails when the lease is lost.
    ///
    /// # Errors
    /// Never in practice: every required member is set.
    pub fn completion(
        &self,
        lease: &Lease,
        answer: &StoredAnswer,
        now: Timestamp,
    ) -> Result<Update, BuildError> {
        Update::builder()
            .table_name(&self.table)
            .key("idempotencyKey", text(lease.key.as_str()))
            .update_expression(COMPLETE)
            .condition_expression(OURS_AND_ALIVE)
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(completion_values(lease, answer, now)))
            .build()
    }

    async fn put(
        &self,
        attempt: &Attempt,
        subject: &str,
        now: Timestamp,
    ) -> Result<Option<Item>, RecordError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("schema", number(1))
            .item("idempotencyKey", text(attempt.key.as_str()))
            .item("fingerprint", text(&attempt.fingerprint.0))
            .item("state", text("in_progress"))
            .item("leaseToken", text(&attempt.token))
            .item("subject", text(subject))
            .item(
                "leaseUntil",
                number(now.as_second().saturating_add(LEASE.as_secs())),
            )
            .item("expiresAt", number(expiry(now)))
            .condition_expression(FREE)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":in_progress", text("in_progress"))
            .expression_attribute_values(":fingerprint", text(&attempt.fingerprint.0))
            .expression_attribute_values(":subject", text(subject))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => {
                match refused.into_err() {
                    PutItemError::ConditionalCheckFailedException(found) => {
                        Ok(Some(found.item.unwrap_or_default()))
                    }
                    other => Err(store("begin", other)),
                }
            }
            Err(error) => Err(store("begin", error)),
        }
    }
}

#[async_trait]
impl Records for DynamoDbRecords {
    async fn begin(&self, attempt: Attempt, now: Timestamp) -> Result<Begin, RecordError> {
        let mut subject = attempt.subject.clone();
        // At most one more round: to take over, the first attempt's subject must be known.
        for _ in 0..2 {
            let Some(found) = self.put(&attempt, &subject, now).await? else {
                return Ok(Begin::Started(attempt.lease(subject)));
            };
            if read_text(&found, "fingerprint")? != attempt.fingerprint.0 {
                return Ok(Begin::Mismatch);
            }
            if read_text(&found, "state")? == "completed" {
                return answer_of(&found).map(Begin::Completed);
            }
            read_text(&found, "subject")?.clone_into(&mut subject);
            if read_number(&found, "leaseUntil")? > now.as_second() {
                // The answer to our own first try got lost on its way.
                let ours = read_text(&found, "leaseToken")? == attempt.token;
                return Ok(if ours {
                    Begin::Started(attempt.lease(subject))
                } else {
                    Begin::InProgress
                });
            }
        }
        Ok(Begin::InProgress)
    }

    async fn complete(
        &self,
        lease: &Lease,
        answer: &StoredAnswer,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("idempotencyKey", text(lease.key.as_str()))
            .update_expression(COMPLETE)
            .condition_expression(OURS_AND_ALIVE)
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(completion_values(lease, answer, now)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(refused)) => match refused.into_err() {
                UpdateItemError::ConditionalCheckFailedException(found) => {
                    let found = found.item.unwrap_or_default();
                    let done = is_completed_by(&found, lease, answer, now);
                    done.then_some(()).ok_or(RecordError::LeaseLost)
                }
                other => Err(store("complete", other)),
            },
            Err(error) => Err(store("complete", error)),
        }
    }

    async fn abandon(&self, lease: &Lease) -> Result<(), RecordError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("idempotencyKey", text(lease.key.as_str()))
            .condition_expression(OURS)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":token", text(&lease.token))
            .expression_attribute_values(":in_progress", text("in_progress"))
            .send()
            .await;
        match delete {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(store("abandon", error)),
        }
    }
}

fn completion_values(lease: &Lease, answer: &StoredAnswer, now: Timestamp) -> Item {
    [
        (":completed", text("completed")),
        (":in_progress", text("in_progress")),
        (":token", text(&lease.token)),
        (":status", number(answer.status.into())),
        (":body", text(&answer.body)),
        (":expires", number(expiry(now))),
        (":now", number(now.as_second())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Did this lease store this answer before? Then the answer to our own first try got lost on its way.
fn is_completed_by(item: &Item, lease: &Lease, answer: &StoredAnswer, now: Timestamp) -> bool {
    read_text(item, "leaseToken").is_ok_and(|token| token == lease.token)
        && read_number(item, "expiresAt").is_ok_and(|expires| expires > now.as_second())
        && answer_of(item).is_ok_and(|stored| stored == *answer)
}

fn answer_of(item: &Item) -> Result<StoredAnswer, RecordError> {
    let status = read_number(item, "answerStatus")?;
    Ok(StoredAnswer {
        status: u16::try_from(status).map_err(|_| RecordError::Malformed("answerStatus"))?,
        body: read_text(item, "answerBody")?.to_owned(),
    })
}

fn expiry(now: Timestamp) -> i64 {
    now.as_second().saturating_add(RETENTION.as_secs())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, RecordError> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
        .ok_or(RecordError::Malformed(name))
}

fn read_number(item: &Item, name: &'static str) -> Result<i64, RecordError> {
    item.get(name)
        .and_then(|value| value.as_n().ok()?.parse().ok())
        .ok_or(RecordError::Malformed(name))
}

fn store(
    attempted: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RecordError {
    RecordError::Store {
        attempted,
        source: source.into(),
    }
}
