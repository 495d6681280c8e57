//! Stories over the local CloudWatch and an archive in a directory.

use std::path::Path;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use log_archive_domain::{Hour, layout};
use log_archive_store::{Archive, CompactLimits, Compactor};
use ops_archive::{Bucket, Opened};
use ops_monitoring::Refused;
use ops_plane::Plane;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::context::local_sdk_config;
use crate::local_plane;
use crate::story_commands::sources::{LogLines, Mailbox, Traces};

const GROUP: &str = "/aws/lambda/shopfast-order-service";
const REQUEST: &str = "8476a536-e9f4-41e8-9739-2dfe598c3fcd";
const ORDER: &str = "order-0001";

/// There is none.
struct NoBuckets;

#[async_trait]
impl Buckets for NoBuckets {
    async fn open(&self, _: Option<&str>) -> Result<Bucket, Refused> {
        Err(Refused::failed("open a bucket").because("there is none"))
    }
}

/// A story of three lines, its ID as new as they are.
struct Given {
    id: String,
    now: Timestamp,
}

impl Given {
    fn new() -> Self {
        let now = Timestamp::now() - SignedDuration::from_secs(10);
        let ms = u64::try_from(now.as_millisecond()).unwrap();
        let made = uuid::Timestamp::from_unix_time(ms / 1_000, 0, 0, 0);
        let id = uuid::Uuid::new_v7(made).to_string();
        Self { id, now }
    }

    /// Its lines, with their times.
    fn lines(&self) -> Vec<(i64, String)> {
        let line = |status: &str, message: &str| {
            json!({"level": "INFO", "correlation_id": self.id, "requestId": REQUEST, "order_id": ORDER, "status": status, "message": message})
                .to_string()
        };
        let lines = [
            line("placed", "one"),
            line("shipped", "two"),
            line("delivered", "three"),
        ];
        (self.now.as_millisecond()..).zip(lines).collect()
    }

    fn live(&self, plane: &Plane, lines: &[(i64, String)]) {
        for (at, message) in lines {
            plane.intake().log(ops_plane::LogEvent {
                log_group: GROUP.into(),
                log_stream: "s".into(),
                timestamp_ms: *at,
                message: message.as_str().into(),
                request_id: None,
            });
        }
    }

