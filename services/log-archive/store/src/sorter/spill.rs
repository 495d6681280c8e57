//! A sorted buffer on disk: blocks of whole records with their lengths and checksums, in an unnamed file that is gone with its run.
//!
//! A block has one checksum: one for each record takes three times as long.

use std::fs::File;
use std::io::{Read as _, Result, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use log_archive_domain::passing_sum;

use super::SorterError;

/// Bytes after which a block is full. The last record of a block may be longer than that.
const FULL: usize = 256 * 1_024;
/// Bytes before a block: its length and its checksum.
const HEAD: usize = 16;
/// Bytes before a record: its length.
const LENGTH: usize = 4;

/// Writes records in their order; the file is then read from its beginning.
pub(super) fn write<'r>(
    directory: &Path,
    records: impl Iterator<Item = &'r [u8]>,
) -> std::result::Result<File, SorterError> {
    let write = || -> Result<File> {
        let mut file = tempfile::tempfile_in(directory)?;
        let mut block = Vec::with_capacity(FULL * 2);
        for record in records {
            // Its length is one that `Sorter::push` took.
            let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
            block.extend_from_slice(&length.to_le_bytes());
            block.extend_from_slice(record);
            if block.len() >= FULL {
                write_block(&mut file, &mut block)?;
            }
        }
        write_block(&mut file, &mut block)?;
        file.rewind()?;
        Ok(file)
    };
    write().map_err(|cause| failed(directory, cause))
}

/// Writes the block, and empties it. Of nothing it writes nothing.
fn write_block(file: &mut File, block: &mut Vec<u8>) -> Result<()> {
    if !block.is_empty() {
        file.write_all(&head(block))?;
        file.write_all(block)?;
        block.clear();
    }
    Ok(())
}

/// What stands before a block.
fn head(block: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&(block.len() as u64).to_le_bytes());
    head[8..].copy_from_slice(&passing_sum(block).to_le_bytes());
    head
}

/// Records that were written, one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    directory: PathBuf,
    file: File,
    block: Vec<u8>,
    /// Where in the block the record is that was read last.
    record: std::ops::Range<usize>,
}

impl Reader {
    pub(super) fn new(directory: &Path, file: File) -> Self {
        Self {
            directory: directory.to_owned(),
            file,
            block: Vec::new(),
            record: 0..0,
        }
    }

    /// The record that was read last; empty before the first one.
    pub(super) fn record(&self) -> &[u8] {
        self.block.get(self.record.clone()).unwrap_or_default()
    }

    /// Goes to the next record. Says whether there is one.
    pub(super) fn advance(&mut self) -> std::result::Result<bool, SorterError> {
        if self.record.end == self.block.len() && !self.next_block()? {
            return Ok(false);
        }
        let start = self.record.end + LENGTH;
        let length = self.block.get(self.record.end..).and_then(<[u8]>::first_chunk);
        let end = length.map(|length| start.saturating_add(u32::from_le_bytes(*length) as usize));
        let end = end.filter(|end| *end <= self.block.len());
        self.record = start..end.ok_or_else(|| self.altered())?;
        Ok(true)
    }

    /// Reads the next block in place of the last one. Says whether there is one.
    fn next_block(&mut self) -> std::result::Result<bool, SorterError> {
        self.record = 0..0;
        match read_block(&mut self.file, &mut self.block) {
            Ok(None) => Ok(false),
            Ok(Some(expected)) if !self.block.is_empty() && expected == head(&self.block) => Ok(true),
            Ok(Some(_)) => Err(self.altered()),
            Err(cause) => Err(failed(&self.directory, cause)),
        }
    }

    fn altered(&self) -> SorterError {
        SorterError::Altered {
            directory: self.directory.clone(),
        }
    }
}

/// Reads the next block. What was written before it, if there is one.
fn read_block(file: &mut File, block: &mut Vec<u8>) -> Result<Option<[u8; HEAD]>> {
    block.clear();
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(None);
    }
    let Some(head) = head.first_chunk::<HEAD>() else {
        return Ok(Some([0; HEAD]));
    };
    let length = head.first_chunk().copied().map_or(0, u64::from_le_bytes);
    if block.capacity() == 0 {
        block.reserve_exact(FULL + FULL / 8);
    }
    // An altered length must not take all memory: what is not there is not read.
    file.take(length).read_to_end(block)?;
    Ok(Some(*head))
}

fn failed(directory: &Path, cause: std::io::Error) -> SorterError {
    let directory = directory.to_owned();
    SorterError::Disk { directory, cause }
}
