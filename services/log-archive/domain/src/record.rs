//! A line as bytes, for sorting in memory and spilling to disk. Not a format that is kept: a spill lives as long as its run.

use std::cmp::Ordering;

use crate::{Hour, Line, Source};

/// What stands for a field that is not there.
const ABSENT: u32 = u32::MAX;

/// Appends a line of that hour and of that input.
pub fn encode(hour: Hour, input: u32, line: &Line<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&hour.number().to_le_bytes());
    out.extend_from_slice(&input.to_le_bytes());
    out.extend_from_slice(&line.at.to_le_bytes());
    let texts = [
        Some(line.event_id),
        Some(line.source.account),
        Some(line.source.log_group),
        Some(line.source.log_stream),
        line.correlation_id,
        line.request_id,
        line.trace_id,
        line.order_id,
        line.level,
        Some(line.message),
    ];
    for text in texts {
        let length = text.map_or(ABSENT, |text| u32::try_from(text.len()).unwrap_or(ABSENT));
        out.extend_from_slice(&length.to_le_bytes());
    }
    for text in texts.into_iter().flatten() {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads what [`encode`] wrote; `None` if it is something else.
#[must_use]
pub fn decode(record: &[u8]) -> Option<(Hour, u32, Line<'_>)> {
    let mut rest = record;
    let hour = Hour::of_number(u32::from_le_bytes(*take(&mut rest)?));
    let input = u32::from_le_bytes(*take(&mut rest)?);
    let at = i64::from_le_bytes(*take(&mut rest)?);
    let mut lengths = [0; 10];
    for length in &mut lengths {
        *length = u32::from_le_bytes(*take(&mut rest)?);
    }
    // All at once: ten short texts take longer.
    let mut rest = std::str::from_utf8(rest).ok()?;
    let mut texts = [None; 10];
    for (text, length) in texts.iter_mut().zip(lengths) {
        if length == ABSENT {
            continue;
        }
        let (own, others) = rest.split_at_checked(length as usize)?;
        (*text, rest) = (Some(own), others);
    }
    let [
        event_id,
        account,
        group,
        stream,
        correlation_id,
        request_id,
        trace_id,
        order_id,
        level,
        message,
    ] = texts;
    let source = Source {
        account: account?,
        log_group: group?,
        log_stream: stream?,
    };
    let line = Line {
        at,
        event_id: event_id?,
        source,
        correlation_id,
        request_id,
        trace_id,
        order_id,
        level,
        message: message?,
    };
    rest.is_empty().then_some((hour, input, line))
}

/// What decides nearly every comparison of two records without a look at them: the hour and whether there is no correlation ID, then
/// the first 16 bytes of that ID, or the time of a line without one. Records with the same prefix are in the order of [`order`].
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
        let (hour, is_without, id, at, ..) = key(record);
        Self::of_key(hour, (!is_without).then_some(id), at)
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

/// The order of two records: by hour, then as [`Line::order`] has it. Reads only what it compares.
#[must_use]
pub fn order(one: &[u8], other: &[u8]) -> Ordering {
    key(one).cmp(&key(other))
}

/// Hour, whether it lacks a correlation ID, that ID, time, source, event ID.
type Key<'a> = (u32, bool, &'a [u8], i64, [&'a [u8]; 3], &'a [u8]);

/// What [`order`] compares. Of bytes that are no record it is empty.
fn key(record: &[u8]) -> Key<'_> {
    let mut rest = record;
    let mut word = || take(&mut rest).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let (hour, _input, low, high) = (word(), word(), word(), word());
    let at = (u64::from(high) << 32 | u64::from(low)).cast_signed();
    let lengths: [u32; 10] = std::array::from_fn(|_| word());
    let mut texts = [b"".as_slice(); 5];
    for (text, length) in texts.iter_mut().zip(lengths) {
        let length = if length == ABSENT { 0 } else { length as usize };
        let (own, others) = rest.split_at_checked(length).unwrap_or_default();
        (*text, rest) = (own, others);
    }
    let [event_id, account, group, stream, correlation_id] = texts;
    let is_without = lengths[4] == ABSENT;
    (
        hour,
        is_without,
        correlation_id,
        at,
        [account, group, stream],
        event_id,
    )
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (own, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(own)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            at in any::<i64>(),
            input in any::<u32>(),
            texts in prop::array::uniform8(".{0,40}"),
            there in any::<[bool; 5]>(),
        ) {
            let optional = |at: usize| there[at].then_some(texts[at].as_str());
            let line = Line {
                at,
                event_id: &texts[5],
                source: Source { account: "1", log_group: &texts[6], log_stream: "" },
                correlation_id: optional(0),
                request_id: optional(1),
                trace_id: optional(2),
                order_id: optional(3),
                level: optional(4),
                message: &texts[7],
            };
            let mut bytes = Vec::new();
            encode(Hour::of_ms(at), input, &line, &mut bytes);
            prop_assert_eq!(decode(&bytes), Some((Hour::of_ms(at), input, line)));
            prop_assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn records_are_ordered_as_their_lines(
            // Short ones, and long ones that differ in the first 16 bytes or behind them.
            ids in prop::array::uniform2(prop::option::of("[ab]{0,2}|[ab]c{14}[ab\0]{0,3}")),
            at in prop::array::uniform2(-2_i64..2),
            events in prop::array::uniform2("[ab]{0,2}"),
            hours in prop::array::uniform2(0_u32..2),
        ) {
            let line = |n: usize| Line {
                at: at[n], event_id: &events[n], correlation_id: ids[n].as_deref(), message: "m", ..Line::default()
            };
            let record = |n: usize| {
                let mut bytes = Vec::new();
                encode(Hour::of_number(hours[n]), 7 - u32::try_from(n).unwrap(), &line(n), &mut bytes);
                bytes
            };
            let expected = hours[0].cmp(&hours[1]).then_with(|| line(0).order(&line(1)));
            prop_assert_eq!(order(&record(0), &record(1)), expected);
            let prefix = |n: usize| Prefix::of(Hour::of_number(hours[n]), &line(n));
            let by_prefix = prefix(0).cmp(&prefix(1)).then_with(|| order(&record(0), &record(1)));
            prop_assert_eq!(by_prefix, expected);
            prop_assert_eq!([0, 1].map(|n| Prefix::of_record(&record(n))), [0, 1].map(prefix));
        }

        #[test]
        fn other_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((hour, input, line)) = decode(&bytes) {
                let mut again = Vec::new();
                encode(hour, input, &line, &mut again);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
