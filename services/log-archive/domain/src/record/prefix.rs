//! What decides nearly every comparison of two records, in three numbers.

use super::view::View;
use crate::{Hour, Line};

/// The hour and whether there is no correlation ID, then the first 16 bytes of that ID, or the time of a line without one. Records with
/// the same prefix are in the order of [`super::order`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix(u64, [u64; 2]);

impl Prefix {
    /// That of a line of this hour.
    #[must_use]
    pub fn of(hour: Hour, line: &Line<'_>) -> Self {
        let id = line.correlation_id.map(str::as_bytes);
        Self::of_key(hour.number(), id, line.at)
    }

    /// That of a record. Of bytes that are none it means nothing.
    #[must_use]
    pub fn of_record(record: &[u8]) -> Self {
        let view = View::of(record);
        view.map_or_else(Self::default, |view| {
            Self::of_key(view.hour(), view.correlation_id(), view.at())
        })
    }

    fn of_key(hour: u32, id: Option<&[u8]>, at: i64) -> Self {
        let words = match id {
            Some(id) => words(id),
            // Negative numbers before the others.
            None => [at.cast_unsigned() ^ 1 << 63, 0],
        };
        Self(u64::from(hour) << 1 | u64::from(id.is_none()), words)
    }
}

/// The first 16 bytes as numbers that are ordered as they are; what is shorter is before what it begins.
fn words(text: &[u8]) -> [u64; 2] {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text[..length]);
    let (high, low) = bytes.split_at(8);
    [high, low].map(|half| half.try_into().map_or(0, u64::from_be_bytes))
}
