//! What is written into a part is read from it, by range and whole.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::ops::Range;

use bytes::Bytes;
use log_archive_domain::filter::hash;
use log_archive_domain::{EventId, Line, OwnedLine};
use log_archive_format::{FinishedPart, PartIndex, PartWriter, Rows, Sparse, WriterLimits};
use proptest::prelude::*;

fn written(lines: &[OwnedLine], row_group_text: usize) -> FinishedPart {
    let limits = WriterLimits {
        row_group_text,
        zstd_level: 1,
    };
    let mut writer = PartWriter::new(limits).unwrap();
    lines
        .iter()
        .for_each(|line| writer.push(&line.as_line()).unwrap());
    writer.finish().unwrap()
}

fn index(part: &FinishedPart) -> PartIndex {
    let start = part.bytes.len() - usize::try_from(part.tail).unwrap();
    PartIndex::read(part.bytes.slice(start..), part.bytes.len() as u64, &part.tail_sum).unwrap()
}

/// Only this range of the file: whoever asks for more gets an error.
fn only(part: &FinishedPart, range: Range<u64>) -> Sparse {
    let bytes = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
    Sparse::of_length(part.bytes.len() as u64).with(range.start, part.bytes.slice(bytes))
}

fn read(part: &FinishedPart, index: &PartIndex, rows: &Rows) -> Vec<OwnedLine> {
    let keys = only(part, index.keys_range(rows.row_group).unwrap());
    let messages = only(part, index.messages_range(rows).unwrap());
    let mut lines = index.keys(rows, &keys, &part.sums).unwrap();
    index.messages(rows, &messages, &part.sums, &mut lines).unwrap();
    lines
}

fn line() -> impl Strategy<Value = OwnedLine> {
    let id = || prop::option::of("[a-d]{1,3}");
    let ids = (id(), id(), id(), id(), prop::option::of("INFO|ERROR"));
    // IDs of CloudWatch Logs' form with the line's time, with another one, and others.
    let event_id = prop_oneof![Just(String::new()), "[0-9]{1,9}", "00000000[0-9]{48}"];
    let message = ("[a-d]{1,3}", ".{0,300}").prop_map(|(id, text)| format!("{id}{id}{id}: {text}"));
    (ids, -5_i64..5, event_id, "[gh]", message, any::<u16>()).prop_map(
        |(ids, at, mut event_id, log_group, message, number)| {
            let (correlation_id, request_id, trace_id, order_id, level) = ids;
            // As long as those that a template leaves out.
            let request_id = request_id.map(|id| id.repeat(3).repeat(3));
            if event_id.is_empty() {
                let (time, batch) = (at.unsigned_abs(), u128::MAX - u128::from(number) * 977);
                event_id = EventId { time, batch, number }.text();
            }
            OwnedLine {
                at,
                event_id,
                account: "123456789012".to_owned(),
                log_group,
                log_stream: "s".to_owned(),
                correlation_id,
                request_id,
                trace_id,
                order_id,
                level,
                message,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lines_are_read_as_they_were_written(mut lines in prop::collection::vec(line(), 1..120), row_group_text in 1_usize..6_000) {
        lines.sort_by(|one, other| one.as_line().order(&other.as_line()));
        let part = written(&lines, row_group_text);
        let index = index(&part);
        prop_assert_eq!(part.lines, lines.len() as u64);
        prop_assert_eq!(part.filters.len(), index.row_groups());
        let groups: Vec<Vec<OwnedLine>> = (0..index.row_groups())
            .map(|group| read(&part, &index, &index.all_rows(group).unwrap()))
            .collect();
        prop_assert_eq!(groups.concat(), lines.clone());
        for (filter, group) in part.filters.iter().zip(&groups) {
            for id in group.iter().flat_map(|line| line.as_line().ids().map(hash).collect::<Vec<_>>()) {
                prop_assert!(filter.may_contain(id));
            }
        }
        let checksums = lines.iter().map(|line| line.as_line().checksum());
        prop_assert_eq!(part.checksum, checksums.fold(0, u64::wrapping_add));
    }

    #[test]
    fn the_page_index_leads_to_every_line_of_a_correlation_id(
        mut lines in prop::collection::vec(line(), 1..120),
        row_group_text in 1_usize..6_000,
        id in "[a-e]{1,3}",
    ) {
        lines.sort_by(|one, other| one.as_line().order(&other.as_line()));
        let part = written(&lines, row_group_text);
        let index = index(&part);
        let has = |line: &OwnedLine| line.correlation_id.as_deref() == Some(&id);
        let rows = index.rows_of_correlation_id(&id).unwrap();
        let found: Vec<_> = rows.iter().flat_map(|rows| read(&part, &index, rows)).filter(has).collect();
        prop_assert_eq!(found, lines.iter().filter(|line| has(line)).cloned().collect::<Vec<_>>());
    }

    #[test]
    fn the_rows_with_an_id_begin_and_end_with_it(
        mut lines in prop::collection::vec(line(), 1..120),
        row_group_text in 1_usize..6_000,
        id in "[a-e]{1,3}",
        skipped in 0_usize..8,
    ) {
        lines.sort_by(|one, other| one.as_line().order(&other.as_line()));
        let part = written(&lines, row_group_text);
        let index = index(&part);
        for row_group in 0..index.row_groups() {
            let mut among = index.all_rows(row_group).unwrap();
            among.rows.start = skipped.min(among.rows.end - 1);
            let own = read(&part, &index, &among);
            let has = |line: &OwnedLine| line.as_line().has_id(&id);
            let keys = only(&part, index.keys_range(row_group).unwrap());
            let rows = index.rows_with_id(&among, &keys, &part.sums, &id).unwrap().map(|found| found.rows);
            let at = |row: usize| among.rows.start + row;
            let expected = own.iter().position(has).zip(own.iter().rposition(has));
            prop_assert_eq!(rows, expected.map(|(first, last)| at(first)..at(last) + 1));
        }
    }

    #[test]
    fn other_files_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let length = bytes.len() as u64;
        prop_assert!(PartIndex::read(Bytes::from(bytes), length, "00000000").is_err());
    }
}

#[test]
fn a_story_stays_in_one_row_group_unless_it_is_too_long() {
    let lines: Vec<OwnedLine> = (0..60)
        .map(|number| {
            let id = format!("c-{:02}", number / 6);
            let line = Line {
                at: number,
                event_id: "1",
                correlation_id: Some(&id),
                message: "a message of thirty characters",
                ..Line::default()
            };
            OwnedLine::from(&line)
        })
        .collect();
    let groups = |text: usize| -> Vec<usize> {
        let index = index(&written(&lines, text));
        (0..index.row_groups())
            .map(|group| index.all_rows(group).unwrap().rows.len())
            .collect()
    };
    // 30 bytes a line, 180 a story.
    assert_eq!(groups(200), [12, 12, 12, 12, 12]);
    assert_eq!(groups(40), [3; 20]);
    assert_eq!(groups(100_000), [60]);
}

#[test]
fn an_empty_part_can_be_read() {
    let part = written(&[], 1);
    assert_eq!((index(&part).row_groups(), part.ids, part.lines), (0, None, 0));
}
