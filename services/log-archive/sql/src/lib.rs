//! SQL over the log archive: the tables `shopfast_log_archive.lines` and `messages` that Athena has, answered by DataFusion.
//!
//! In reading order: `Engine` takes a query and hands over its rows; `table` is what a query sees, `pruning` says which parts it needs,
//! `batch` makes columns out of lines, `cell` values out of columns.
//!
//! Lines come from the archive's own reader: of each hour the newest generation, as its manifest has it, with every checksum checked, and
//! without a second Parquet in the program.
//!
//! Without the feature `engine` nothing is here: DataFusion takes longer to build than everything else together.
//!
//! Not here: how rows are printed (`ops-archive`).

#![cfg(feature = "engine")]

mod engine;

mod table;

mod pruning;

mod batch;

mod cell;

mod error;

pub use cell::Cell;
pub use engine::{Engine, Limits};
pub use error::SqlError;
