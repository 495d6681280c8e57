//! A sorted buffer on disk: records with their lengths and checksums, in an unnamed file that is gone with its run.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Result, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use log_archive_domain::passing_sum;

use super::SorterError;

/// Bytes that are read and written at once.
const AT_ONCE: usize = 256 * 1_024;
/// Bytes before a record: its length and its checksum.
const HEAD: usize = 12;

/// Writes records in their order; the file is then read from its beginning.
pub(super) fn write<'r>(
    directory: &Path,
    records: impl Iterator<Item = &'r [u8]>,
) -> std::result::Result<File, SorterError> {
    let write = || -> Result<File> {
        let file = tempfile::tempfile_in(directory)?;
        let mut writer = BufWriter::with_capacity(AT_ONCE, file);
        for record in records {
            writer.write_all(&head(record))?;
            writer.write_all(record)?;
        }
        let mut file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    };
    write().map_err(|cause| failed(directory, cause))
}

/// What stands before a record. Its length is one that [`super::Sorter::push`] took.
fn head(record: &[u8]) -> [u8; HEAD] {
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&passing_sum(record).to_le_bytes());
    head
}

/// Records that were written, one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    directory: PathBuf,
    file: BufReader<File>,
}

impl Reader {
    pub(super) fn new(directory: &Path, file: File) -> Self {
        Self {
            directory: directory.to_owned(),
            file: BufReader::with_capacity(AT_ONCE, file),
        }
    }

    /// Puts the next record in place of what is in this buffer. Says whether there is one.
    pub(super) fn next(&mut self, record: &mut Vec<u8>) -> std::result::Result<bool, SorterError> {
        record.clear();
        match self.read(record) {
            Ok(Some(expected)) if expected == head(record) => Ok(true),
            Ok(Some(_)) => Err(SorterError::Altered {
                directory: self.directory.clone(),
            }),
            Ok(None) => Ok(false),
            Err(cause) => Err(failed(&self.directory, cause)),
        }
    }

    /// Appends the next record. What was written before it, if there is one.
    fn read(&mut self, record: &mut Vec<u8>) -> Result<Option<[u8; HEAD]>> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.file.read_exact(&mut head)?;
        let [a, b, c, d, ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        let there = self.file.buffer();
        if let Some(own) = there.get(..length as usize) {
            record.extend_from_slice(own);
            self.file.consume(length as usize);
        } else {
            // An altered length must not take all memory: what is not there is not read.
            (&mut self.file).take(length.into()).read_to_end(record)?;
        }
        Ok(Some(head))
    }
}

fn failed(directory: &Path, cause: std::io::Error) -> SorterError {
    let directory = directory.to_owned();
    SorterError::Disk { directory, cause }
}
