//! The files of the log archive: parts in Parquet, written by [`PartWriter`] and read by range through [`PartIndex`], and
//! the [`Manifest`] that says which files an hour consists of.
//!
//! Parts are ordinary Parquet (zstd, page index, Bloom filters): Athena, DuckDB and DataFusion read them, messages with
//! [`MESSAGE_SQL`]. What they need not know is how the columns lie: everything but the messages of a row group stands together, so that one range read has all of
//! it, and a second one the pages of the messages that are wanted.
//!
//! [`glue`] is what Athena is told of them.
//!
//! Not here: where the bytes come from and go to (`log-archive-store`).

mod columns;
pub mod glue;
mod group;
mod lines;
mod link;
mod manifest;
mod part_index;
mod part_writer;
mod sparse;
mod sums;
mod template;

pub use link::Chained;
pub use manifest::{Manifest, ManifestError, Object, Part, RawObject};
pub use part_index::{PartError, PartIndex, Rows};
pub use part_writer::{FinishedPart, PartWriter, WriterLimits};
pub use sparse::Sparse;
pub use template::{MESSAGE_SQL, template_of};
