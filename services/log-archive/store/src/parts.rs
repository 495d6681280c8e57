//! Reading parts from the store: by range for a lookup, whole for everything else.

use bytes::Bytes;
use log_archive_domain::OwnedLine;
use log_archive_format::{Part, PartError, PartIndex, Rows, Sparse};

use crate::{Archive, ArchiveError};

/// The index of a part: one range read.
pub(crate) async fn index(archive: &Archive, part: &Part) -> Result<PartIndex, ArchiveError> {
    let size = part.object.size;
    let tail = range(archive, part, size.saturating_sub(part.tail)..size).await?;
    PartIndex::read(tail, size, &part.tail_sum).map_err(|cause| failed(part, cause))
}

/// How rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// What is before the messages, and then the pages of the messages that are wanted: the fewest bytes.
    Sparing,
    /// The row group in one range: the fewest reads.
    AtOnce,
}

/// Lines of these rows that name the ID, with their messages.
pub(crate) async fn lines(
    archive: &Archive,
    part: &Part,
    index: &PartIndex,
    (rows, reading): (&Rows, Reading),
    id: &str,
) -> Result<Vec<OwnedLine>, ArchiveError> {
    let first = match reading {
        Reading::Sparing => index.keys_range(rows.row_group),
        Reading::AtOnce => index.row_group_range(rows.row_group),
    };
    let first = first.map_err(|cause| failed(part, cause))?;
    let mut file = Sparse::of_length(part.object.size).with(first.start, range(archive, part, first).await?);
    let within = index.rows_with_id(rows, &file, &part.sums, id);
    let Some(within) = within.map_err(|cause| failed(part, cause))? else {
        return Ok(Vec::new());
    };
    let mut lines = index
        .keys(&within, &file, &part.sums)
        .map_err(|cause| failed(part, cause))?;
    if reading == Reading::Sparing {
        let bytes = index
            .messages_range(&within)
            .map_err(|cause| failed(part, cause))?;
        file = file.with(bytes.start, range(archive, part, bytes).await?);
    }
    index
        .messages(&within, &file, &part.sums, &mut lines)
        .map_err(|cause| failed(part, cause))?;
    lines.retain(|line| line.as_line().has_id(id));
    Ok(lines)
}

/// A whole part: its row groups are then read one by one with [`row_group`].
pub(crate) async fn whole(archive: &Archive, part: &Part) -> Result<(PartIndex, Bytes), ArchiveError> {
    let bytes = archive
        .get(&part.object.key)
        .await?
        .ok_or_else(|| missing(part))?;
    let size = bytes.len() as u64;
    let tail = bytes.slice(
        bytes
            .len()
            .saturating_sub(usize::try_from(part.tail).unwrap_or(usize::MAX))..,
    );
    let index = PartIndex::read(tail, size, &part.tail_sum).map_err(|cause| failed(part, cause))?;
    Ok((index, bytes))
}

/// Lines of a row group.
pub(crate) fn row_group(
    part: &Part,
    index: &PartIndex,
    bytes: &Bytes,
    row_group: usize,
) -> Result<Vec<OwnedLine>, ArchiveError> {
    let read = || -> Result<Vec<OwnedLine>, PartError> {
        let rows = index.all_rows(row_group)?;
        let file = Sparse::whole(bytes.clone());
        let mut lines = index.keys(&rows, &file, &part.sums)?;
        index.messages(&rows, &file, &part.sums, &mut lines)?;
        Ok(lines)
    };
    read().map_err(|cause| failed(part, cause))
}

pub(crate) async fn range(
    archive: &Archive,
    part: &Part,
    range: std::ops::Range<u64>,
) -> Result<Bytes, ArchiveError> {
    let bytes = archive.get_range(&part.object.key, range).await?;
    bytes.ok_or_else(|| missing(part))
}

fn missing(part: &Part) -> ArchiveError {
    ArchiveError::Missing {
        key: part.object.key.clone(),
        named_by: "the manifest of its hour".to_owned(),
    }
}

pub(crate) fn failed(part: &Part, cause: impl Into<PartError>) -> ArchiveError {
    ArchiveError::Part {
        key: part.object.key.clone(),
        cause: Box::new(cause.into()),
    }
}
