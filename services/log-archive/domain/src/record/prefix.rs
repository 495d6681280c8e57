//! What decides nearly every comparison of two records without a look at them.

use std::cmp::Ordering;

use super::view::View;
use crate::{Hour, Line};

/// Hour, correlation ID and time of a record, as numbers: all of the ID if it is a UUID, which is nearly always so, or else the first 16
/// bytes of it and not the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefix {
    /// The hour, whether there is no ID, whether it is another text than a UUID.
    group: u64,
    id: [u64; 2],
    at: i64,
}

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

    fn of_key(hour: u32, text: Option<&[u8]>, at: i64) -> Self {
        let (is_other, id, at) = match text.map(|text| uuid(text).ok_or(text)) {
            None => (false, [0; 2], at),
            Some(Ok(id)) => (false, id, at),
            Some(Err(text)) => (true, words(text), 0),
        };
        let group = u64::from(hour) << 2 | u64::from(text.is_none()) << 1 | u64::from(is_other);
        Self { group, id, at }
    }

    /// The order of two records, as [`super::order`] has it; [`Ordering::Equal`] if it has to be asked.
    #[must_use]
    #[inline]
    pub fn order(&self, other: &Self) -> Ordering {
        let by_hour = (self.group >> 1).cmp(&(other.group >> 1));
        if by_hour.is_ne() || self.group != other.group {
            return by_hour;
        }
        self.id.cmp(&other.id).then_with(|| self.at.cmp(&other.at))
    }
}

/// The value of each hexadecimal digit; those that are written small are in the order of their texts.
const DIGITS: [u8; 256] = {
    let (mut digits, mut value) = ([NONE; 256], 0);
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};
/// What no digit is worth.
const NONE: u8 = 0xf0;

/// A UUID as numbers that are ordered as the texts are; `None` of another text.
fn uuid(text: &[u8]) -> Option<[u64; 2]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut wrong = 0;
    let mut number = |digits: &[u8]| {
        digits.iter().fold(0_u64, |number, digit| {
            let value = DIGITS[usize::from(*digit)];
            wrong |= value & NONE;
            number << 4 | u64::from(value)
        })
    };
    let high = number(&text[..8]) << 32 | number(&text[9..13]) << 16 | number(&text[14..18]);
    let low = number(&text[19..23]) << 48 | number(&text[24..]);
    let has_dashes = [8, 13, 18, 23].into_iter().all(|at| text[at] == b'-');
    (wrong == 0 && has_dashes).then_some([high, low])
}

/// The first 16 bytes as numbers that are ordered as they are; what is shorter is before what it begins.
fn words(text: &[u8]) -> [u64; 2] {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text[..length]);
    let (high, low) = bytes.split_at(8);
    [high, low].map(|half| half.try_into().map_or(0, u64::from_be_bytes))
}
