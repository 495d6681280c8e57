//! What is remembered, in DynamoDB: `dynamodb:GetItem`, `dynamodb:PutItem` on one table. Key `id`, time to live `expiresAt`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use error_report::ports::{PortError, Table};
use jiff::Timestamp;

use crate::call::failed;

/// Longest pause before a value that somebody else wrote meanwhile is read again.
const LONGEST_PAUSE_MS: u64 = 60;

/// The table.
#[derive(Debug, Clone)]
pub(crate) struct DynamoDbTable {
    client: Client,
    name: String,
}

impl DynamoDbTable {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }
}

#[async_trait]
impl Table for DynamoDbTable {
    async fn read(&self, key: &str) -> Result<Option<(String, u64)>, PortError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("id", AttributeValue::S(key.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read from the table"))?;
        let Some(item) = found.item else {
            return Ok(None);
        };
        let text = item.get("text").and_then(|value| value.as_s().ok());
        let version = item.get("version").and_then(|value| value.as_n().ok());
        match (text, version.and_then(|version| version.parse().ok())) {
            (Some(text), Some(version)) => Ok(Some((text.clone(), version))),
            _ => Err(format!("the item {key} of the table has no text or no version: delete it").into()),
        }
    }

    async fn write(
        &self,
        key: &str,
        text: &str,
        version: Option<u64>,
        forget_at: Timestamp,
    ) -> Result<bool, PortError> {
        let number = |number: &dyn std::fmt::Display| AttributeValue::N(number.to_string());
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .item("id", AttributeValue::S(key.to_owned()))
            .item("text", AttributeValue::S(text.to_owned()))
            .item("version", number(&version.unwrap_or(0).saturating_add(1)))
            .item("expiresAt", number(&forget_at.as_second()));
        let put = match version {
            None => put.condition_expression("attribute_not_exists(id)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(&version)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(refused))
                if matches!(refused.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                // Those who met here must not meet again.
                tokio::time::sleep(pause()).await;
                Ok(false)
            }
            Err(error) => Err(failed("write to the table")(error)),
        }
    }
}

/// Any time up to the longest.
fn pause() -> Duration {
    let [byte, ..] = uuid::Uuid::new_v4().into_bytes();
    Duration::from_millis(u64::from(byte) * LONGEST_PAUSE_MS / 255)
}
