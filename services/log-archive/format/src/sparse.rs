//! A file of which only some ranges were read.

use std::ops::Range;

use bytes::{Buf as _, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Ranges of a file. What is asked for outside of them is an error, never a read.
#[derive(Debug, Clone)]
pub struct Sparse {
    length: u64,
    ranges: Vec<(u64, Bytes)>,
}

impl Sparse {
    /// Nothing yet of a file of this length.
    #[must_use]
    pub fn of_length(length: u64) -> Self {
        let ranges = Vec::new();
        Self { length, ranges }
    }

    /// All of a file.
    #[must_use]
    pub fn whole(file: Bytes) -> Self {
        let length = file.len() as u64;
        Self::of_length(length).with(0, file)
    }

    /// And these bytes.
    #[must_use]
    pub fn with(mut self, start: u64, bytes: Bytes) -> Self {
        self.ranges.push((start, bytes));
        self
    }

    /// Bytes from one of the ranges.
    pub(crate) fn get(&self, wanted: &Range<u64>) -> Option<Bytes> {
        self.ranges.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(wanted.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(wanted.end.checked_sub(*start)?).ok()?;
            (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
        })
    }

    fn from(&self, start: u64) -> Option<Bytes> {
        self.ranges.iter().find_map(|(own, bytes)| {
            let from = usize::try_from(start.checked_sub(*own)?).ok()?;
            (from < bytes.len()).then(|| bytes.slice(from..))
        })
    }
}

impl Length for Sparse {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Sparse {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let bytes = self.from(start);
        bytes.map(bytes::Buf::reader).ok_or_else(|| missing(start..start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let range = start..start.saturating_add(length as u64);
        let bytes = self.get(&range).filter(|bytes| bytes.remaining() == length);
        bytes.ok_or_else(|| missing(range))
    }
}

fn missing(range: Range<u64>) -> ParquetError {
    ParquetError::General(format!("bytes {} to {} were not read", range.start, range.end))
}
