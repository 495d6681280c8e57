//! `shopfast-product-service` put together: configuration, adapters, entry. The binary only calls this.

use std::convert::Infallible;
use std::sync::Arc;

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::clock::{Clock, SystemClock};
use platform::env::{EnvError, Source};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;

use super::http::{self, Catalogue};
use super::ports::ProductCache;
use super::{CachedProducts, DynamoDbProducts, MemoryCache, RedisCache};

const REDIS_URL: &str = "REDIS_URL";

/// The function.
#[derive(Debug, Clone)]
pub struct ProductService(Catalogue);

impl ProductService {
    /// From `PRODUCTS_TABLE` and, when there is a shared cache, `REDIS_URL`.
    ///
    /// # Errors
    /// When the first is missing or the second is no address.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let client = aws_sdk_dynamodb::config::Builder::from(config).interceptor(Interceptor::new());
        let client = aws_sdk_dynamodb::Client::from_conf(client.build());
        let table = Arc::new(DynamoDbProducts::new(client, source.required("PRODUCTS_TABLE")?));
        let shared_cache = shared_cache(source, &clock)?;
        let memory: Arc<dyn ProductCache> = Arc::new(MemoryCache::new(Arc::clone(&clock)));
        let tiers = std::iter::once(memory).chain(shared_cache.clone()).collect();
        Ok(Self(Catalogue {
            products: Arc::new(CachedProducts::new(tiers, table.clone())),
            pages: table.clone(),
            table,
            shared_cache,
            clock,
        }))
    }

    /// An HTTP request; every failure is an answer.
    ///
    /// # Errors
    /// Never.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Infallible> {
        Ok(platform::http::serve(&event.payload, |request| http::handle(&self.0, request)).await)
    }
}

fn shared_cache(
    source: &dyn Source,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<dyn ProductCache>>, EnvError> {
    let Some(url) = source.get(REDIS_URL) else {
        return Ok(None);
    };
    let cache = RedisCache::new(&url, Arc::clone(clock)).map_err(|error| EnvError::Invalid {
        name: REDIS_URL,
        source: Box::new(error),
    })?;
    Ok(Some(Arc::new(cache)))
}
