//! Sorting more lines than fit into memory: full buffers go to disk sorted, and are merged at the end.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use log_archive_domain::{Hour, Line, encode, order, sum64};

/// Bytes of a spill that are read at once.
const READ: usize = 256 * 1_024;

/// The disk does not work.
#[derive(Debug, thiserror::Error)]
pub enum SorterError {
    /// A spill cannot be written or read.
    #[error("use a file in {}: is there room?", directory.display())]
    Disk {
        /// Where.
        directory: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A record that was spilled is another one when it is read again.
    #[error("a file in {} is altered since it was written a moment ago: the disk is damaged", directory.display())]
    Altered {
        /// Where.
        directory: PathBuf,
    },
    /// A line of more than 4 GiB.
    #[error("a line is too long to be sorted")]
    TooLong,
}

/// Takes lines in any order.
#[derive(Debug)]
pub struct Sorter {
    directory: PathBuf,
    memory: usize,
    buffer: Vec<u8>,
    records: Vec<(usize, usize)>,
    spills: Vec<File>,
}

impl Sorter {
    /// Keeps so many bytes in memory, and spills to unnamed files in this directory.
    #[must_use]
    pub fn new(directory: &Path, memory: usize) -> Self {
        Self {
            directory: directory.to_owned(),
            memory,
            buffer: Vec::new(),
            records: Vec::new(),
            spills: Vec::new(),
        }
    }

    /// Takes a line of that hour and that input.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn push(&mut self, hour: Hour, input: u32, line: &Line<'_>) -> Result<(), SorterError> {
        let start = self.buffer.len();
        encode(hour, input, line, &mut self.buffer);
        self.records.push((start, self.buffer.len()));
        let index = self.records.len() * size_of::<(usize, usize)>();
        if self.buffer.len() + index >= self.memory {
            self.spill()?;
        }
        Ok(())
    }

    /// How often the buffer went to disk.
    #[must_use]
    pub fn spills(&self) -> usize {
        self.spills.len()
    }

    fn sort(&mut self) {
        let record = |&(start, end): &(usize, usize)| &self.buffer[start..end];
        self.records
            .sort_unstable_by(|one, other| order(record(one), record(other)));
    }

    fn spill(&mut self) -> Result<(), SorterError> {
        self.sort();
        let failed = |cause| SorterError::Disk {
            directory: self.directory.clone(),
            cause,
        };
        let file = tempfile::tempfile_in(&self.directory).map_err(failed)?;
        let mut writer = BufWriter::with_capacity(READ, file);
        for &(start, end) in &self.records {
            let length = u32::try_from(end - start).map_err(|_| SorterError::TooLong)?;
            let record = &self.buffer[start..end];
            writer.write_all(&length.to_le_bytes()).map_err(failed)?;
            writer.write_all(&sum64(record).to_le_bytes()).map_err(failed)?;
            writer.write_all(record).map_err(failed)?;
        }
        let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        self.spills.push(file);
        self.buffer.clear();
        self.records.clear();
        Ok(())
    }

    /// All lines, sorted.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn merge(mut self) -> Result<Merge, SorterError> {
        self.sort();
        let mut merge = Merge {
            directory: self.directory,
            memory: self.buffer,
            rest: self.records.into_iter(),
            spills: Vec::new(),
            heads: BinaryHeap::new(),
            current: Vec::new(),
        };
        for (number, file) in self.spills.into_iter().enumerate() {
            merge.spills.push(BufReader::with_capacity(READ, file));
            merge.refill(Some(number), Vec::new())?;
        }
        merge.refill(None, Vec::new())?;
        Ok(merge)
    }
}

/// Sorted records, one after the other.
#[derive(Debug)]
pub struct Merge {
    directory: PathBuf,
    memory: Vec<u8>,
    rest: std::vec::IntoIter<(usize, usize)>,
    spills: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<Head>>,
    current: Vec<u8>,
}

