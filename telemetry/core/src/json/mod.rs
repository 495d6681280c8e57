//! JSON by hand, where every invocation pays for it: reading events where they stand, writing documents into one string.
//! What is read or written rarely is `serde_json`'s.

mod plain;
mod read;
mod scan;
mod write;

pub(crate) use read::*;
pub(crate) use write::*;
