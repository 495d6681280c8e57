//! What the catalogue needs, one trait per right.

use async_trait::async_trait;
use shopfast_domain::ids::ProductId;
use shopfast_domain::page::PageLimit;
use shopfast_domain::product::{Category, Product};
use telemetry_core::Coded;

/// Reads one product: `dynamodb:GetItem` on the products table.
#[async_trait]
pub trait ReadProduct: Send + Sync {
    /// `None` when there is none.
    async fn get(&self, id: &ProductId) -> Result<Option<Product>, ProductStoreError>;
}

/// Reads a page: `dynamodb:Query` on `category-index`, and `dynamodb:Scan` with a limit for pages of everything.
#[async_trait]
pub trait ListProducts: Send + Sync {
    /// At most `limit` products after the one named, all or of a category.
    async fn list(
        &self,
        limit: PageLimit,
        after: Option<&ProductId>,
        category: Option<&Category>,
    ) -> Result<ProductPage, ProductStoreError>;
}

/// Products, and where the next page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    /// The products, in the store's order.
    pub products: Vec<Product>,
    /// The last one looked at, when there may be more.
    pub last: Option<ProductId>,
}

/// A cache of single products. It may forget anything at any time.
#[async_trait]
pub trait ProductCache: Send + Sync {
    /// For logs: `memory`, `redis`.
    fn tier(&self) -> &'static str;
    /// `None` when it is not there, or was there for longer than [`CACHE_TTL_SECONDS`].
    async fn get(&self, id: &ProductId) -> Result<Option<Product>, CacheError>;
    /// Keeps a product.
    async fn set(&self, product: &Product) -> Result<(), CacheError>;
    /// Whether it answers.
    async fn ping(&self) -> Result<(), CacheError>;
}

/// How old a cached product may be.
pub const CACHE_TTL_SECONDS: u32 = 300;

/// The key of a product in a cache.
#[must_use]
pub fn cache_key(id: &ProductId) -> String {
    format!("product:{id}")
}

/// The products table failed.
#[derive(Debug, thiserror::Error)]
pub enum ProductStoreError {
    /// The call failed.
    #[error("{attempted}")]
    Store {
        /// What was tried.
        attempted: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored product cannot be understood.
    #[error("read a stored product: attribute {0} is missing or wrong")]
    Malformed(&'static str),
}

impl Coded for ProductStoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store { .. } => "product-store",
            Self::Malformed(_) => "product-malformed",
        }
    }
}

/// A cache failed; the table answers instead.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// No answer in time.
    #[error("use the product cache: no answer in time")]
    Late,
    /// It failed too often lately and is left alone for a while.
    #[error("use the product cache: it is left alone after failures")]
    Open,
    /// The call failed.
    #[error("use the product cache")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it holds cannot be understood.
    #[error("read a cached product")]
    Malformed,
}

impl Coded for CacheError {
    fn code(&self) -> &'static str {
        match self {
            Self::Late => "cache-late",
            Self::Open => "cache-open",
            Self::Failed(_) => "cache-failed",
            Self::Malformed => "cache-malformed",
        }
    }
}
