#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod attribute;
mod client;
mod exporter;
mod pause;
mod request;
mod response;

pub use exporter::connect;
