//! Raw objects on their way into the sorter.

use std::collections::BTreeMap;

use bytes::Bytes;
use log_archive_domain::{Hour, Partition, layout};
use log_archive_intake::read_raw;

use crate::archive::sha256;
use crate::{ArchiveError, Sorter, chain};

/// A raw object that was read.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) key: String,
    pub(super) sha256: String,
    /// Lines by hour, of hours that are settled.
    pub(super) lines: BTreeMap<Hour, u64>,
    /// Lines of hours that are not settled: the object is read again later.
    pub(super) open: u64,
    /// Why nothing of it is used.
    pub(super) broken: Option<String>,
}

/// Reads an object into the sorter, tagged with its number. What is broken stays there: the tag keeps its lines out.
pub(super) fn read(
    key: &str,
    object: &Bytes,
    number: u32,
    settled: Hour,
    sorter: &mut Sorter,
) -> Result<Input, ArchiveError> {
    let mut input = Input {
        key: key.to_owned(),
        sha256: sha256(object),
        lines: BTreeMap::new(),
        open: 0,
        broken: None,
    };
    let arrival = layout::raw_hour(key).unwrap_or(Hour::of_ms(0));
    let partition = Partition::arrived(arrival);
    let mut failed = None;
    let read = read_raw(object, &mut |line| {
        let hour = partition.hour(line.at);
        if hour > settled {
            input.open += 1;
            return;
        }
        *input.lines.entry(hour).or_default() += 1;
        if failed.is_none() {
            failed = sorter.push(hour, number, line).err();
        }
    });
    if let Err(error) = read {
        input.broken = Some(chain(&error));
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(input),
    }
}
