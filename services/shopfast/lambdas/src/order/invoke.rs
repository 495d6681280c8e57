//! Inventory, asked by invoking its function. A refusal is an answer; a function error or no answer is an error.

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use shopfast_domain::ids::OrderId;
use shopfast_domain::inventory::Lines;

use super::ports::{AskInventory, Reserved};
use crate::adapter::AdapterError;
use crate::inventory::wire::{Action, Command, CommandAnswer, LineBody};

/// The function that answers.
#[derive(Debug, Clone)]
pub struct InvokedInventory {
    client: Client,
    function: String,
}

/// The function answered with an error of its own.
#[derive(Debug, thiserror::Error)]
#[error("inventory-service failed: {0}")]
struct FunctionFailed(String);

impl InvokedInventory {
    /// By the function's name.
    #[must_use]
    pub fn new(client: Client, function: impl Into<String>) -> Self {
        Self {
            client,
            function: function.into(),
        }
    }

    async fn ask(&self, command: &Command, attempted: &'static str) -> Result<CommandAnswer, AdapterError> {
        let payload = serde_json::to_vec(command).map_err(|e| AdapterError::call(attempted, e))?;
        let call = self
            .client
            .invoke()
            .function_name(&self.function)
            .payload(Blob::new(payload));
        let answer = call.send().await.map_err(|e| AdapterError::call(attempted, e))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if answer.function_error.is_some() {
            let error: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
            let kind = error["errorType"].as_str().unwrap_or("unknown").to_owned();
            return Err(AdapterError::call(attempted, FunctionFailed(kind)));
        }
        serde_json::from_slice(&payload).map_err(|e| AdapterError::call(attempted, e))
    }
}

#[async_trait]
impl AskInventory for InvokedInventory {
    async fn reserve(&self, order: &OrderId, lines: &Lines) -> Result<Reserved, AdapterError> {
        let lines = lines
            .iter()
            .map(|line| LineBody {
                product_id: line.product.to_string(),
                quantity: line.quantity.get(),
            })
            .collect();
        let command = Command {
            action: Action::Reserve,
            order_id: order.to_string(),
            lines,
        };
        let answer = self
            .ask(&command, "reserve stock by asking inventory-service")
            .await?;
        Ok(if answer.ok {
            Reserved::Held
        } else {
            Reserved::Refused {
                code: answer.code.unwrap_or_default(),
                products: answer.products,
            }
        })
    }

    async fn release(&self, order: &OrderId) -> Result<(), AdapterError> {
        let command = Command {
            action: Action::Release,
            order_id: order.to_string(),
            lines: Vec::new(),
        };
        self.ask(&command, "release stock by asking inventory-service")
            .await
            .map(drop)
    }
}
