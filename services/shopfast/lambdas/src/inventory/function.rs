//! The two functions of inventory put together: configuration, adapters, entry. Binaries only call this.

use std::sync::Arc;

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::clock::SystemClock;
use platform::env::{EnvError, Source};
use platform::ids::RandomIds;
use platform::jwt::{HttpKeys, Pool, Verifier};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;

use super::command::CommandError;
use super::http::Authorize;
use super::operations::Inventory;
use super::sweep::Swept;
use super::{DynamoDbInventory, DynamoDbOrders, SnsTopic, command, http, sweep};

/// `shopfast-inventory-service`.
#[derive(Clone)]
pub struct InventoryService {
    inventory: Inventory<DynamoDbInventory>,
    callers: Arc<dyn Authorize>,
}

/// `shopfast-inventory-sweeper`.
#[derive(Debug, Clone)]
pub struct InventorySweeper {
    inventory: Inventory<DynamoDbInventory>,
    orders: DynamoDbOrders,
}

impl std::fmt::Debug for InventoryService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InventoryService").finish_non_exhaustive()
    }
}

fn inventory(source: &dyn Source, config: &SdkConfig) -> Result<Inventory<DynamoDbInventory>, EnvError> {
    let topic = aws_sdk_sns::config::Builder::from(config).interceptor(Interceptor::new());
    let topic = aws_sdk_sns::Client::from_conf(topic.build());
    Ok(Inventory {
        store: Arc::new(DynamoDbInventory::new(
            tables(config),
            source.required("INVENTORY_TABLE")?,
            source.required("RESERVATIONS_TABLE")?,
        )),
        topic: Arc::new(SnsTopic::new(topic, source.required("INVENTORY_TOPIC")?)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    })
}

fn tables(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let builder = aws_sdk_dynamodb::config::Builder::from(config).interceptor(Interceptor::new());
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

impl InventoryService {
    /// From `INVENTORY_TABLE`, `RESERVATIONS_TABLE`, `INVENTORY_TOPIC`, `USER_POOL_ID`, `USER_POOL_CLIENT_ID`.
    ///
    /// # Errors
    /// When one is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let pool = Pool::from_env(source)?;
        Ok(Self {
            inventory: inventory(source, config)?,
            callers: Arc::new(Verifier::new(pool, Box::new(HttpKeys::new()), SystemClock)),
        })
    }

    /// A direct command, or an HTTP request.
    ///
    /// # Errors
    /// Only for commands: an HTTP failure is an answer.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, CommandError> {
        if command::is_command(&event.payload) {
            let answer = command::handle(&self.inventory, event.payload).await?;
            return serde_json::to_value(answer).map_err(CommandError::Unreadable);
        }
        let answer = |request| http::handle(&self.inventory, &self.callers, request);
        Ok(platform::http::serve(&event.payload, answer).await)
    }
}

impl InventorySweeper {
    /// From `INVENTORY_TABLE`, `RESERVATIONS_TABLE`, `INVENTORY_TOPIC`, `ORDERS_TABLE`.
    ///
    /// # Errors
    /// When one is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        Ok(Self {
            inventory: inventory(source, config)?,
            orders: DynamoDbOrders::new(tables(config), source.required("ORDERS_TABLE")?),
        })
    }

    /// One run of the schedule.
    ///
    /// # Errors
    /// When the expired reservations cannot be listed.
    pub async fn handle(&self, _event: LambdaEvent<Value>) -> Result<Swept, super::ports::InventoryError> {
        sweep::run(&self.inventory, &self.orders).await
    }
}
