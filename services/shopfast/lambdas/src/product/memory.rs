//! The products table in memory, for tests of what uses the ports.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use shopfast_domain::ids::ProductId;
use shopfast_domain::page::PageLimit;
use shopfast_domain::product::{Category, Product};

use super::ports::{ListProducts, ProductPage, ProductStoreError, ReadProduct};

/// Products in memory.
#[derive(Debug, Default)]
pub struct MemoryProducts {
    products: Mutex<BTreeMap<ProductId, Product>>,
    reads: AtomicUsize,
    down: AtomicBool,
}

impl MemoryProducts {
    /// Adds a product.
    pub fn add(&self, product: Product) {
        let mut products = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        products.insert(product.id.clone(), product);
    }

    /// How often single products were read.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// From now on every call fails.
    pub fn break_down(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    fn products(&self) -> Result<BTreeMap<ProductId, Product>, ProductStoreError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(ProductStoreError::Store {
                attempted: "read the products in memory",
                source: "they are down".into(),
            });
        }
        Ok(self
            .products
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
}

#[async_trait]
impl ReadProduct for MemoryProducts {
    async fn get(&self, id: &ProductId) -> Result<Option<Product>, ProductStoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.products()?.get(id).cloned())
    }
}

#[async_trait]
impl ListProducts for MemoryProducts {
    async fn list(
        &self,
        limit: PageLimit,
        after: Option<&ProductId>,
        category: Option<&Category>,
    ) -> Result<ProductPage, ProductStoreError> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let mut rest = self
            .products()?
            .into_values()
            .filter(|p| after.is_none_or(|after| p.id > *after))
            .filter(|p| category.is_none_or(|category| p.category == *category));
        let products: Vec<Product> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let last = products.last().filter(|_| more).map(|p| p.id.clone());
        Ok(ProductPage { products, last })
    }
}
