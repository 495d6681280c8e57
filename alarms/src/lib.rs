#![doc = include_str!("../README.md")]

pub mod evaluate;
pub mod model;
pub mod range_question;
