//! Orders: placing them, reading them, moving them on. Stock is reserved by asking inventory; what happens after an
//! order was placed is told through the outbox and done by `crate::workflow`.

mod dynamodb;
pub mod function;
pub mod http;
mod invoke;
mod items;
mod memory;
pub mod metrics;
pub mod place;
pub mod ports;
pub mod read;
pub mod token;
pub mod wire;

pub use dynamodb::DynamoDbOrders;
pub use invoke::InvokedInventory;
pub use memory::MemoryOrders;
