//! Cache-aside: caches from fast to slow, then the table. What a slower place knows is put into the faster ones. A cache
//! that fails is a miss, seen in logs and metrics.

use std::sync::Arc;

use async_trait::async_trait;
use shopfast_domain::ids::ProductId;
use shopfast_domain::product::Product;
use telemetry_core::Coded as _;

use super::metrics;
use super::ports::{CACHE_TTL_SECONDS, CacheError, ProductCache, ProductStoreError, ReadProduct, cache_key};

/// [`ReadProduct`] through caches.
pub struct CachedProducts {
    tiers: Vec<Arc<dyn ProductCache>>,
    table: Arc<dyn ReadProduct>,
}

impl std::fmt::Debug for CachedProducts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CachedProducts").finish_non_exhaustive()
    }
}

impl CachedProducts {
    /// With caches from fast to slow.
    #[must_use]
    pub fn new(tiers: Vec<Arc<dyn ProductCache>>, table: Arc<dyn ReadProduct>) -> Self {
        Self { tiers, table }
    }

    async fn keep(&self, product: &Product, tiers: &[Arc<dyn ProductCache>]) {
        for tier in tiers {
            match tier.set(product).await {
                Ok(()) => tracing::info!(
                    cache.tier = tier.tier(),
                    cache.key = cache_key(&product.id),
                    cache.ttl_seconds = CACHE_TTL_SECONDS,
                    "CACHE_SET"
                ),
                Err(error) => failed(tier.as_ref(), &error),
            }
        }
    }
}

#[async_trait]
impl ReadProduct for CachedProducts {
    async fn get(&self, id: &ProductId) -> Result<Option<Product>, ProductStoreError> {
        for (n, tier) in self.tiers.iter().enumerate() {
            if let Some(product) = look(tier.as_ref(), id).await {
                self.keep(&product, self.tiers.get(..n).unwrap_or_default()).await;
                return Ok(Some(product));
            }
        }
        let found = self.table.get(id).await?;
        if let Some(product) = &found {
            self.keep(product, &self.tiers).await;
        }
        Ok(found)
    }
}

async fn look(tier: &dyn ProductCache, id: &ProductId) -> Option<Product> {
    let (found, outcome) = match tier.get(id).await {
        Ok(Some(product)) => (Some(product), "hit"),
        Ok(None) => (None, "miss"),
        Err(error) => {
            failed(tier, &error);
            (None, "error")
        }
    };
    let lookup = [("Tier", tier.tier()), ("Outcome", outcome)];
    metrics::CACHE.add(1, &lookup);
    let message = if found.is_some() {
        "CACHE_HIT"
    } else {
        "CACHE_MISS"
    };
    tracing::info!(
        cache.tier = tier.tier(),
        cache.key = cache_key(id),
        cache.ttl_seconds = CACHE_TTL_SECONDS,
        "{message}"
    );
    found
}

fn failed(tier: &dyn ProductCache, error: &CacheError) {
    tracing::warn!(
        cache.tier = tier.tier(),
        error.code = error.code(),
        error = error as &(dyn std::error::Error + 'static),
        "a cache failed, the table answers instead"
    );
}

#[cfg(test)]
mod tests {
    use platform::clock::SystemClock;

    use super::*;
    use crate::product::contract::product;
    use crate::product::{MemoryCache, MemoryProducts, RedisCache};

    #[tokio::test]
    async fn the_table_is_read_once_and_what_is_absent_is_not_kept() {
        let table = Arc::new(MemoryProducts::default());
        let item = product("prod-001", "books", 1999);
        table.add(item.clone());
        let slow: Arc<dyn ProductCache> = Arc::new(MemoryCache::new(Arc::new(SystemClock)));
        let fast = || -> Arc<dyn ProductCache> { Arc::new(MemoryCache::new(Arc::new(SystemClock))) };
        let cached = CachedProducts::new(vec![fast(), slow.clone()], table.clone());
        for _ in 0..3 {
            assert_eq!(cached.get(&item.id).await.unwrap().as_ref(), Some(&item));
        }
        assert_eq!(table.reads(), 1);
        let neighbour = CachedProducts::new(vec![fast(), slow], table.clone());
        assert_eq!(neighbour.get(&item.id).await.unwrap(), Some(item));
        assert_eq!(table.reads(), 1, "the slow tier is shared");
        let absent = ProductId::try_new("prod-999").unwrap();
        for _ in 0..2 {
            assert_eq!(neighbour.get(&absent).await.unwrap(), None);
        }
        assert_eq!(table.reads(), 3);
    }

    #[tokio::test]
    async fn the_table_answers_when_redis_is_not_there() {
        let table = Arc::new(MemoryProducts::default());
        let item = product("prod-001", "books", 1999);
        table.add(item.clone());
        // Bound and dropped: nobody listens on this port.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        drop(listener);
        let redis: Arc<dyn ProductCache> = Arc::new(RedisCache::new(&url, Arc::new(SystemClock)).unwrap());
        let cached = CachedProducts::new(vec![redis.clone()], table);
        for _ in 0..5 {
            assert_eq!(cached.get(&item.id).await.unwrap().as_ref(), Some(&item));
        }
        assert!(matches!(redis.ping().await, Err(CacheError::Open)));
    }

    #[tokio::test]
    async fn the_table_answers_when_redis_is_silent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let redis = RedisCache::new(&url, Arc::new(SystemClock)).unwrap();
        let outcome = redis.get(&ProductId::try_new("prod-001").unwrap()).await;
        assert!(
            matches!(outcome, Err(CacheError::Late | CacheError::Failed(_))),
            "{outcome:?}"
        );
    }
}
