#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod handler;
mod init;
mod layer;
mod panic;
mod record;
mod source;

pub use init::{Service, Telemetry, init};
pub use record::in_record;
