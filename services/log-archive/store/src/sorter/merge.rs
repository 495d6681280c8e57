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
    sources: Arc<Sources>,
    heads: BinaryHeap<Reverse<Head>>,
    /// Was the least of the heads handed over? Then it is in the way of the next one.
    is_used: bool,
}

/// What stayed in memory.
#[derive(Debug)]
pub(super) struct Memory {
    buffer: Vec<u8>,
    rest: std::vec::IntoIter<Record>,
    current: Option<Record>,
}

/// Records in their order.
#[derive(Debug)]
enum Run {
    Memory(Memory),
    Spill(Reader),
}

/// The next record of a run.
#[derive(Debug)]
struct Head {
    prefix: Prefix,
    sources: Arc<Sources>,
    /// Which of records that are the same comes first: always the same one.
    number: usize,
    run: Run,
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
            sources: Arc::new(sources),
            heads: BinaryHeap::new(),
            is_used: false,
        };
        merge.begin(0, Run::Memory(memory))?;
        for (number, file) in (1..).zip(spills) {
            let spill = Reader::new(&merge.directory, file);
            merge.begin(number, Run::Spill(spill))?;
        }
        Ok(merge)
    }

    fn begin(&mut self, number: usize, run: Run) -> Result<(), SorterError> {
        let mut head = Head {
            prefix: Prefix::default(),
            sources: Arc::clone(&self.sources),
            number,
            run,
        };
        if head.advance()? {
            self.heads.push(Reverse(head));
        }
        Ok(())
    }

    /// The next line, with its hour and its input.
    ///
    /// # Errors
    /// The disk does not work.
    pub fn next_line(&mut self) -> Result<Option<(Hour, u32, Line<'_>)>, SorterError> {
        if self.is_used
            && let Some(mut least) = self.heads.peek_mut()
            && !least.0.advance()?
        {
            PeekMut::pop(least);
        }
        self.is_used = true;
        let Some(Reverse(least)) = self.heads.peek() else {
            return Ok(None);
        };
        match decode(least.record(), &self.sources) {
            Some(line) => Ok(Some(line)),
            None => Err(SorterError::Altered {
                directory: self.directory.clone(),
            }),
        }
    }
}

impl Memory {
    pub(super) fn new(buffer: Vec<u8>, records: Vec<Record>) -> Self {
        Self {
            buffer,
            rest: records.into_iter(),
            current: None,
        }
    }
}

impl Head {
    fn record(&self) -> &[u8] {
        match &self.run {
            Run::Memory(memory) => memory
                .current
                .map_or_else(Default::default, |record| record.of(&memory.buffer)),
            Run::Spill(spill) => spill.record(),
        }
    }

    /// Goes to the next record. Says whether there is one.
    fn advance(&mut self) -> Result<bool, SorterError> {
        let is_there = match &mut self.run {
            Run::Memory(memory) => {
                memory.current = memory.rest.next();
                memory.current.is_some()
            }
            Run::Spill(spill) => spill.advance()?,
        };
        self.prefix = match &self.run {
            Run::Memory(memory) => memory
                .current
                .map_or_else(Prefix::default, |record| record.prefix),
            Run::Spill(spill) => Prefix::of_record(spill.record()),
        };
        Ok(is_there)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = || order(self.record(), other.record(), &self.sources);
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
