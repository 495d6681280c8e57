#![doc = include_str!("../README.md")]

pub mod backtest;
mod document;
pub mod evaluate;
pub mod explain;
pub mod lint;
pub mod model;
pub mod near;
pub mod range_question;
pub mod scenario;
pub mod service_metrics;
pub mod template;
