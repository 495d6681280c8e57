//! What a directory can do S3 can do: the same archive, over both.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use log_archive_domain::Id;
use log_archive_s3::Patience;
use log_archive_store::{Archive, CompactLimits, Compacted, Compactor, Lookup, Scope, verify};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use serde_json::json;

use log_archive_s3::loopback::Fault;

use crate::{opened, served};

/// What the archive does with a store, each step as a line of text.
async fn steps(archive: &Archive) -> Vec<String> {
    let mut seen = Vec::new();
    let keys = [
        "raw/2026/11/21/19/a",
        "raw/2026/11/21/19/b",
        "raw/2026/11/21/20/c",
        "raw/2026/11/22/00/d",
        "raw/x/e",
    ];
    for key in keys {
        archive.put(key, key.to_owned().into()).await.unwrap();
    }
    for key in ["chain/1.json", "chain/1.json", "failed/a [$LATEST] 50%+ü#?.json"] {
        let created = archive
            .create(key, format!("created {}", seen.len()).into())
            .await;
        seen.push(format!("create {key}: {}", created.unwrap()));
    }
    for key in ["chain/1.json", "chain/2.json", "failed/a [$LATEST] 50%+ü#?.json"] {
        seen.push(format!("get {key}: {:?}", archive.get(key).await.unwrap()));
        let range = archive.get_range(key, 3..7).await.unwrap();
        seen.push(format!("range of {key}: {range:?}"));
    }
    for prefix in ["raw", "raw/2026/11/21/19", "failed", "nothing"] {
        seen.push(format!(
            "list {prefix}: {:?}",
            archive.list(prefix).await.unwrap()
        ));
        seen.push(format!(
            "folders {prefix}: {:?}",
            archive.folders(prefix).await.unwrap()
        ));
    }
    let after = archive.list_after("raw", "raw/2026/11/21/19/b").await.unwrap();
    seen.push(format!("list after: {after:?}"));
    let copied = archive.copy("chain/1.json", "expiring/1.json").await.unwrap();
    let missing = archive.copy("chain/2.json", "expiring/2.json").await.unwrap();
    seen.push(format!(
        "copy: {copied}, {missing}, {:?}",
        archive.get("expiring/1.json").await.unwrap()
    ));
    for _ in 0..2 {
        archive.delete("chain/1.json").await.unwrap();
    }
    seen.push(format!("deleted: {:?}", archive.list("chain").await.unwrap()));
    seen
}

#[tokio::test]
async fn a_bucket_is_as_good_as_a_directory() {
    let (_bucket, config) = served().await;
    let directory = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(directory.path()).unwrap();
    let expected = steps(&Archive::new(Arc::new(local))).await;
    assert_eq!(expected, steps(&Archive::new(Arc::new(InMemory::new()))).await);
    assert_eq!(expected, steps(&opened(&config, Patience::default())).await);
}

const ID: &str = "019aa7f4-9c00-7abc-8def-000000000007";

fn raw() -> Vec<u8> {
    let at: Timestamp = "2025-11-21T20:00:00Z".parse().unwrap();
    let events: Vec<_> = (0..200_i64)
        .map(|number| {
            let correlation = format!("019aa7f4-9c00-7abc-8def-{:012x}", number % 20);
            let message = json!({"level": "INFO", "correlation_id": correlation, "message": format!("line {number}")});
            json!({"id": format!("e{number:03}"), "timestamp": at.as_millisecond() + number, "message": message.to_string()})
        })
        .collect();
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/shop", "logStream": "s", "logEvents": events,
    });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(envelope.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn compact(archive: &Archive) -> Compacted {
    let scratch = tempfile::tempdir().unwrap();
    let now: Timestamp = "2025-11-21T21:30:00Z".parse().unwrap();
    let compactor = Compactor::new(archive, CompactLimits::default(), scratch.path().to_owned(), &());
    compactor.run(now).await.unwrap()
}

/// Of every four requests one is refused, one is cut off before and one after it had its effect: each request of the compaction in one of
/// the four turns.
#[tokio::test]
async fn an_hour_is_archived_once_over_a_bucket_that_fails() {
    let mut faults = [Fault::Fine, Fault::Status(503), Fault::ClosedAfter, Fault::Closed];
    for turn in 0..faults.len() {
        let (bucket, config) = served().await;
        let patience = Patience {
            pause: Duration::from_millis(1),
            // A lookup asks for six days at once: one of these requests may meet the faults of all others.
            retries: 40,
            ..Patience::default()
        };
        let archive = opened(&config, patience);
        let key = "raw/2025/11/21/20/firehose.gz";
        archive.put(key, raw().into()).await.unwrap();
        bucket.keep_failing(&faults);
        let first = compact(&archive).await;
        let done = (
            first.lines,
            first.expired.len(),
            first.broken.len(),
            first.stuck.len(),
        );
        assert_eq!(done, (200, 1, 0, 0), "turn {turn}");
        assert_eq!(compact(&archive).await.lines, 0, "turn {turn}");
        let now: Timestamp = "2025-11-21T21:30:00Z".parse().unwrap();
        let verified = verify(&archive, now).await.unwrap();
        let proved = (verified.faults, verified.lines, verified.raw);
        assert_eq!(proved, (vec![], 200, 1), "turn {turn}");
        let mut lookup = Lookup::new(&archive);
        let found = lookup.find(&Id::new(ID), &Scope::Everywhere).await.unwrap();
        assert_eq!(found.lines.len(), 10, "turn {turn}");
        faults.rotate_left(1);
    }
}
