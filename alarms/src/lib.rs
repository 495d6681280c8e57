#![doc = include_str!("../README.md")]

pub mod backtest;
pub mod coverage;
pub mod definitions;
mod document;
pub mod evaluate;
pub mod explain;
pub mod model;
mod near;
pub mod range_question;
pub mod registry;
pub mod render;
pub mod scenario;
