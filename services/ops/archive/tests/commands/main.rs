//! The commands of `shopwatch archive`, as a person types them.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod bucket;
mod directory;
mod sql;

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use clap::Parser;
use expect_test::Expect;
use ops_archive::{Bucket, Buckets, Command};
use ops_monitoring::{Refused, Terminal};
use tempfile::TempDir;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const STORY: &str = "019aa7f4-9c00-7abc-8def-0123456789ab";
const REQUEST: &str = "8476a536-e9f4-41e8-9739-2dfe598c3fcd";

/// Two raw objects of 2025-11-21T19, the hour of the story's ID.
fn archive() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let raw = directory.path().join("raw/2025/11/21/19");
    fs::create_dir_all(&raw).unwrap();
    let event = |id: &str, second: u64, message: &str| serde_json::json!({"id": id, "timestamp": 1_763_754_420_000_u64 + second * 1_000, "message": message});
    let put = |name: &str, events: &[serde_json::Value]| {
        let envelope = serde_json::json!({
            "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/shopfast-order-service", "logStream": "s",
            "subscriptionFilters": ["all"], "logEvents": events,
        });
        fs::write(raw.join(name), format!("{envelope}\n")).unwrap();
    };
    let line = format!(
        r#"{{"level":"INFO","correlation_id":"{STORY}","requestId":"{REQUEST}","message":"order placed"}}"#
    );
    put(
        "one",
        &[
            event("1", 1, &format!("START RequestId: {REQUEST} Version: 1\n")),
            event("2", 2, &line),
        ],
    );
    put(
        "two",
        &[event("2", 2, &line), event("3", 3, "a text with, a comma")],
    );
    directory
}

/// There is none.
#[derive(Debug)]
struct NoBuckets;

#[async_trait]
impl Buckets for NoBuckets {
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused> {
        Err(Refused::failed(format!("open {name:?}")).because("there are no buckets"))
    }
}

fn run(archive: &Path, line: &str) -> (u8, String) {
    run_with(
        &NoBuckets,
        &format!("{line} --archive {}", archive.to_str().unwrap()),
    )
}

fn run_with(buckets: &dyn Buckets, line: &str) -> (u8, String) {
    let words: Vec<&str> = std::iter::once("archive")
        .chain(line.split_whitespace())
        .collect();
    run_words(buckets, &words)
}

fn run_words(buckets: &dyn Buckets, words: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    let mut out = Vec::new();
    let mut terminal = Terminal {
        out: &mut out,
        colored: false,
        progress: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let code = match runtime.block_on(ops_archive::run(cli.command, buckets, &mut terminal)) {
        Ok(ended) => ended.code(),
        Err(refused) => {
            terminal.line(&refused).unwrap();
            refused.code()
        }
    };
    (code, String::from_utf8(out).unwrap())
}

fn compacted() -> TempDir {
    let directory = archive();
    let (code, _) = run(directory.path(), "compact --now 2025-11-21T21:00:00Z");
    assert_eq!(code, 0);
    directory
}

fn check(archive: &Path, line: &str, code: u8, expected: &Expect) {
    let (own, out) = run(archive, line);
    let path = archive.to_str().unwrap();
    expected.assert_eq(&format!(
        "{}exit {own}\n",
        out.replace(path, "ARCHIVE").replace('\r', "<CR>")
    ));
    assert_eq!(own, code, "{line}");
}
