//! What a compaction makes of raw objects.

use log_archive_domain::{EventId, Id, layout};
use log_archive_store::{Lookup, Scope, replay};

use crate::given::{Given, at, envelope, event, gzip, hour, line, uuid, uuid_v4};

/// Lines of 40 stories, five each, in two objects.
pub(crate) async fn forty_stories(given: &Given) {
    let events = |half: u64| -> Vec<_> {
        (0..200)
            .filter(|number| number % 2 == half)
            .map(|number| {
                let story = uuid(at(1), number % 40);
                let at = at(1) + i64::try_from(number).unwrap();
                event(
                    &format!("e{number:03}"),
                    at,
                    line(&story, &uuid_v4(number / 2), "something happened"),
                )
            })
            .collect()
    };
    given.raw(0, "one", &events(0)).await;
    given.raw(0, "two", &events(1)).await;
}

#[tokio::test]
async fn every_line_is_archived_once_sorted_and_raw_objects_leave() {
    let given = Given::in_a_directory();
    forty_stories(&given).await;
    // A redelivery: the same events in another object.
    given
        .raw(
            0,
            "two-again",
            &[event(
                "e001",
                at(1) + 1,
                line(&uuid(at(1), 1), &uuid_v4(0), "something happened"),
            )],
        )
        .await;
    let compacted = given.compact(0).await;
    assert_eq!(
        (compacted.hours, compacted.lines, compacted.expired.len()),
        (vec![(hour(), 1)], 200, 3)
    );
    assert!(compacted.spills > 2, "{}", compacted.spills);
    assert_eq!(given.event_ids().await.len(), 200);
    assert_eq!(given.keys(layout::RAW).await, [""; 0]);
    assert_eq!(given.keys(layout::EXPIRING).await.len(), 3);
    assert!(given.keys(layout::LINES).await.len() > 2);
    let verified = given.verify(0).await;
    assert_eq!(
        (verified.faults, verified.lines, verified.raw, verified.links),
        (vec![], 200, 3, 1)
    );
    // Nothing is left to do.
    assert_eq!(given.compact(5).await.hours, []);
}

#[tokio::test]
async fn an_hour_that_is_not_over_waits_and_keeps_its_objects() {
    let given = Given::in_a_directory();
    given
        .raw(
            0,
            "both",
            &[event("a", at(59), "in time"), event("b", at(61), "next hour")],
        )
        .await;
    let compacted = given.compact(0).await;
    assert_eq!(
        (compacted.lines, compacted.open, compacted.expired.len()),
        (1, 1, 0)
    );
    assert_eq!(given.keys(layout::RAW).await.len(), 1);
    let later = given.compact(1).await;
    assert_eq!(
        (later.hours, later.lines, later.expired.len()),
        (vec![(hour().plus(1), 1)], 1, 1)
    );
    assert_eq!(given.event_ids().await, ["a", "b"]);
    assert_eq!(given.verify(1).await.faults, []);
}

#[tokio::test]
async fn late_lines_make_the_next_generation() {
    let given = Given::in_a_directory();
    forty_stories(&given).await;
    given.compact(0).await;
    let before = given.keys(layout::LINES).await;
    // A day later: one new line, one that is there.
    given
        .raw(
            24,
            "late",
            &[
                event("late", at(2), line(&uuid(at(1), 7), &uuid_v4(7), "at last")),
                event(
                    "e001",
                    at(1) + 1,
                    line(&uuid(at(1), 1), &uuid_v4(0), "something happened"),
                ),
            ],
        )
        .await;
    let compacted = given.compact(24).await;
    assert_eq!((compacted.hours, compacted.lines), (vec![(hour(), 2)], 1));
    assert_eq!(given.event_ids().await.len(), 201);
    let after = given.keys(layout::LINES).await;
    assert!(
        before.iter().all(|key| !after.contains(key)),
        "SQL must not read both generations"
    );
    let verified = given.verify(24).await;
    assert_eq!((verified.faults, verified.links), (vec![], 2));
}

