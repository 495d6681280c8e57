//! The log archive where it lies: on S3 or in a directory, by the same code ([`Archive`]).
//!
//! [`Compactor`] turns raw objects into sorted Parquet, [`Lookup`] finds the lines of an ID in a few range reads, [`verify()`] proves
//! that nothing is missing, doubled or altered, [`export`] writes lines for other programs.
//!
//! Not here: what a line, a key or a filter is (`log-archive-domain`), how a file is made (`log-archive-format`), which store it is: that
//! is the caller's, through [`object_store::ObjectStore`].

mod archive;
mod error;
mod hours;

mod day;

mod parts;

mod part_reader;

mod sorter;

mod compact;

mod lookup;

mod replay;

mod verify;

pub mod export;

pub use archive::{Archive, Listed, Reads};
pub use compact::{CompactLimits, Compacted, Compactor, Step, Stopped, Watch};
pub use error::{ArchiveError, chain};
pub use hours::{Hours, OpenHour};
pub use log_archive_format::{MESSAGE_SQL, Manifest, Object, Part, glue, template_of};
pub use lookup::{Found, Lookup, Scope};
pub use part_reader::PartReader;
pub use replay::{Replayed, replay, replay_into};
pub use sorter::{Merge, Sorter, SorterError};
pub use verify::{Fault, Verified, manifests, verify};
