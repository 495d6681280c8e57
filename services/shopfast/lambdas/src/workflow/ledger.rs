//! The simulated providers' ledger: what they did, by idempotency key, so that nothing is done twice however often it is
//! asked. It is theirs, not the shop's: a real provider keeps its own.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;

use crate::adapter::AdapterError;
use crate::attributes::{number, optional_number, optional_text, text};

/// What a key has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What was done, with a reference; absent while it was only tried.
    pub(super) reference: Option<String>,
    /// How often it was tried.
    pub(super) tries: u32,
}

/// Reads and writes entries: `dynamodb:GetItem`, `UpdateItem` on the payments table.
#[async_trait]
pub(super) trait Ledger: Send + Sync {
    /// The entry of a key.
    async fn find(&self, key: &str) -> Result<Option<Entry>, AdapterError>;
    /// Counts a try and returns the entry then.
    async fn count_try(&self, key: &str) -> Result<Entry, AdapterError>;
    /// Notes that it was done, unless it was; the entry's reference then.
    async fn note_done(&self, key: &str, amount: i64, reference: &str) -> Result<String, AdapterError>;
}

/// In a table: key `paymentKey`.
#[derive(Debug, Clone)]
pub(super) struct DynamoDbLedger {
    client: Client,
    table: String,
}

impl DynamoDbLedger {
    pub(super) fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

#[async_trait]
impl Ledger for DynamoDbLedger {
    async fn find(&self, key: &str) -> Result<Option<Entry>, AdapterError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("paymentKey", text(key))
            .consistent_read(true);
        let found = call
            .send()
            .await
            .map_err(|e| AdapterError::call("read the provider's ledger", e))?;
        Ok(found.item.map(|item| Entry {
            reference: optional_text(&item, "reference").map(str::to_owned),
            tries: optional_number(&item, "tries").unwrap_or(0),
        }))
    }

    async fn count_try(&self, key: &str) -> Result<Entry, AdapterError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("paymentKey", text(key));
        let call = call
            .update_expression("ADD tries :one")
            .expression_attribute_values(":one", number(1));
        let call = call.return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
        let answer = call
            .send()
            .await
            .map_err(|e| AdapterError::call("count a try in the provider's ledger", e))?;
        let item = answer.attributes.unwrap_or_default();
        Ok(Entry {
            reference: optional_text(&item, "reference").map(str::to_owned),
            tries: optional_number(&item, "tries").unwrap_or(0),
        })
    }

    async fn note_done(&self, key: &str, amount: i64, reference: &str) -> Result<String, AdapterError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("paymentKey", text(key))
            .update_expression("SET #reference = :reference, amount = :amount")
            .condition_expression("attribute_not_exists(#reference)")
            // A reserved word of DynamoDB's expressions.
            .expression_attribute_names("#reference", "reference")
            .expression_attribute_values(":reference", text(reference))
            .expression_attribute_values(":amount", number(amount));
        match call.send().await {
            Ok(_) => Ok(reference.to_owned()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => {
                let entry = self.find(key).await?;
                Ok(entry
                    .and_then(|entry| entry.reference)
                    .unwrap_or_else(|| reference.to_owned()))
            }
            Err(error) => Err(AdapterError::call("write the provider's ledger", error)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct MemoryLedger(pub(crate) Mutex<HashMap<String, Entry>>);

    #[async_trait]
    impl Ledger for MemoryLedger {
        async fn find(&self, key: &str) -> Result<Option<Entry>, AdapterError> {
            Ok(self.0.lock().unwrap().get(key).cloned())
        }

        async fn count_try(&self, key: &str) -> Result<Entry, AdapterError> {
            let mut entries = self.0.lock().unwrap();
            let entry = entries.entry(key.to_owned()).or_insert(Entry {
                reference: None,
                tries: 0,
            });
            entry.tries += 1;
            Ok(entry.clone())
        }

        async fn note_done(&self, key: &str, _amount: i64, reference: &str) -> Result<String, AdapterError> {
            let mut entries = self.0.lock().unwrap();
            let entry = entries.entry(key.to_owned()).or_insert(Entry {
                reference: None,
                tries: 0,
            });
            Ok(entry
                .reference
                .get_or_insert_with(|| reference.to_owned())
                .clone())
        }
    }
}