#[tokio::test]
async fn odd_lines_are_kept() {
    let given = Given::in_a_directory();
    let megabyte = "x".repeat(1_048_576);
    let mut events = vec![
        event("plain", at(3), "no ID at all"),
        event("empty", at(3), ""),
        event("long", at(3), megabyte.as_str()),
        event("breaks", at(3), "a\r\nb\n"),
        event(
            "start",
            at(3),
            format!("START RequestId: {} Version: 1", uuid_v4(1)),
        ),
        // Clocks that cannot be right: the hour of arrival counts.
        event("ancient", 0, "1970"),
        event("future", at(60 * 24 * 365), "next year"),
    ];
    given.raw(0, "odd", &events).await;
    let not_utf8 = envelope(&[event("cafe", at(4), "caf?")]).into_bytes();
    let not_utf8: Vec<u8> = not_utf8
        .into_iter()
        .map(|byte| if byte == b'?' { 0xe9 } else { byte })
        .collect();
    given.raw_bytes(0, "not-utf8", gzip(&not_utf8)).await;
    given.compact(0).await;
    let lines = given.lines().await;
    assert!(lines.iter().all(|(own, _)| *own == hour()));
    let message = |id: &str| {
        lines
            .iter()
            .find(|(_, line)| line.event_id == id)
            .map(|(_, line)| line.message.clone())
    };
    assert_eq!(message("cafe").as_deref(), Some("caf\u{fffd}"));
    for event in events.drain(..) {
        let id = event["id"].as_str().unwrap();
        assert_eq!(message(id).as_deref(), event["message"].as_str(), "{id}");
    }
    assert_eq!(given.verify(0).await.faults, []);
}

#[tokio::test]
async fn an_hour_without_lines_has_no_files() {
    let given = Given::in_a_directory();
    given.raw(0, "none", &[]).await;
    given.raw(0, "control", &[]).await;
    let compacted = given.compact(0).await;
    assert_eq!((compacted.hours.len(), compacted.expired.len()), (0, 2));
    assert_eq!(given.verify(0).await.faults, []);
}

#[tokio::test]
async fn a_long_backlog_is_compacted_window_by_window() {
    let mut given = Given::in_a_directory();
    given.limits.window = 1;
    for later in 0..12 {
        let (own, next) = (at(60 * later + 5), at(60 * later + 61));
        given
            .raw(
                later,
                "a",
                &[
                    event(&format!("a{later:02}"), own, "x"),
                    event(&format!("b{later:02}"), next, "y"),
                ],
            )
            .await;
    }
    let compacted = given.compact(12).await;
    assert_eq!(
        (compacted.lines, compacted.expired.len(), compacted.hours.len()),
        (24, 12, 13)
    );
    assert!(
        compacted.hours.iter().all(|(_, generation)| *generation == 1),
        "{:?}",
        compacted.hours
    );
    assert_eq!(given.verify(12).await.faults, []);
}

#[tokio::test]
async fn lines_without_correlation_id_stand_last() {
    let given = Given::in_a_directory();
    let events: Vec<_> = (0..60)
        .map(|number| {
            let id = format!("e{number:02}");
            let with = line(&uuid(at(1), number % 7), &uuid_v4(number), "with");
            event(
                &id,
                at(1) - i64::try_from(number).unwrap(),
                if number % 3 == 0 {
                    "without".to_owned()
                } else {
                    with
                },
            )
        })
        .collect();
    given.raw(0, "mixed", &events).await;
    given.compact(0).await;
    let keys: Vec<_> = given
        .lines()
        .await
        .into_iter()
        .map(|(_, line)| (line.correlation_id.is_none(), line.correlation_id, line.at))
        .collect();
    assert_eq!(keys.len(), 60);
    assert!(keys.is_sorted());
}

#[tokio::test]
async fn lines_without_text_are_kept() {
    let given = Given::in_a_directory();
    let events: Vec<_> = (0..3)
        .map(|number| event(&format!("e{number}"), at(1), ""))
        .collect();
    given.raw(0, "empty", &events).await;
    given.compact(0).await;
    assert_eq!(given.event_ids().await, ["e0", "e1", "e2"]);
    // And behind a part that is full.
    let given = Given::in_a_directory();
    let mut events = vec![event("first", at(0), "x".repeat(20_000))];
    events.push(event("last", at(1), ""));
    given.raw(0, "full", &events).await;
    given.compact(0).await;
    assert_eq!(given.keys(layout::LINES).await.len(), 2);
    assert_eq!(given.event_ids().await, ["first", "last"]);
    assert_eq!(given.verify(0).await.faults, []);
}

#[tokio::test]
async fn a_story_that_is_longer_than_a_part_is_cut() {
    let given = Given::in_a_directory();
    let story = uuid(at(1), 1);
    let events: Vec<_> = (0..400)
        .map(|number| {
            event(
                &format!("e{number:03}"),
                at(1) + number,
                line(&story, &uuid_v4(1), "again"),
            )
        })
        .collect();
    given.raw(0, "long", &events).await;
    given.compact(0).await;
    // Some 150 bytes a line; a part has 8 KiB of text, or 16 of one story.
    let parts = given.keys(layout::LINES).await.len();
    assert!(parts >= 3, "{parts}");
    let mut lookup = Lookup::new(&given.archive);
    let found = lookup.find(&Id::new(&story), &Scope::Everywhere).await.unwrap();
    assert_eq!(found.lines.len(), 400);
    assert_eq!(given.verify(0).await.faults, []);
}

