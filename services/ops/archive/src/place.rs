//! Where the archive is.

use std::path::PathBuf;
use std::sync::Arc;

use log_archive_store::{Archive, ArchiveError, chain};
use object_store::local::LocalFileSystem;
use ops_monitoring::Refused;

/// Which archive.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The directory that holds the archive
    #[arg(long, env = "SHOPWATCH_ARCHIVE", value_name = "DIR")]
    archive: PathBuf,
}

impl Place {
    pub(crate) fn open(&self) -> Result<Archive, Refused> {
        let directory = self.archive.display();
        if !self.archive.is_dir() {
            return Err(Refused::usage(format!("open the archive {directory}"))
                .because("there is no such directory")
                .cure("name it with --archive or SHOPWATCH_ARCHIVE"));
        }
        let store = LocalFileSystem::new_with_prefix(&self.archive)
            .map_err(|error| Refused::failed(format!("open the archive {directory}")).because(error))?;
        // A directory has no empty folders that an object store would not have; and what is written is on the disk before raw objects
        // go.
        let store = store.with_automatic_cleanup(true).with_fsync(true);
        Ok(Archive::new(Arc::new(store)))
    }
}

pub(crate) fn refused(attempted: &str, error: &ArchiveError) -> Refused {
    Refused::failed(attempted).because(chain(error))
}
