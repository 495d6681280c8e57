//! Sorted lines of all spills and of what stayed in memory, one after the other.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use log_archive_domain::{Hour, Line, Prefix, Sources, decode, order};

use super::spill::Reader;
use super::{Record, SorterError};

/// Sorted lines, one after the other.
#[derive(Debug)]
pub struct Merge {
    directory: PathBuf,
    memory: Memory,
    sources: Arc<Sources>,
    /// Empty without spills: then there is nothing to merge with, and nothing to copy.
    heads: BinaryHeap<Reverse<Head>>,
    current: Vec<u8>,
}

/// What stayed in memory.
#[derive(Debug)]
pub(super) struct Memory {
    buffer: Vec<u8>,
    rest: std::vec::IntoIter<Record>,
}

/// The next record of a spill, or of what stayed in memory.
#[derive(Debug)]
struct Head {
    prefix: Prefix,
    record: Vec<u8>,
    sources: Arc<Sources>,
    /// Which of records that are the same comes first: always the same one.
    number: usize,
    /// `None`: what stayed in memory.
    spill: Option<Reader>,
}

impl Merge {
    pub(super) fn new(
        directory: PathBuf,
        memory: Memory,
        sources: Sources,
        spills: Vec<File>,
    ) -> Result<Self, SorterError> {
        let mut merge = Self {
            directory,
            memory,
            sources: Arc::new(sources),
            heads: BinaryHeap::new(),
            current: Vec::new(),
        };
        if spills.is_empty() {
            return Ok(merge);
        }
        merge.begin(0, None)?;
        for (number, file) in (1..).zip(spills) {
            let spill = Reader::new(&merge.directory, file);
            merge.begin(number, Some(spill))?;
        }
        Ok(merge)
    }

    fn begin(&mut self, number: usize, spill: Option<Reader>) -> Result<(), SorterError> {
        let mut head = Head {
            prefix: Prefix::default(),
            record: Vec::new(),
            sources: Arc::clone(&self.sources),
            number,
            spill,
        };
        if head.advance(&mut self.memory)? {
            self.heads.push(Reverse(head));
        }
        Ok(())
    }

    /// The next line, with its hour and its input.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn next_line(&mut self) -> Result<Option<(Hour, u32, Line<'_>)>, SorterError> {
        let record = match self.heads.peek_mut() {
            None => self.memory.next(),
            Some(mut least) => {
                std::mem::swap(&mut self.current, &mut least.0.record);
                if !least.0.advance(&mut self.memory)? {
                    PeekMut::pop(least);
                }
                Some(self.current.as_slice())
            }
        };
        let Some(record) = record else {
            return Ok(None);
        };
        match decode(record, &self.sources) {
            Some(line) => Ok(Some(line)),
            None => Err(SorterError::Altered {
                directory: self.directory.clone(),
            }),
        }
    }
}

impl Memory {
    pub(super) fn new(buffer: Vec<u8>, records: Vec<Record>) -> Self {
        let rest = records.into_iter();
        Self { buffer, rest }
    }

    fn next(&mut self) -> Option<&[u8]> {
        let record = self.rest.next()?;
        Some(record.of(&self.buffer))
    }
}

impl Head {
    /// Goes to the next record. Says whether there is one.
    fn advance(&mut self, memory: &mut Memory) -> Result<bool, SorterError> {
        let is_there = match &mut self.spill {
            Some(spill) => spill.next(&mut self.record)?,
            None => {
                self.record.clear();
                let next = memory.next();
                self.record.extend_from_slice(next.unwrap_or_default());
                next.is_some()
            }
        };
        self.prefix = Prefix::of_record(&self.record);
        Ok(is_there)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = || order(&self.record, &other.record, &self.sources);
        self.prefix
            .order(&other.prefix)
            .then_with(whole)
            .then_with(|| self.number.cmp(&other.number))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
