#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod environment;
mod export;
mod handler;
mod init;
mod layer;
mod options;
mod panic;
mod record;
mod report;
mod sampling;
mod shutdown;
mod source;
mod stream;
mod watchdog;

pub use init::{Service, Telemetry, init, init_with};
pub use options::Options;
pub use record::in_record;
