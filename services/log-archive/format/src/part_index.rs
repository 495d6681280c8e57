//! Reading a part by range: what the tail of the file says ([`PartIndex`]), and which bytes are needed for which rows.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;

use crate::columns;
use crate::sparse::Sparse;
use crate::sums::{self, Units};

/// Rows of a row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Which row group, from 0.
    pub row_group: usize,
    /// Which of its rows, from 0.
    pub rows: Range<usize>,
}

/// A part cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// Its bytes are not those that were written.
    #[error("row group {row_group} of the part is altered: bytes {} to {} have another checksum", bytes.start, bytes.end)]
    Altered {
        /// From 0.
        row_group: usize,
        /// Where in the file.
        bytes: Range<u64>,
    },
    /// The end of the file is not what was written.
    #[error("the page index or the footer of the part is altered")]
    AlteredTail,
    /// Parquet cannot read it.
    #[error("the part is no Parquet file of the archive, or it is altered")]
    Parquet(#[from] ParquetError),
    /// A column has another number of values than there are rows.
    #[error("row group {row_group} of the part has too few values in column {column}")]
    Short {
        /// From 0.
        row_group: usize,
        /// From 0.
        column: usize,
    },
    /// A message refers to what its line does not have.
    #[error(
        "row group {row_group} of the part has a message that refers to an ID which its line does not have"
    )]
    Template {
        /// From 0.
        row_group: usize,
    },
}

/// Footer and page index of a part: enough to say which bytes a lookup needs. Never changes; to be cached.
#[derive(Debug, Clone)]
pub struct PartIndex {
    pub(crate) metadata: Arc<ParquetMetaData>,
    length: u64,
}

impl PartIndex {
    /// From the end of a file of this length: as many bytes as [`PartIndex::tail`] said, with their checksum.
    ///
    /// # Errors
    /// It is no such end, or altered.
    pub fn read(tail: Bytes, length: u64, sum: &str) -> std::result::Result<Self, PartError> {
        if sums::text(&tail) != sum {
            return Err(PartError::AlteredTail);
        }
        let start = length.saturating_sub(tail.len() as u64);
        Ok(Self::of_sparse(&Sparse::of_length(length).with(start, tail))?)
    }

    pub(crate) fn of_file(file: &Bytes) -> Result<Self> {
        Self::of_sparse(&Sparse::whole(file.clone()))
    }

    fn of_sparse(file: &Sparse) -> Result<Self> {
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = Arc::new(reader.parse_and_finish(file)?);
        if metadata.file_metadata().schema_descr().num_columns() != columns::COUNT {
            return Err(ParquetError::General("the file has other columns".to_owned()));
        }
        let length = parquet::file::reader::Length::len(file);
        Ok(Self { metadata, length })
    }

    /// Bytes at the end of the file from the page index on.
    #[must_use]
    pub fn tail(&self) -> u64 {
        let offsets = self
            .metadata
            .row_groups()
            .iter()
            .flat_map(|group| group.columns())
            .flat_map(|column| {
                [column.column_index_range(), column.offset_index_range()]
                    .into_iter()
                    .flatten()
                    .map(|range| range.start)
            });
        // Without row groups there is no index; the footer of an empty file is small.
        offsets.min().map_or(self.length, |start| self.length - start)
    }

    /// Row groups.
    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// All rows of a row group.
    ///
    /// # Errors
    /// There is no such row group.
    pub fn all_rows(&self, row_group: usize) -> Result<Rows> {
        let rows = self.metadata.row_group_num_rows(row_group)?;
        let rows = 0..rows;
        Ok(Rows { row_group, rows })
    }

