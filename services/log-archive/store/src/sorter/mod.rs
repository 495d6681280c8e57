//! Sorting more lines than fit into memory: full buffers go to disk sorted, and are merged at the end.

use std::fs::File;
use std::path::{Path, PathBuf};

use log_archive_domain::{Hour, Line, Prefix, Sources, encode, order};

mod merge;
mod spill;

pub use merge::Merge;

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

/// What is reserved at most.
const LARGEST_RESERVE: usize = 128 * 1_024 * 1_024;

/// A record in the buffer.
#[derive(Debug, Clone, Copy)]
struct Record {
    prefix: Prefix,
    start: usize,
    length: u32,
}

impl Record {
    fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start..][..self.length as usize]
    }
}

/// Takes lines in any order.
#[derive(Debug)]
pub struct Sorter {
    directory: PathBuf,
    memory: usize,
    buffer: Vec<u8>,
    records: Vec<Record>,
    sources: Sources,
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
            sources: Sources::default(),
            spills: Vec::new(),
        }
    }

    /// Takes a line of that hour and that input.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn push(&mut self, hour: Hour, input: u32, line: &Line<'_>) -> Result<(), SorterError> {
        if self.buffer.capacity() == 0 {
            self.reserve();
        }
        let start = self.buffer.len();
        encode(hour, input, line, &mut self.sources, &mut self.buffer);
        let length = u32::try_from(self.buffer.len() - start).map_err(|_| SorterError::TooLong)?;
        let prefix = Prefix::of(hour, line);
        self.records.push(Record {
            prefix,
            start,
            length,
        });
        let index = self.records.len() * size_of::<Record>();
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

    /// Memory for what it may keep, at once: to grow would copy it again and again. What is not used is not taken from anybody.
    fn reserve(&mut self) {
        self.buffer.reserve(self.memory.min(LARGEST_RESERVE));
    }

    fn sort(&mut self) {
        let (buffer, sources) = (&self.buffer, &self.sources);
        self.records.sort_unstable_by(|one, other| {
            let whole = || order(one.of(buffer), other.of(buffer), sources);
            one.prefix.order(&other.prefix).then_with(whole)
        });
    }

    fn spill(&mut self) -> Result<(), SorterError> {
        self.sort();
        let records = self.records.iter().map(|record| record.of(&self.buffer));
        self.spills.push(spill::write(&self.directory, records)?);
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
        let memory = merge::Memory::new(self.buffer, self.records);
        Merge::new(self.directory, memory, self.sources, self.spills)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

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
            while let Some((hour, _, line)) = merge.next_line().unwrap() {
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
                while merge.next_line()?.is_some() {}
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
