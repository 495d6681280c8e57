//! Filters over IDs: split block Bloom filters as Parquet has them (XXH64, blocks of eight words), many of them side by side.
//!
//! [`SplitBlock`] is one filter. [`Table`] has one for each slot (row groups of an hour, hours of a day) and stores block *n* of all
//! slots together: one small range of the file says which slots may know an ID. Block counts are powers of two, so that a
//! filter can be halved after it was filled, and doubled without a change of what it knows.
//!
//! Not here: which lines are told to which filter, and where the files are (`log-archive-store`).

mod split_block;
mod table;

pub use split_block::{SplitBlock, elsewhere, hash};
pub use table::{HEADER, InvalidTable, Shape, Table, TableWriter};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 32;