    /// Rows that may have this correlation ID: those of pages whose least and greatest ID are on both sides of it.
    ///
    /// # Errors
    /// The page index is damaged.
    pub fn rows_of_correlation_id(&self, id: &str) -> Result<Vec<Rows>> {
        let mut found = Vec::new();
        for row_group in 0..self.row_groups() {
            let all = self.all_rows(row_group)?;
            let pages = self.metadata.page_index_for_row_group(row_group);
            let (Some(ColumnIndexMetaData::BYTE_ARRAY(index)), Some(locations)) = (
                pages.column_index(columns::CORRELATION_ID),
                pages.page_locations(columns::CORRELATION_ID),
            ) else {
                found.push(all);
                continue;
            };
            let may_have = |page: &usize| match (index.min_value(*page), index.max_value(*page)) {
                // The greatest value of a page may be cut, and is then made greater.
                (Some(least), Some(greatest)) => least <= id.as_bytes() && id.as_bytes() <= greatest,
                _ => false,
            };
            let pages: Vec<usize> = (0..locations.len()).filter(may_have).collect();
            if let (Some(first), Some(last)) = (pages.first(), pages.last()) {
                let start = row_of(locations, *first, all.rows.end);
                let end = row_of(locations, last + 1, all.rows.end);
                let rows = start..end;
                found.push(Rows { row_group, rows });
            }
        }
        Ok(found)
    }

    /// Where everything but the messages of a row group is.
    ///
    /// # Errors
    /// There is no such row group.
    pub fn keys_range(&self, row_group: usize) -> Result<Range<u64>> {
        let starts = self.column_range(row_group, columns::CORRELATION_ID)?.start;
        Ok(starts..self.column_range(row_group, columns::TEMPLATE)?.start)
    }

    /// Where all of a row group is.
    ///
    /// # Errors
    /// There is no such row group.
    pub fn row_group_range(&self, row_group: usize) -> Result<Range<u64>> {
        let keys = self.keys_range(row_group)?;
        Ok(keys.start..self.column_range(row_group, columns::TEMPLATE)?.end)
    }

    /// Where the messages of these rows are: whole pages.
    ///
    /// # Errors
    /// There is no such row group, or its page index is damaged.
    pub fn messages_range(&self, rows: &Rows) -> Result<Range<u64>> {
        let pages = self.message_pages(rows)?;
        let ranges = self.message_page_ranges(rows.row_group)?;
        let missing = || ParquetError::General("the page index has no page of these rows".to_owned());
        let (first, last) = (ranges.get(pages.start), ranges.get(pages.end.saturating_sub(1)));
        Ok(first.ok_or_else(missing)?.start..last.ok_or_else(missing)?.end)
    }

    /// What is read alone, for checksums.
    pub(crate) fn units(&self) -> Result<Units> {
        let of_group = |row_group| -> Result<Vec<Range<u64>>> {
            let mut units = vec![self.keys_range(row_group)?];
            units.extend(self.message_page_ranges(row_group)?);
            Ok(units)
        };
        (0..self.row_groups()).map(of_group).collect()
    }

    fn column_range(&self, row_group: usize, column: usize) -> Result<Range<u64>> {
        self.all_rows(row_group)?;
        let (start, length) = self.metadata.row_group(row_group).column(column).byte_range();
        Ok(start..start.saturating_add(length))
    }

    pub(crate) fn locations(&self, row_group: usize, column: usize) -> Result<Vec<PageLocation>> {
        let pages = self.metadata.page_index_for_row_group(row_group);
        let missing = || ParquetError::General("the file has no page index".to_owned());
        pages.page_locations(column).cloned().ok_or_else(missing)
    }

    pub(crate) fn message_page_ranges(&self, row_group: usize) -> Result<Vec<Range<u64>>> {
        let range = |page: &PageLocation| {
            let start = u64::try_from(page.offset).unwrap_or_default();
            start..start.saturating_add(u64::try_from(page.compressed_page_size).unwrap_or_default())
        };
        Ok(self
            .locations(row_group, columns::TEMPLATE)?
            .iter()
            .map(range)
            .collect())
    }

    pub(crate) fn message_pages(&self, wanted: &Rows) -> Result<Range<usize>> {
        let locations = self.locations(wanted.row_group, columns::TEMPLATE)?;
        let first_row = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap_or_default();
        let first = locations.partition_point(|page| first_row(page) <= wanted.rows.start);
        let last = locations.partition_point(|page| first_row(page) < wanted.rows.end);
        Ok(first.saturating_sub(1)..last)
    }
}

fn row_of(locations: &[PageLocation], page: usize, end: usize) -> usize {
    let row = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap_or_default();
    locations.get(page).map_or(end, row)
}
