#![doc = include_str!("../README.md")]

pub mod backtest;
pub mod coverage;
pub mod definitions;
mod document;
pub mod evaluate;
pub mod explain;
pub mod forecast;
pub mod lint;
pub mod model;
pub mod near;
pub mod range_question;
pub mod registry;
pub mod render;
pub mod scenario;
pub mod service_metrics;
pub mod template;
