#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod emf;
pub mod function;
pub mod in_process;
pub mod runtime_api;
pub mod show;
pub mod trace_assert;
pub mod xray_daemon;
