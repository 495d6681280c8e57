//! A small archive, not compacted yet, and what a command prints. `ops-archive-sql` asks the same one.

use std::fs;

use async_trait::async_trait;
use ops_archive::{Bucket, Buckets};
use ops_monitoring::{Ended, Refused, Terminal};
use tempfile::TempDir;
use tokio::runtime::Builder;

pub(crate) const STORY: &str = "019aa7f4-9c00-7abc-8def-0123456789ab";
pub(crate) const REQUEST: &str = "8476a536-e9f4-41e8-9739-2dfe598c3fcd";

/// Two raw objects of 2025-11-21T19, the hour of the story's ID.
pub(crate) fn archive() -> TempDir {
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
pub(crate) struct NoBuckets;

#[async_trait]
impl Buckets for NoBuckets {
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused> {
        Err(Refused::failed(format!("open {name:?}")).because("there are no buckets"))
    }
}

/// Exit code and output of a command.
pub(crate) fn printed(
    command: impl AsyncFnOnce(&mut Terminal<'_>) -> Result<Ended, Refused>,
) -> (u8, String) {
    let mut out = Vec::new();
    let mut terminal = Terminal {
        out: &mut out,
        colored: false,
        progress: None,
    };
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let code = match runtime.block_on(command(&mut terminal)) {
        Ok(ended) => ended.code(),
        Err(refused) => {
            terminal.line(&refused).unwrap();
            refused.code()
        }
    };
    (code, String::from_utf8(out).unwrap())
}
