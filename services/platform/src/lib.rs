//! What every function of every shop needs once: configuration, SDK clients, the HTTP edge, batches with partial
//! failure, identity tokens, idempotency, clock and ids. Nothing here knows a shop, and nothing here is business.

pub mod aws;
pub mod batch;
pub mod clock;
pub mod env;
pub mod http;
pub mod idempotency;
pub mod ids;
pub mod jwt;
