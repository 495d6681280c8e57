//! `shopfast-order-service` put together: configuration, adapters, entry. The binary only calls this.

use std::sync::Arc;

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::aws::INVOKE;
use platform::clock::SystemClock;
use platform::env::{EnvError, Source};
use platform::idempotency::DynamoDbRecords;
use platform::ids::RandomIds;
use platform::jwt::{HttpKeys, Pool, Verifier};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;

pub(crate) use super::dynamodb::Tables;
use super::http::{self, SignedIn};
use super::place::Desk;
use super::token::TokenKeys;
use super::{DynamoDbOrders, InvokedInventory};
use crate::adapter::AdapterError;

/// `shopfast-order-service`.
#[derive(Clone)]
pub struct OrderService {
    desk: Desk<DynamoDbOrders>,
    signed_in: Arc<dyn SignedIn>,
}

impl std::fmt::Debug for OrderService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderService").finish_non_exhaustive()
    }
}

/// Why the function could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Configuration.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The secret of order tokens.
    #[error("read the secret of order tokens")]
    Secret(#[source] AdapterError),
}

/// A client of tables; items put into the outbox carry the correlation context.
pub(crate) fn tables_client(config: &SdkConfig, outbox: &str) -> aws_sdk_dynamodb::Client {
    let interceptor = Interceptor::new().with_item_context([outbox]);
    let builder = aws_sdk_dynamodb::config::Builder::from(config).interceptor(interceptor);
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// A client that invokes functions, with time for their cold starts.
pub(crate) fn functions_client(config: &SdkConfig) -> aws_sdk_lambda::Client {
    let builder = aws_sdk_lambda::config::Builder::from(config).interceptor(Interceptor::new());
    let builder = builder
        .timeout_config(INVOKE.timeouts())
        .retry_config(INVOKE.retries());
    aws_sdk_lambda::Client::from_conf(builder.build())
}

impl OrderService {
    /// From `PRODUCTS_TABLE`, `ORDERS_TABLE`, `OUTBOX_TABLE`, `IDEMPOTENCY_TABLE`, `INVENTORY_FUNCTION`,
    /// `ORDER_TOKEN_SECRET_ARN`, `USER_POOL_ID`, `USER_POOL_CLIENT_ID`.
    ///
    /// # Errors
    /// When one is missing, or the secret cannot be read.
    pub async fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, StartError> {
        let tables = Tables {
            products: source.required("PRODUCTS_TABLE")?,
            orders: source.required("ORDERS_TABLE")?,
            outbox: source.required("OUTBOX_TABLE")?,
        };
        let client = tables_client(config, &tables.outbox);
        let records = DynamoDbRecords::new(client.clone(), source.required("IDEMPOTENCY_TABLE")?);
        let inventory =
            InvokedInventory::new(functions_client(config), source.required("INVENTORY_FUNCTION")?);
        let secret = source.required("ORDER_TOKEN_SECRET_ARN")?;
        let verifier = Verifier::new(Pool::from_env(source)?, Box::new(HttpKeys::new()), SystemClock);
        let desk = Desk {
            store: Arc::new(DynamoDbOrders::new(client, tables, Some(records.clone()))),
            inventory: Arc::new(inventory),
            records: Arc::new(records),
            tokens: Arc::new(token_keys(config, &secret).await.map_err(StartError::Secret)?),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        };
        Ok(Self {
            desk,
            signed_in: Arc::new(verifier),
        })
    }

    /// One HTTP request.
    ///
    /// # Errors
    /// Never: a failure is an answer.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, std::convert::Infallible> {
        let answer = |request| http::handle(&self.desk, &self.signed_in, request);
        Ok(platform::http::serve(&event.payload, answer).await)
    }
}

/// The current secret, and the one before while a rotation is young.
async fn token_keys(config: &SdkConfig, secret: &str) -> Result<TokenKeys, AdapterError> {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let read = |stage: &'static str| {
        client
            .get_secret_value()
            .secret_id(secret)
            .version_stage(stage)
            .send()
    };
    let current = read("AWSCURRENT")
        .await
        .map_err(|e| AdapterError::call("read the current secret", e))?;
    let current = current
        .secret_string
        .ok_or(AdapterError::Malformed("the current secret"))?;
    let previous = read("AWSPREVIOUS")
        .await
        .ok()
        .and_then(|answer| answer.secret_string);
    Ok(TokenKeys::new(
        [Some(current.as_str()), previous.as_deref()]
            .into_iter()
            .flatten(),
    ))
}
