//! The catalogue: pages of products, one product, health. Read only; prices that orders are charged by are read from the
//! table by the order side, never from the caches here.

mod cached;
mod circuit;
pub mod contract;
mod dynamodb;
pub mod function;
pub mod health;
pub mod http;
mod memory;
mod memory_cache;
pub mod metrics;
pub mod page_key;
pub mod ports;
mod redis_cache;
pub mod wire;

pub use cached::CachedProducts;
pub use dynamodb::DynamoDbProducts;
pub use memory::MemoryProducts;
pub use memory_cache::MemoryCache;
pub use redis_cache::RedisCache;
