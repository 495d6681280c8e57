//! What can go wrong with an archive, always with the object's key.

use log_archive_domain::filter::InvalidTable;
use log_archive_format::{ManifestError, PartError};

use crate::compact::Stopped;
use crate::sorter::SorterError;

/// Something about the archive failed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store refused.
    #[error("{attempt} {key}")]
    Store {
        /// `read`, `write`, `list`, `delete`, `copy`.
        attempt: &'static str,
        /// Which object, or prefix.
        key: String,
        /// Why.
        #[source]
        cause: Box<object_store::Error>,
    },
    /// A file that a manifest names is not there.
    #[error("{key} is missing, although {named_by} names it: restore it, or the archive is incomplete")]
    Missing {
        /// Which.
        key: String,
        /// Who says that it is there.
        named_by: String,
    },
    /// Nobody can tell whether a manifest is missing.
    #[error(
        "{key} is named by no manifest, and {link} cannot be read: whether the manifest is missing nobody can tell; restore the link, or move the file away"
    )]
    Unnamed {
        /// A file that a manifest may have named.
        key: String,
        /// A link of the chain that may have named the manifest.
        link: String,
    },
    /// A manifest is damaged.
    #[error("read the manifest {key}")]
    Manifest {
        /// Which.
        key: String,
        /// Why.
        #[source]
        cause: Box<ManifestError>,
    },
    /// A link of the chain is damaged.
    #[error("read the link {key}")]
    Link {
        /// Which.
        key: String,
        /// Why.
        #[source]
        cause: Box<ManifestError>,
    },
    /// A part is damaged.
    #[error("read the part {key}")]
    Part {
        /// Which.
        key: String,
        /// Why.
        #[source]
        cause: Box<PartError>,
    },
    /// A part cannot be written.
    #[error("write a part of {hour}")]
    WritePart {
        /// Of which hour.
        hour: String,
        /// Why.
        #[source]
        cause: Box<parquet::errors::ParquetError>,
    },
    /// A filter is damaged.
    #[error("read the filter {key}")]
    Filter {
        /// Which.
        key: String,
        /// Why.
        #[source]
        cause: InvalidTable,
    },
    /// Lines were lost or doubled between reading and writing: nothing of the hour is committed.
    #[error(
        "{hour} would have {found} lines, but its base and its raw objects have {expected}: run it again; if it stays, it is a defect"
    )]
    Miscounted {
        /// Which hour.
        hour: String,
        /// Lines of its base and of its new raw objects.
        expected: u64,
        /// Lines that were written or left out as repetitions.
        found: u64,
    },
    /// The scratch directory does not work.
    #[error("sort lines on disk")]
    Sorter(#[from] SorterError),
    /// The watch said so.
    #[error("the work was stopped; the next one goes on from here")]
    Stopped(#[source] Stopped),
    /// Other compactors were always faster.
    #[error("{hour} is being compacted by somebody else again and again: let one compactor run at a time")]
    Contended {
        /// Which hour.
        hour: String,
    },
}

/// An error with its causes, for people.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
