//! Stock: reading and setting it, reserving it for orders, releasing and committing reservations, and sweeping up those
//! whose order never came to be. The rules are the domain's; orders are not here.

pub mod command;
pub mod contract;
mod dynamodb;
pub mod function;
pub mod http;
mod memory;
pub mod metrics;
pub mod operations;
pub mod ports;
pub mod sweep;
mod topic;
pub mod wire;

pub use dynamodb::{DynamoDbInventory, DynamoDbOrders};
pub use memory::MemoryInventory;
pub use topic::SnsTopic;
