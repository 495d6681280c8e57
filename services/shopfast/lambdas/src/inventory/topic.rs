//! Changes of stock on the SNS topic.

use async_trait::async_trait;
use aws_sdk_sns::Client;

use super::ports::{InventoryError, PublishStock};
use super::wire::StockChange;

/// The topic.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    client: Client,
    arn: String,
}

impl SnsTopic {
    /// With the topic's ARN.
    #[must_use]
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self {
            client,
            arn: arn.into(),
        }
    }
}

#[async_trait]
impl PublishStock for SnsTopic {
    async fn publish(&self, change: &StockChange) -> Result<(), InventoryError> {
        let attempted = "publish a stock change";
        let message = serde_json::to_string(change).map_err(|e| InventoryError::store(attempted, e))?;
        self.client
            .publish()
            .topic_arn(&self.arn)
            .message(message)
            .send()
            .await
            .map(drop)
            .map_err(|e| InventoryError::store(attempted, e))
    }
}
