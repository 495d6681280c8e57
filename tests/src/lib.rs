//! The harness for scenarios over the running platform: it starts `shopwatch` as a user does, talks to it over HTTP
//! and through its commands, and fails on leftovers (processes, ports, messages in dead-letter queues).
//!
//! Scenarios live in `tests/platform/`. Nothing here knows what a scenario asserts.

pub mod aws;
pub mod aws_cli;
pub mod http;
pub mod leftovers;
pub mod platform;
pub mod shop;
pub mod wait;

pub use platform::{Options, Platform, run_apart};
