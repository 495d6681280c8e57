//! Products in the function's own memory: the fastest tier, one per execution environment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use platform::clock::Clock;
use shopfast_domain::ids::ProductId;
use shopfast_domain::product::Product;

use super::ports::{CACHE_TTL_SECONDS, CacheError, ProductCache};

/// Most products kept: at a few hundred bytes each, well below a megabyte.
const CAPACITY: usize = 1_000;

/// A bounded map with a time to live.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<ProductId, (Timestamp, Product)>>,
}

impl std::fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryCache").finish_non_exhaustive()
    }
}

impl MemoryCache {
    /// Empty.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            entries: Mutex::default(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<ProductId, (Timestamp, Product)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh(kept: Timestamp, now: Timestamp) -> bool {
    now.duration_since(kept) < SignedDuration::from_secs(CACHE_TTL_SECONDS.into())
}

#[async_trait]
impl ProductCache for MemoryCache {
    fn tier(&self) -> &'static str {
        "memory"
    }

    async fn get(&self, id: &ProductId) -> Result<Option<Product>, CacheError> {
        let now = self.clock.now();
        let entries = self.entries();
        let found = entries.get(id).filter(|(kept, _)| fresh(*kept, now));
        Ok(found.map(|(_, product)| product.clone()))
    }

    async fn set(&self, product: &Product) -> Result<(), CacheError> {
        let now = self.clock.now();
        let mut entries = self.entries();
        if entries.len() >= CAPACITY && !entries.contains_key(&product.id) {
            entries.retain(|_, (kept, _)| fresh(*kept, now));
        }
        if entries.len() >= CAPACITY && !entries.contains_key(&product.id) {
            let oldest = entries.iter().min_by_key(|(_, (kept, _))| *kept);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                entries.remove(&oldest);
            }
        }
        entries.insert(product.id.clone(), (now, product.clone()));
        Ok(())
    }

    async fn ping(&self) -> Result<(), CacheError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::ManualClock;

    use super::*;
    use crate::product::contract::product;

    #[tokio::test]
    async fn products_are_forgotten_in_time_and_in_number() {
        let clock = Arc::new(ManualClock::at_second(1_800_000_000));
        let cache = MemoryCache::new(clock.clone());
        let first = product("p-first", "books", 1);
        cache.set(&first).await.unwrap();
        clock.advance(SignedDuration::from_secs(299));
        assert_eq!(cache.get(&first.id).await.unwrap().as_ref(), Some(&first));
        for n in 0..CAPACITY {
            cache.set(&product(&format!("p-{n}"), "books", 1)).await.unwrap();
        }
        assert_eq!(cache.entries().len(), CAPACITY);
        assert_eq!(cache.get(&first.id).await.unwrap(), None, "the oldest made room");
        let kept = ProductId::try_new("p-5").unwrap();
        assert!(cache.get(&kept).await.unwrap().is_some());
        clock.advance(SignedDuration::from_secs(300));
        assert_eq!(cache.get(&kept).await.unwrap(), None);
    }
}
