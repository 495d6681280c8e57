//! Sorted records of all spills and of what stayed in memory, one after the other.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::path::Path;

use log_archive_domain::{Prefix, order};

use super::spill::Reader;
use super::{Record, SorterError};

/// Sorted records, one after the other.
#[derive(Debug)]
pub struct Merge {
    memory: Memory,
    /// Empty without spills: then there is nothing to merge with, and nothing to copy.
    heads: BinaryHeap<Reverse<Head>>,
    current: Vec<u8>,
}

/// What stayed in memory.
#[derive(Debug)]
struct Memory {
    buffer: Vec<u8>,
    rest: std::vec::IntoIter<Record>,
}

/// The next record of a source.
#[derive(Debug)]
struct Head {
    prefix: Prefix,
    record: Vec<u8>,
    /// The number of the source; of equal records it does not matter which one comes first, but it is always the same.
    number: usize,
    /// `None`: what stayed in memory.
    spill: Option<Reader>,
}

impl Merge {
    pub(super) fn new(
        directory: &Path,
        buffer: Vec<u8>,
        records: Vec<Record>,
        spills: Vec<File>,
    ) -> Result<Self, SorterError> {
        let mut merge = Self {
            memory: Memory {
                buffer,
                rest: records.into_iter(),
            },
            heads: BinaryHeap::new(),
            current: Vec::new(),
        };
        if spills.is_empty() {
            return Ok(merge);
        }
        let spills = spills.into_iter().map(|file| Some(Reader::new(directory, file)));
        for (number, spill) in std::iter::once(None).chain(spills).enumerate() {
            let mut head = Head {
                prefix: Prefix::default(),
                record: Vec::new(),
                number,
                spill,
            };
            if head.advance(&mut merge.memory)? {
                merge.heads.push(Reverse(head));
            }
        }
        Ok(merge)
    }

    /// The next record, for `log_archive_domain::decode`.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, SorterError> {
        let Some(mut least) = self.heads.peek_mut() else {
            return Ok(self.memory.next());
        };
        std::mem::swap(&mut self.current, &mut least.0.record);
        if !least.0.advance(&mut self.memory)? {
            PeekMut::pop(least);
        }
        Ok(Some(&self.current))
    }
}

impl Memory {
    fn next(&mut self) -> Option<&[u8]> {
        let record = self.rest.next()?;
        Some(record.of(&self.buffer))
    }
}

impl Head {
    /// Goes to the next record of its source. Says whether there is one.
    fn advance(&mut self, memory: &mut Memory) -> Result<bool, SorterError> {
        let is_there = match &mut self.spill {
            Some(spill) => spill.next(&mut self.record)?,
            None => {
                self.record.clear();
                let next = memory.next();
                next.inspect(|record| self.record.extend_from_slice(record))
                    .is_some()
            }
        };
        self.prefix = Prefix::of_record(&self.record);
        Ok(is_there)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = || order(&self.record, &other.record).then_with(|| self.number.cmp(&other.number));
        self.prefix.cmp(&other.prefix).then_with(whole)
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
