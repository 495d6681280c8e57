//! A part for whoever reads all of it, row group by row group: one range read each, checked against the manifest's sums.

use log_archive_domain::OwnedLine;
use log_archive_format::{Part, PartIndex, Sparse};

use crate::{Archive, ArchiveError, parts};

/// A part whose index was read.
#[derive(Debug)]
pub struct PartReader {
    archive: Archive,
    part: Part,
    index: PartIndex,
}

impl PartReader {
    /// Reads the index.
    ///
    /// # Errors
    /// The store refuses; the part is missing or damaged.
    pub async fn open(archive: &Archive, part: &Part) -> Result<Self, ArchiveError> {
        Ok(Self {
            archive: archive.clone(),
            part: part.clone(),
            index: parts::index(archive, part).await?,
        })
    }

    /// How many row groups there are.
    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.index.row_groups()
    }

    /// Lines of a row group. Without messages a tenth of it is read.
    ///
    /// # Errors
    /// The store refuses; the part is missing or damaged.
    pub async fn lines(&self, row_group: usize, messages: bool) -> Result<Vec<OwnedLine>, ArchiveError> {
        let Self { archive, part, index } = self;
        let failed = |cause| parts::failed(part, cause);
        let bytes = if messages {
            index.row_group_range(row_group)
        } else {
            index.keys_range(row_group)
        };
        let bytes = bytes.map_err(|cause| parts::failed(part, cause))?;
        let file = Sparse::of_length(part.object.size);
        let file = file.with(bytes.start, parts::range(archive, part, bytes).await?);
        let rows = index
            .all_rows(row_group)
            .map_err(|cause| parts::failed(part, cause))?;
        let mut lines = index.keys(&rows, &file, &part.sums).map_err(failed)?;
        if messages {
            let read = index.messages(&rows, &file, &part.sums, &mut lines);
            read.map_err(failed)?;
        }
        Ok(lines)
    }
}