    /// An archive of these lines.
    async fn archived(&self, lines: &[(i64, String)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let opened = opened(folder.path()).await;
        let events: Vec<_> = (0..)
            .zip(lines)
            .map(|(number, (at, message))| json!({"id": format!("e{number}"), "timestamp": at, "message": message}))
            .collect();
        let envelope = json!({
            "messageType": "DATA_MESSAGE", "owner": "000000000000", "logGroup": GROUP, "logStream": "s", "logEvents": events,
        });
        let hour = Hour::of_ms(self.now.as_millisecond());
        let key = format!("{}/one", layout::raw_prefix(hour));
        opened
            .archive
            .put(&key, envelope.to_string().into())
            .await
            .unwrap();
        compact(&opened.archive, self.now).await;
        folder
    }
}

async fn compact(archive: &Archive, now: Timestamp) {
    let scratch = tempfile::tempdir().unwrap();
    let compactor = Compactor::new(archive, CompactLimits::default(), scratch.path().to_owned(), &());
    compactor.run(now + SignedDuration::from_hours(2)).await.unwrap();
}

async fn opened(folder: &Path) -> Opened {
    let location = Location::Directory(folder.to_owned());
    ops_archive::open(Some(&location), &NoBuckets).await.unwrap()
}

fn live_at(endpoint: &str) -> Live {
    let config = local_sdk_config(endpoint);
    Live {
        traces: Traces::new(&config),
        logs: LogLines::new(&config, false, "/aws/lambda/"),
        mails: Mailbox::none(),
    }
}

async fn sources(endpoint: Option<&str>, archive: Option<&TempDir>) -> Sources {
    let archived = match archive {
        Some(folder) => Some(Archived::new(opened(folder.path()).await, None)),
        None => None,
    };
    Sources {
        live: endpoint.map(live_at),
        archived,
        notes: Vec::new(),
    }
}

/// The messages of a story, its outcome, and its counts of lines.
async fn told(sources: &Sources, wanted: &str) -> (Vec<String>, String, [usize; 3], Vec<String>) {
    let told = sources.story(wanted, None).await.unwrap();
    let story = told.story.unwrap_or_default();
    let messages = story.logs.into_iter().map(|line| line.message).collect();
    let counts = told.lines.unwrap_or_default().0;
    (
        messages,
        story.outcome,
        [counts.live, counts.archived, counts.both],
        told.notes,
    )
}

#[tokio::test]
async fn lines_of_both_are_told_once() {
    let given = Given::new();
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let lines = given.lines();
    given.live(&plane, &lines[1..]);
    let archive = given.archived(&lines[..2]).await;
    let gateway = format!("http://{}", plane.gateway_address());
    let check = async |archive: Option<&TempDir>, wanted: &str, expected: &[&str], counts: [usize; 3]| {
        let sources = sources(Some(&gateway), archive).await;
        let (messages, outcome, seen, notes) = told(&sources, wanted).await;
        assert_eq!(messages, expected, "{wanted}");
        assert_eq!((outcome.as_str(), seen), ("delivered", counts), "{wanted}");
        assert!(notes.is_empty(), "{notes:?}");
    };
    let all = ["one", "two", "three"];
    check(Some(&archive), &given.id, &all, [2, 2, 1]).await;
    check(Some(&archive), REQUEST, &all, [2, 2, 1]).await;
    check(None, &given.id, &all[1..], [0, 0, 0]).await;
    // No trace names the order, and the live store is not asked for it in lines: the archive leads to the story.
    check(Some(&archive), ORDER, &all, [2, 2, 1]).await;
    plane.shutdown().await;
}

#[tokio::test]
async fn the_archive_alone_tells_the_story() {
    let given = Given::new();
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let archive = given.archived(&given.lines()).await;
    let emptied = format!("http://{}", plane.gateway_address());
    // Nobody listens on the second one.
    for (endpoint, notes) in [
        (Some(emptied.as_str()), 0),
        (None, 0),
        (Some("http://127.0.0.1:1"), 1),
    ] {
        let sources = sources(endpoint, Some(&archive)).await;
        for wanted in [given.id.as_str(), ORDER, REQUEST] {
            let (messages, outcome, counts, told) = told(&sources, wanted).await;
            assert_eq!(messages, ["one", "two", "three"], "{endpoint:?} {wanted}");
            assert_eq!(
                (outcome.as_str(), counts),
                ("delivered", [0, 3, 0]),
                "{endpoint:?} {wanted}"
            );
            assert_eq!(told.len(), notes, "{endpoint:?}: {told:?}");
        }
    }
    plane.shutdown().await;
}

#[tokio::test]
async fn what_lambda_says_of_a_failure_is_in_the_archive_too() {
    let given = Given::new();
    let report = json!({"type": "platform.report", "record": {
        "requestId": REQUEST, "status": "timeout", "errorType": "Sandbox.Timedout", "metrics": {"durationMs": 3_000.0},
    }});
    let mut lines = given.lines();
    lines.truncate(1);
    lines.push((given.now.as_millisecond() + 3_000, report.to_string()));
    let archive = given.archived(&lines).await;
    let sources = sources(None, Some(&archive)).await;
    let (messages, ..) = told(&sources, &given.id).await;
    let ended = "the invocation ended with timeout (Sandbox.Timedout) after 3000 ms";
    assert_eq!(messages, ["one", ended]);
}

#[tokio::test]
async fn an_archive_that_is_damaged_takes_nothing_away() {
    let given = Given::new();
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let lines = given.lines();
    given.live(&plane, &lines);
    let archive = given.archived(&lines).await;
    std::fs::remove_dir_all(archive.path().join("lines")).unwrap();
    let gateway = format!("http://{}", plane.gateway_address());
    let sources = sources(Some(&gateway), Some(&archive)).await;
    let (messages, _, counts, notes) = told(&sources, &given.id).await;
    assert_eq!((messages.len(), counts), (3, [3, 0, 0]));
    assert!(
        notes[0].contains("was not asked to the end: ") && notes[0].contains("is missing"),
        "{notes:?}"
    );
    plane.shutdown().await;
}

#[tokio::test]
async fn nothing_is_said_only_if_everything_was_asked() {
    let given = Given::new();
    let archive = given.archived(&given.lines()).await;
    let away = sources(Some("http://127.0.0.1:1"), Some(&archive)).await;
    assert!(away.story("nobody", None).await.is_err());
    let alone = sources(None, Some(&archive)).await;
    let told = alone.story("nobody", None).await.unwrap();
    assert!(told.story.is_none());
    assert!(
        told.searched.to_string().contains("the archive /"),
        "{}",
        told.searched
    );
}

#[test]
fn what_lies_in_glacier_says_how_it_comes_back() {
    let note = archive_failed("c-1", "s3://logs", "read lines/x: InvalidObjectState");
    assert!(
        note.ends_with("`shopwatch archive restore c-1` brings it back from Glacier"),
        "{note}"
    );
    assert!(!archive_failed("c-1", "s3://logs", "read lines/x: timeout").contains("restore"));
}
