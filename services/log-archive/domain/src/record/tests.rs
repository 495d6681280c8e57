//! Records against the lines that they were.

use proptest::prelude::*;

use super::*;
use crate::Source;

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        at in any::<i64>(),
        input in any::<u32>(),
        texts in prop::array::uniform8(".{0,40}"),
        there in any::<[bool; 5]>(),
        is_in_message in any::<[bool; 5]>(),
    ) {
        let message = texts.concat();
        let optional = |at: usize| {
            // A part of the message, or a text of its own.
            let start = texts[..at].iter().map(String::len).sum::<usize>();
            let own = if is_in_message[at] { &message[start..start + texts[at].len()] } else { &texts[at] };
            there[at].then_some(own)
        };
        let line = Line {
            at,
            event_id: &texts[5],
            source: Source { account: "1", log_group: &texts[6], log_stream: "" },
            correlation_id: optional(0),
            request_id: optional(1),
            trace_id: optional(2),
            order_id: optional(3),
            level: optional(4),
            message: &message,
        };
        let (mut bytes, mut sources) = (Vec::new(), Sources::default());
        encode(Hour::of_ms(at), input, &line, &mut sources, &mut bytes);
        prop_assert_eq!(decode(&bytes, &sources), Some((Hour::of_ms(at), input, line)));
        prop_assert_eq!(decode(&bytes[..bytes.len() - 1], &sources), None);
        // A source that has no number.
        bytes.clear();
        view::write(Hour::of_ms(at), input, &line, None, &mut bytes);
        prop_assert_eq!(decode(&bytes, &sources), Some((Hour::of_ms(at), input, line)));
        bytes.push(b' ');
        prop_assert_eq!(decode(&bytes, &sources), None);
    }

    #[test]
    fn records_are_ordered_as_their_lines(
        // Short ones, long ones that differ in the first 16 bytes or behind them, UUIDs, and what looks like them.
        ids in prop::array::uniform2(prop::option::of(
            "[ab]{0,2}|[ab]c{14}[ab\0]{0,3}|0000000[0a]-[09]000-7000-800[0Ag]-00000000000[0-9a-f]",
        )),
        at in prop::array::uniform2(-2_i64..2),
        events in prop::array::uniform2("[ab]{0,2}"),
        streams in prop::array::uniform2("[ab]{0,2}"),
        messages in prop::array::uniform2("[mn]{0,2}"),
        hours in prop::array::uniform2(0_u32..2),
        has_number in any::<[bool; 2]>(),
    ) {
        let line = |n: usize| Line {
            at: at[n],
            event_id: &events[n],
            source: Source { log_stream: &streams[n], ..Source::default() },
            correlation_id: ids[n].as_deref(),
            message: &messages[n],
            ..Line::default()
        };
        let mut sources = Sources::default();
        let records = [0, 1].map(|n| {
            let mut bytes = Vec::new();
            let source = has_number[n].then(|| sources.number(line(n).source)).flatten();
            view::write(Hour::of_number(hours[n]), 7 - u32::try_from(n).unwrap(), &line(n), source, &mut bytes);
            bytes
        });
        let whole = || order(&records[0], &records[1], &sources);
        let expected = hours[0].cmp(&hours[1]).then_with(|| line(0).order(&line(1)));
        prop_assert_eq!(whole(), expected);
        let prefix = |n: usize| Prefix::of(Hour::of_number(hours[n]), &line(n));
        let by_prefix = prefix(0).order(&prefix(1)).then_with(whole);
        prop_assert_eq!(by_prefix, expected);
        prop_assert_eq!([0, 1].map(|n| Prefix::of_record(&records[n])), [0, 1].map(prefix));
    }

    #[test]
    fn uuids_are_ordered_without_a_look_at_the_records(
        ids in prop::array::uniform2("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ) {
        let prefix = |id: &str| Prefix::of(Hour::of_number(1), &Line { correlation_id: Some(id), ..Line::default() });
        prop_assert_eq!(prefix(&ids[0]).order(&prefix(&ids[1])), ids[0].cmp(&ids[1]));
    }

    #[test]
    fn other_bytes_do_no_harm(
        numbers in prop::array::uniform20(prop_oneof![0_u32..40, Just(view::ABSENT), any::<u32>()]),
        texts in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(texts);
        let mut sources = Sources::default();
        sources.number(Source::default());
        let _ = (Prefix::of_record(&bytes), order(&bytes, &bytes[1..], &sources));
        let mut again = Vec::new();
        let line = decode(&bytes, &sources).map(|(hour, input, line)| {
            view::write(hour, input, &line, None, &mut again);
            (hour, input, line)
        });
        if line.is_some() {
            prop_assert_eq!(decode(&again, &sources), line);
        }
    }
}