/// The next record of a spill, or of what stayed in memory.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    record: Vec<u8>,
    spill: Option<usize>,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.record, &other.record).then_with(|| self.spill.cmp(&other.spill))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Merge {
    /// The next record, for `log_archive_domain::decode`.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, SorterError> {
        if self.spills.is_empty() {
            // Nothing to merge with, nothing to copy.
            self.heads.clear();
            return Ok(self.rest_in_memory());
        }
        let Some(Reverse(Head { record, spill })) = self.heads.pop() else {
            return Ok(None);
        };
        let used = std::mem::replace(&mut self.current, record);
        self.refill(spill, used)?;
        Ok(Some(&self.current))
    }

    fn rest_in_memory(&mut self) -> Option<&[u8]> {
        let (start, end) = self.rest.next()?;
        Some(&self.memory[start..end])
    }

    /// Puts the next record of a spill among the heads, in a buffer that is not needed any more.
    fn refill(&mut self, spill: Option<usize>, mut record: Vec<u8>) -> Result<(), SorterError> {
        record.clear();
        match spill {
            None if self.spills.is_empty() => return Ok(()),
            None => match self.rest.next() {
                Some((start, end)) => record.extend_from_slice(&self.memory[start..end]),
                None => return Ok(()),
            },
            Some(number) => {
                let failed = |cause| SorterError::Disk {
                    directory: self.directory.clone(),
                    cause,
                };
                let spill = &mut self.spills[number];
                if spill.fill_buf().map_err(failed)?.is_empty() {
                    return Ok(());
                }
                let (mut length, mut sum) = ([0; 4], [0; 8]);
                spill.read_exact(&mut length).map_err(failed)?;
                spill.read_exact(&mut sum).map_err(failed)?;
                // An altered length must not take all memory: what is not there is not read.
                let length = u64::from(u32::from_le_bytes(length));
                spill.take(length).read_to_end(&mut record).map_err(failed)?;
                if record.len() as u64 != length || sum64(&record) != u64::from_le_bytes(sum) {
                    let directory = self.directory.clone();
                    return Err(SorterError::Altered { directory });
                }
            }
        }
        self.heads.push(Reverse(Head { record, spill }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log_archive_domain::decode;

    use super::*;

    #[test]
    fn lines_come_out_sorted_with_and_without_spills() {
        let check = |memory: usize, spills: bool| {
            let directory = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(directory.path(), memory);
            for number in 0..2_000_i64 {
                let id = format!("c-{:03}", number * 7_919 % 500);
                let line = Line {
                    at: number,
                    event_id: "e",
                    correlation_id: (number % 5 != 0).then_some(&id),
                    ..Line::default()
                };
                sorter
                    .push(Hour::of_number(u32::try_from(number % 2).unwrap()), 0, &line)
                    .unwrap();
            }
            assert_eq!(sorter.spills() > 0, spills);
            let mut merge = sorter.merge().unwrap();
            let mut seen = Vec::new();
            while let Some(record) = merge.next_record().unwrap() {
                let (hour, _, line) = decode(record).unwrap();
                seen.push((
                    hour,
                    line.correlation_id.is_none(),
                    line.correlation_id.unwrap_or("").to_owned(),
                    line.at,
                ));
            }
            assert_eq!(seen.len(), 2_000);
            assert!(seen.is_sorted());
        };
        check(usize::MAX, false);
        check(10_000, true);
    }

    #[test]
    fn an_altered_spill_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let whole = || {
            let mut sorter = Sorter::new(directory.path(), 2_000);
            for at in 0..100 {
                sorter
                    .push(
                        Hour::of_number(1),
                        0,
                        &Line {
                            at,
                            message: "a message",
                            ..Line::default()
                        },
                    )
                    .unwrap();
            }
            sorter
        };
        let length = whole().spills[0].metadata().unwrap().len();
        for place in 0..length {
            let mut sorter = whole();
            let spill = &mut sorter.spills[0];
            let mut byte = [0];
            spill.seek(std::io::SeekFrom::Start(place)).unwrap();
            spill.read_exact(&mut byte).unwrap();
            spill.seek(std::io::SeekFrom::Start(place)).unwrap();
            spill.write_all(&[byte[0] ^ 1]).unwrap();
            spill.rewind().unwrap();
            let read = || -> Result<(), SorterError> {
                let mut merge = sorter.merge()?;
                while merge.next_record()?.is_some() {}
                Ok(())
            };
            assert!(read().is_err(), "byte {place}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let mut sorter = Sorter::new(Path::new("/nowhere/at/all"), 1);
        let error = sorter.push(Hour::of_number(0), 0, &Line::default()).unwrap_err();
        assert_eq!(error.to_string(), "use a file in /nowhere/at/all: is there room?");
    }
}