#[tokio::test]
async fn repetitions_are_counted_in_every_generation() {
    let given = Given::in_a_directory();
    let twice = [event("a", at(1), "a"), event("a", at(1), "a")];
    given.raw(0, "one", &twice).await;
    given.compact(0).await;
    given
        .raw(1, "two", &[event("a", at(1), "a"), event("b", at(1), "b")])
        .await;
    given.compact(1).await;
    let manifest = &log_archive_store::manifests(&given.archive, hour()..=hour())
        .await
        .unwrap()[0]
        .manifest;
    assert_eq!(
        (manifest.lines, manifest.repetitions, manifest.generation),
        (2, 2, 2)
    );
    assert_eq!(given.verify(1).await.faults, []);
}

#[tokio::test]
async fn an_event_id_of_two_lines_or_of_none_loses_no_line() {
    for id in ["e1", ""] {
        let given = Given::in_a_directory();
        let both = [event(id, at(1), "paid"), event(id, at(1), "refused")];
        given.raw(0, "one", &both).await;
        given.compact(0).await;
        // Redelivered, one of them with a third one; and late, so that they are put among the lines of the base.
        let again = [
            event(id, at(1), "refused"),
            event(id, at(1), "paid"),
            event(id, at(1), "sent"),
        ];
        given.raw(1, "two", &again).await;
        given.compact(1).await;
        let lines = given.lines().await;
        let messages: Vec<_> = lines.iter().map(|(_, line)| line.message.as_str()).collect();
        assert_eq!(messages, ["paid", "refused", "sent"], "{id:?}");
        assert_eq!(given.verify(1).await.faults, [], "{id:?}");
    }
}

#[tokio::test]
async fn event_ids_of_every_form_come_back() {
    let given = Given::in_a_directory();
    let (time, batch, number) = (at(1).unsigned_abs(), 7 << 90, 65_535);
    let own = EventId { time, batch, number }.text();
    let foreign = EventId {
        time: time + 1,
        batch,
        number,
    }
    .text();
    let mut ids = vec![own, foreign, "typed".to_owned(), String::new(), "9".repeat(56)];
    let events: Vec<_> = ids.iter().map(|id| event(id, at(1), "x")).collect();
    given.raw(0, "ids", &events).await;
    given.compact(0).await;
    ids.sort_unstable();
    assert_eq!(given.event_ids().await, ids);
}

#[tokio::test]
async fn keys_with_odd_characters_are_compacted() {
    let check = async |given: Given| {
        for (number, name) in ["a[1]", "b%41", "c#d", "e~f", "g h", "i+j=k&l", "m^{n}"]
            .into_iter()
            .enumerate()
        {
            given
                .raw(0, name, &[event(&format!("e{number}"), at(1), "x")])
                .await;
        }
        let compacted = given.compact(0).await;
        assert_eq!((compacted.lines, compacted.expired.len()), (7, 7));
        assert_eq!(given.keys(layout::RAW).await, [""; 0]);
        assert_eq!(given.verify(0).await.faults, []);
    };
    check(Given::in_memory()).await;
    check(Given::in_a_directory()).await;
}

#[tokio::test]
async fn what_is_replayed_belongs_to_the_hour_in_which_it_failed() {
    let given = Given::in_a_directory();
    let later = hour().plus(24 * 30);
    let put = async |key: &str, text: String| given.archive.put(key, text.into()).await.unwrap();
    put(
        "failed/forwarder/a",
        envelope(&[event("a", at(1), "a"), event("b", at(61), "b")]),
    )
    .await;
    put(
        "failed/firehose/2026/11/21/20/b",
        envelope(&[event("c", at(62), "c")]),
    )
    .await;
    let replayed = replay(&given.archive, later, &()).await.unwrap();
    assert_eq!((replayed.objects, replayed.lines), (2, 3));
    given.compact(24 * 30).await;
    let hours: Vec<_> = given
        .lines()
        .await
        .into_iter()
        .map(|(hour, line)| (line.event_id, hour))
        .collect();
    let expected = [("a", 0), ("b", 1), ("c", 1)];
    assert_eq!(
        hours,
        expected.map(|(id, later)| (id.to_owned(), hour().plus(later)))
    );
}
