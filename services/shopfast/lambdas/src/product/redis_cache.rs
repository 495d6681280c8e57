//! Products in Redis, shared by all execution environments. Every call is short and bounded; after failures it is left
//! alone for a while.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform::clock::Clock;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use shopfast_domain::ids::ProductId;
use shopfast_domain::product::Product;
use tokio::sync::Mutex;

use super::circuit::Circuit;
use super::ports::{CACHE_TTL_SECONDS, CacheError, ProductCache, cache_key};
use super::wire::ProductBody;

/// For connecting and the call together: a read of the table takes about 5 ms, waiting longer than this helps nobody.
const TIMEOUT: Duration = Duration::from_millis(250);

/// The cache at `REDIS_URL`.
pub struct RedisCache {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    circuit: Circuit,
}

impl std::fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisCache").finish_non_exhaustive()
    }
}

impl RedisCache {
    /// Makes no connection yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(url: &str, clock: Arc<dyn Clock>) -> redis::RedisResult<Self> {
        Ok(Self {
            client: Client::open(url)?,
            connection: Mutex::new(None),
            circuit: Circuit::new(clock),
        })
    }

    async fn call<T: FromRedisValue>(&self, command: Cmd) -> Result<T, CacheError> {
        if !self.circuit.allows() {
            return Err(CacheError::Open);
        }
        let outcome = match tokio::time::timeout(TIMEOUT, self.attempt(command)).await {
            Ok(outcome) => outcome.map_err(|error| CacheError::Failed(error.into())),
            Err(_) => Err(CacheError::Late),
        };
        self.circuit.record(outcome.is_ok());
        if outcome.is_err() {
            *self.connection.lock().await = None;
        }
        outcome
    }

    async fn attempt<T: FromRedisValue>(&self, command: Cmd) -> redis::RedisResult<T> {
        let mut connection = self.connection().await?;
        command.query_async(&mut connection).await
    }

    async fn connection(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        *kept = Some(connection.clone());
        Ok(connection)
    }
}

#[async_trait]
impl ProductCache for RedisCache {
    fn tier(&self) -> &'static str {
        "redis"
    }

    async fn get(&self, id: &ProductId) -> Result<Option<Product>, CacheError> {
        let mut command = redis::cmd("GET");
        command.arg(cache_key(id));
        let Some(text) = self.call::<Option<String>>(command).await? else {
            return Ok(None);
        };
        let body: ProductBody = serde_json::from_str(&text).map_err(|_| CacheError::Malformed)?;
        let product = body.to_product().filter(|product| product.id == *id);
        product.ok_or(CacheError::Malformed).map(Some)
    }

    async fn set(&self, product: &Product) -> Result<(), CacheError> {
        let body = serde_json::to_string(&ProductBody::from(product))
            .map_err(|error| CacheError::Failed(error.into()))?;
        let mut command = redis::cmd("SET");
        command
            .arg(cache_key(&product.id))
            .arg(body)
            .arg("EX")
            .arg(CACHE_TTL_SECONDS);
        self.call::<()>(command).await
    }

    async fn ping(&self) -> Result<(), CacheError> {
        self.call::<String>(redis::cmd("PING")).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
