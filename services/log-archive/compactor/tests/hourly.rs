//! An archive in memory, hour after hour: with time and without, stopped after each step, with things that nobody can read.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use log_archive_compactor::{Hourly, Summary};
use log_archive_domain::Hour;
use log_archive_store::{Archive, ArchiveError, CompactLimits, Step, Stopped, Watch, export, verify};
use object_store::memory::InMemory;
use serde_json::json;
use telemetry_core::Coded as _;

/// The function's time limit.
const LIMIT: Duration = Duration::from_secs(900);

fn now() -> Timestamp {
    "2026-11-21T21:25:00Z".parse().unwrap()
}

/// An envelope with one line for each ID, written at this minute of the hour from 19 o'clock.
fn envelope(minute: i64, ids: &[&str]) -> String {
    let hour: Hour = "2026-11-21T19".parse().unwrap();
    let at = hour.start_ms() + minute * 60_000;
    let events: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "timestamp": at, "message": format!("line {id}")}))
        .collect();
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/shop", "logStream": "s", "logEvents": events,
    });
    format!("{envelope}\n")
}

/// Two hours of raw objects, of which the second one brings a line again, and an event that could not be delivered.
async fn given() -> Archive {
    let archive = Archive::new(Arc::new(InMemory::new()));
    for (key, text) in [
        ("raw/2026/11/21/19/a.json", envelope(1, &["a1", "a2"])),
        (
            "raw/2026/11/21/20/b.json",
            envelope(1, &["a1"]) + &envelope(70, &["b1"]),
        ),
        (
            "failed/forwarder/2026/11/21/20/c.json",
            envelope(2, &["c1", "c2"]),
        ),
    ] {
        archive.put(key, text.into()).await.unwrap();
    }
    archive
}

fn hourly(archive: &Archive) -> Hourly {
    Hourly::new(archive.clone(), CompactLimits::default(), std::env::temp_dir())
}

async fn archived(archive: &Archive) -> Vec<String> {
    let mut ids = Vec::new();
    let all = Hour::of_ms(0)..=Hour::of_ms(i64::MAX);
    export::each_line::<ArchiveError>(archive, all, |_, line| {
        ids.push(line.event_id);
        Ok(())
    })
    .await
    .unwrap();
    ids.sort();
    ids
}

const ALL: [&str; 5] = ["a1", "a2", "b1", "c1", "c2"];

#[tokio::test]
async fn everything_that_is_settled_is_archived_once() {
    let archive = given().await;
    let summary = hourly(&archive).run(now(), LIMIT).await.unwrap();
    let expected = Summary {
        replayed: 1,
        hours: 2,
        lines: 5,
        expired: 3,
        ..Summary::default()
    };
    assert_eq!(summary, expected);
    assert_eq!(archived(&archive).await, ALL);
    assert_eq!(verify(&archive, now()).await.unwrap().faults, []);
    let again = hourly(&archive).run(now(), LIMIT).await.unwrap();
    assert_eq!(again, Summary::default());
}

/// Lets so many steps be done.
struct StopAfter(AtomicUsize);

impl Watch for StopAfter {
    fn done(&self, _: &Step) -> Result<(), Stopped> {
        let left = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(drop)
            .map_err(|_| Stopped("stopped by a test".to_owned()))
    }
}

#[tokio::test]
async fn stopped_after_any_step_the_next_run_goes_on_and_the_counts_agree() {
    let mut steps = 0;
    loop {
        let archive = given().await;
        let watch = StopAfter(AtomicUsize::new(steps));
        let first = hourly(&archive).run_watched(now(), LIMIT, &watch).await.unwrap();
        let second = hourly(&archive).run(now(), LIMIT).await.unwrap();
        assert_eq!(archived(&archive).await, ALL, "after {steps} steps");
        assert_eq!(
            verify(&archive, now()).await.unwrap().faults,
            [],
            "after {steps} steps"
        );
        assert_eq!(first.lines + second.lines, 5, "after {steps} steps");
        assert!(
            !second.is_cut_short && second.oldest_raw_s == 0,
            "after {steps} steps: {second:?}"
        );
        if !first.is_cut_short {
            break;
        }
        steps += 1;
    }
    assert!(steps > 15, "{steps} steps");
}

#[tokio::test]
async fn without_time_nothing_is_lost() {
    let archive = given().await;
    let summary = hourly(&archive)
        .run(now(), Duration::from_secs(60))
        .await
        .unwrap();
    assert!(summary.is_cut_short && summary.lines == 0, "{summary:?}");
    // Since 19:00.
    assert_eq!(summary.oldest_raw_s, (2 * 60 + 25) * 60);
    hourly(&archive).run(now(), LIMIT).await.unwrap();
    assert_eq!(archived(&archive).await, ALL);
}

#[tokio::test]
async fn what_nobody_can_read_is_named_and_keeps_nothing_else() {
    let archive = given().await;
    for key in ["raw/2026/11/21/18/damaged.gz", "failed/x.json", "raw/no-hour"] {
        archive
            .put(key, "neither gzip nor an envelope".into())
            .await
            .unwrap();
    }
    let summary = hourly(&archive).run(now(), LIMIT).await.unwrap();
    let mut named: Vec<&str> = summary.held_back.iter().map(|(key, _)| key.as_str()).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        ["failed/x.json", "raw/2026/11/21/18/damaged.gz", "raw/no-hour"]
    );
    assert!(summary.held_back.iter().all(|(_, why)| !why.is_empty()));
    assert_eq!((summary.lines, summary.oldest_raw_s), (5, (3 * 60 + 25) * 60));
    assert_eq!(archived(&archive).await, ALL);
}

#[tokio::test]
async fn lines_of_the_hour_that_is_not_over_wait() {
    let archive = given().await;
    let open = envelope(130, &["d1"]);
    archive
        .put("raw/2026/11/21/21/d.json", open.into())
        .await
        .unwrap();
    let summary = hourly(&archive).run(now(), LIMIT).await.unwrap();
    assert_eq!((summary.lines, summary.oldest_raw_s), (5, 25 * 60));
    // As if it were later: whoever cannot wait says so, and later lines come into another generation.
    let later: Timestamp = "2026-11-21T22:20:00Z".parse().unwrap();
    assert_eq!(hourly(&archive).run(later, LIMIT).await.unwrap().lines, 1);
}

#[tokio::test]
async fn a_disk_that_is_not_there_is_told() {
    let archive = given().await;
    let nowhere = PathBuf::from("/nowhere/at/all");
    let hourly = Hourly::new(archive.clone(), CompactLimits::default(), nowhere);
    let error = hourly.run(now(), LIMIT).await.unwrap_err();
    assert_eq!(error.code(), "scratch-failed");
}
