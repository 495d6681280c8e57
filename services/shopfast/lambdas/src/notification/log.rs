//! Which events were mailed: taken under a lease before sending, noted after. A crash in between lets the next delivery
//! send again when the lease ran out: a mail may then come twice, but is never missing.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::Timestamp;
use platform::aws::NOTE;

use crate::adapter::AdapterError;
use crate::attributes::{number, optional_text, text};

/// Longer than the function's timeout.
const LEASE_SECONDS: i64 = 40;
/// Deliveries of one event come within this time.
const RETENTION_SECONDS: i64 = 14 * 24 * 3600;

/// What a delivery finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// It may send.
    Started,
    /// It was sent.
    Sent,
    /// Another delivery is at it.
    Busy,
}

/// The log: `dynamodb:PutItem`, `UpdateItem`, `DeleteItem` on its table.
#[async_trait]
pub(super) trait SentLog: Send + Sync {
    /// Takes the right to send.
    async fn begin(&self, event_id: &str) -> Result<Begin, AdapterError>;
    /// Notes that it was sent.
    async fn note_sent(&self, event_id: &str) -> Result<(), AdapterError>;
    /// Gives the right back: it was not sent.
    async fn give_up(&self, event_id: &str) -> Result<(), AdapterError>;
}

/// In a table: key `eventId`, time to live `expiresAt`.
#[derive(Debug, Clone)]
pub(super) struct DynamoDbLog {
    client: Client,
    table: String,
}

impl DynamoDbLog {
    pub(super) fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

#[async_trait]
impl SentLog for DynamoDbLog {
    async fn begin(&self, event_id: &str) -> Result<Begin, AdapterError> {
        let now = Timestamp::now().as_second();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("eventId", text(event_id))
            .item("state", text("sending"))
            .item("leaseUntil", number(now + LEASE_SECONDS))
            .item("expiresAt", number(now + RETENTION_SECONDS))
            .condition_expression(
                "attribute_not_exists(eventId) OR (#state = :sending AND leaseUntil <= :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sending", text("sending"))
            .expression_attribute_values(":now", number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(Begin::Started),
            Err(SdkError::ServiceError(refused)) => match refused.into_err() {
                PutItemError::ConditionalCheckFailedException(found) => {
                    let item = found.item.unwrap_or_default();
                    Ok(if optional_text(&item, "state") == Some("sent") {
                        Begin::Sent
                    } else {
                        Begin::Busy
                    })
                }
                other => Err(AdapterError::call("take the right to send a mail", other)),
            },
            Err(error) => Err(AdapterError::call("take the right to send a mail", error)),
        }
    }

    async fn note_sent(&self, event_id: &str) -> Result<(), AdapterError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("eventId", text(event_id));
        let call = call
            .update_expression("SET #state = :sent")
            .expression_attribute_names("#state", "state");
        let patient = aws_sdk_dynamodb::Config::builder()
            .retry_config(NOTE.retries())
            .timeout_config(NOTE.timeouts());
        let noted = call
            .expression_attribute_values(":sent", text("sent"))
            .customize()
            .config_override(patient)
            .send()
            .await;
        noted
            .map(drop)
            .map_err(|e| AdapterError::call("note that a mail was sent", e))
    }

    async fn give_up(&self, event_id: &str) -> Result<(), AdapterError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("eventId", text(event_id));
        let given = call.send().await;
        given
            .map(drop)
            .map_err(|e| AdapterError::call("give the right to send a mail back", e))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// A table that is away for so many requests; tells how many came.
    fn table(away: usize) -> (String, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers = std::thread::spawn(move || {
            for came in 0.. {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(&stream);
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let line = line.trim().to_ascii_lowercase();
                    if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                reader.read_exact(&mut vec![0; length]).unwrap();
                let status = if came < away {
                    "503 Service Unavailable"
                } else {
                    "200 OK"
                };
                let head =
                    "content-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\nconnection: close";
                write!(&stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\n{{}}").unwrap();
                if came == away {
                    return came + 1;
                }
            }
            unreachable!("an endless loop ends by its answer")
        });
        (address, answers)
    }

    #[tokio::test]
    async fn a_mail_that_went_is_noted_through_a_short_outage() {
        // More than a call of the usual limits is tried.
        let (address, answers) = table(6);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .endpoint_url(address)
            .retry_config(platform::aws::QUICK.retries())
            .timeout_config(platform::aws::QUICK.timeouts())
            .allow_no_auth()
            .build();
        let log = DynamoDbLog::new(Client::from_conf(config), "notifications".to_owned());
        log.note_sent("event-1").await.unwrap();
        assert_eq!(answers.join().unwrap(), 7);
    }
}
