#![doc = include_str!("../README.md")]

pub mod draw;
pub mod explorer;
pub mod generate;
pub mod lint;
pub mod model;
pub mod name;
pub mod query;
pub mod template;
pub mod time;
pub mod validate;
