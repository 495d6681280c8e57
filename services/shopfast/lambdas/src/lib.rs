//! The functions of the shop as a library: handlers over narrow ports, adapters, and wire formats. A binary is telemetry,
//! configuration, one adapter set and `run`; nothing is decided in it. Rules of the shop are in `shopfast-domain`.

pub mod product;

pub mod inventory;

pub mod functions;
pub mod order;
pub mod outbox;
pub mod workflow;

pub mod notification;

mod adapter;
mod attributes;

#[cfg(test)]
mod metrics_page;

/// The namespace of the shop's own metrics.
pub const NAMESPACE: &str = "ShopFast/Application";
