//! What goes to Firehose, and how often.

use std::sync::Arc;
use std::time::Duration;

use log_archive_forwarder::{Forwarded, RECORD_BYTES};
use proptest::prelude::*;
use serde_json::json;
use telemetry_core::Coded as _;
use tokio::time::Instant;

use crate::given::{
    Answer, GROUP, LIMIT, OWN, World, envelope, event, expected_ids, forward, forwarder, lines, packed,
};

/// An event of five records.
fn five() -> String {
    packed(&envelope(&lines(10, 499_000)))
}

#[tokio::test]
async fn lines_become_records_that_are_envelopes() {
    let world = Arc::new(World::default());
    let events = [
        event(1, "plain \"words\"\n"),
        event(2, r#"{"password":"hunter2","n":1.0}"#),
    ];
    let forwarded = forward(&world, &packed(&envelope(&events))).await.unwrap();
    let expected = Forwarded {
        lines: 2,
        records: 1,
        redactions: 1,
        ..Forwarded::default()
    };
    assert_eq!(forwarded, expected);
    let record = world.taken.lock().unwrap().concat();
    let expected = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": "2026/11/21/[$LATEST]1",
        "logEvents": [event(1, "plain \"words\"\n"), event(2, r#"{"password":"[redacted]","n":1.0}"#)],
    });
    assert_eq!(String::from_utf8(record).unwrap(), format!("{expected}\n"));
}

#[tokio::test]
async fn what_has_no_lines_sends_nothing() {
    let world = Arc::new(World::default());
    let control = json!({
        "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": 7, "message": "CWL CONTROL MESSAGE: Checking health"}],
    });
    for payload in [control, envelope(&[])] {
        let forwarded = forward(&world, &packed(&payload)).await.unwrap();
        assert_eq!(forwarded, Forwarded::default());
    }
    assert!(world.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lines_of_the_forwarder_itself_are_left_out() {
    let world = Arc::new(World::default());
    let mut own = envelope(&[event(1, "END RequestId: x")]);
    own["logGroup"] = OWN.into();
    assert_eq!(forward(&world, &packed(&own)).await.unwrap().own, 1);
    assert!(world.requests.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_what_was_refused_is_sent_again() {
    let world = Arc::new(World::default());
    world.answers.lock().unwrap().extend([
        Answer::Without(vec![0, 2]),
        Answer::Without(vec![1]),
        Answer::Without(vec![1]),
    ]);
    let forwarded = forward(&world, &five()).await.unwrap();
    assert_eq!((forwarded.lines, forwarded.records), (10, 5));
    let requests = world.requests.lock().unwrap();
    let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
    // Five records are two requests; then what is left of both, twice.
    assert_eq!(counts, [3, 2, 3, 1]);
    let mut ids = world.ids();
    ids.sort();
    assert_eq!(ids, expected_ids(10), "each line once");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_in_passing_is_sent_again() {
    let check = async |answer: Answer, copies: usize| {
        let world = Arc::new(World::default());
        world.answers.lock().unwrap().push_back(answer.clone());
        forward(&world, &packed(&envelope(&[event(0, "a")])))
            .await
            .unwrap();
        assert_eq!(world.ids(), vec!["e000000"; copies], "{answer:?}");
    };
    check(Answer::Fails { is_passing: true }, 1).await;
    // Twice is not lost: compaction leaves one out.
    check(Answer::Lost, 2).await;
    check(Answer::Shorter(1), 2).await;
}

#[tokio::test(start_paused = true)]
async fn what_firehose_will_never_take_is_given_up_at_once() {
    let world = Arc::new(World::default());
    let answer = Answer::Fails { is_passing: false };
    world.answers.lock().unwrap().push_back(answer);
    let started = Instant::now();
    let error = forward(&world, &five()).await.unwrap_err();
    assert_eq!(
        (error.code(), started.elapsed()),
        ("delivery-refused", Duration::ZERO)
    );
    assert_eq!(error.to_string(), format!("deliver the lines of {GROUP}"));
}

#[tokio::test(start_paused = true)]
async fn the_function_ends_before_it_is_stopped() {
    let world = Arc::new(World::default());
    let refused = std::iter::repeat_n(Answer::Without(vec![0, 1]), 1_000);
    world.answers.lock().unwrap().extend(refused);
    let started = Instant::now();
    let error = forward(&world, &packed(&envelope(&lines(4, 499_000))))
        .await
        .unwrap_err();
    let attempts = world.requests.lock().unwrap().len();
    assert_eq!(error.code(), "delivery-timeout");
    let elapsed = started.elapsed();
    let reserve = Duration::from_secs(10);
    assert!(elapsed + reserve <= LIMIT && elapsed > LIMIT / 2, "{elapsed:?}");
    assert!((8..40).contains(&attempts), "{attempts} attempts");
    let told = telemetry_core::chain(&error).join(": ");
    let expected = format!(
        "2 of 2 records are not taken after {attempts} attempts, the last one because of ServiceUnavailableException"
    );
    assert!(told.ends_with(&expected), "{told}");
}

#[tokio::test]
async fn nothing_damaged_is_half_delivered() {
    let world = Arc::new(World::default());
    let whole = five();
    for payload in [
        "",
        "no base64",
        "AAAA",
        &whole[..whole.len() / 8 * 4],
        &packed(&json!([])),
    ] {
        let error = forward(&world, payload).await.unwrap_err();
        assert_eq!(error.code(), "unreadable-lines");
    }
    assert!(world.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_line_that_is_longer_than_a_record_goes_to_the_bucket() {
    let world = Arc::new(World::default());
    // Quotes are two bytes each in JSON: the longest event of CloudWatch Logs, 1 MB, doubles.
    let long = "\"".repeat(1_000_000);
    let events = [event(0, "before"), event(1, &long), event(2, "after")];
    let payload = packed(&envelope(&events));
    for _ in 0..2 {
        let forwarded = forward(&world, &payload).await.unwrap();
        assert_eq!((forwarded.lines, forwarded.records, forwarded.long), (3, 2, 1));
    }
    assert_eq!(world.ids()[..2], ["e000000", "e000002"]);
    let objects = world.objects.lock().unwrap();
    let (key, object) = objects.first_key_value().unwrap();
    // The same line twice is one object.
    assert_eq!(objects.len(), 1);
    assert!(
        key.starts_with("raw/2026/11/21/19/long-") && key.ends_with(".json"),
        "{key}"
    );
    let mut messages = Vec::new();
    log_archive_intake::read_raw(object, &mut |line| messages.push(line.message.to_owned())).unwrap();
    assert_eq!(messages, [long]);
}

#[tokio::test]
async fn a_line_that_only_just_fits_is_a_record() {
    let overhead = {
        let world = Arc::new(World::default());
        forward(&world, &packed(&envelope(&[event(0, "x")])))
            .await
            .unwrap();
        world.taken.lock().unwrap()[0].len() - 1
    };
    for (bytes, long) in [(RECORD_BYTES - overhead, 0), (RECORD_BYTES - overhead + 1, 1)] {
        let world = Arc::new(World::default());
        let payload = packed(&envelope(&[event(0, &"x".repeat(bytes))]));
        assert_eq!(
            forward(&world, &payload).await.unwrap().long,
            long,
            "{bytes} bytes"
        );
    }
}

#[tokio::test]
async fn a_bucket_that_is_closed_fails_the_event() {
    let world = Arc::new(World::default());
    *world.bucket_is_closed.lock().unwrap() = true;
    let payload = packed(&envelope(&[event(0, &"x".repeat(RECORD_BYTES))]));
    let error = forwarder(&world).forward(&payload, LIMIT).await.unwrap_err();
    assert_eq!(error.code(), "object-not-stored");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_line_arrives_once_whatever_its_length(lengths in prop::collection::vec(prop_oneof![7..300_usize, 7..1_100_000_usize], 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = Arc::new(World::default());
        let events: Vec<_> = lengths.iter().enumerate().map(|(number, length)| event(number, &"\u{e9}".repeat(length / 2))).collect();
        let forwarded = runtime.block_on(forward(&world, &packed(&envelope(&events)))).unwrap();
        prop_assert_eq!(forwarded.lines, lengths.len() as u64);
        let mut ids = world.ids();
        for object in world.objects.lock().unwrap().values() {
            log_archive_intake::read_raw(object, &mut |line| ids.push(line.event_id.to_owned())).unwrap();
        }
        ids.sort();
        prop_assert_eq!(ids, expected_ids(lengths.len()));
        for record in world.taken.lock().unwrap().iter() {
            let ends_well = record.ends_with(b"]}\n");
            prop_assert!(record.len() <= RECORD_BYTES && ends_well);
        }
    }
}
