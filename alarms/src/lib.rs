#![doc = include_str!("../README.md")]

pub mod evaluate;
pub mod model;
