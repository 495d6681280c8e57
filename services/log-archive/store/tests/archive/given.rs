//! An archive with raw objects as the forwarder and Firehose leave them.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use log_archive_domain::{Hour, OwnedLine};
use log_archive_format::WriterLimits;
use log_archive_store::{Archive, CompactLimits, Compacted, Compactor, Verified, Watch, export, verify};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const GROUP: &str = "/aws/lambda/shopfast-order-service";

pub(crate) struct Given {
    pub(crate) directory: TempDir,
    pub(crate) archive: Archive,
    pub(crate) limits: CompactLimits,
}

/// The hour of all tests.
pub(crate) fn hour() -> Hour {
    "2026-11-21T19".parse().unwrap()
}

/// Minutes after its beginning.
pub(crate) fn at(minutes: i64) -> i64 {
    hour().start_ms() + minutes * 60_000
}

/// When it is settled, and that many hours later.
pub(crate) fn now(hours_later: i64) -> Timestamp {
    Timestamp::from_millisecond(at(60 + 25) + hours_later * 3_600_000).unwrap()
}

/// A UUIDv7 of a time.
pub(crate) fn uuid(ms: i64, number: u64) -> String {
    let high = format!("{ms:012x}");
    format!("{}-{}-7abc-8def-{number:012x}", &high[..8], &high[8..])
}

/// Random to look at: a UUIDv4.
pub(crate) fn uuid_v4(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4abc-8def-{number:012x}",
        mixed >> 32,
        mixed >> 16 & 0xffff
    )
}

pub(crate) fn event(id: &str, at: i64, message: impl Into<String>) -> Value {
    json!({"id": id, "timestamp": at, "message": message.into()})
}

/// A line of ours.
pub(crate) fn line(correlation_id: &str, request_id: &str, what: &str) -> String {
    json!({"level": "INFO", "correlation_id": correlation_id, "requestId": request_id, "message": what})
        .to_string()
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn envelope(events: &[Value]) -> String {
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": "2026/11/21/[$LATEST]1",
        "subscriptionFilters": ["all"], "logEvents": events,
    });
    format!("{envelope}\n")
}

impl Given {
    pub(crate) fn in_a_directory() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bucket = directory.path().join("bucket");
        std::fs::create_dir(&bucket).unwrap();
        let store = LocalFileSystem::new_with_prefix(bucket).unwrap();
        Self {
            directory,
            archive: Archive::new(Arc::new(store)),
            limits: small(),
        }
    }

    pub(crate) fn in_memory() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            archive: Archive::new(Arc::new(InMemory::new())),
            limits: small(),
        }
    }

    /// A raw object that arrived so many hours later than the hour of the tests.
    pub(crate) async fn raw(&self, hours_later: i64, name: &str, events: &[Value]) -> String {
        self.raw_bytes(hours_later, name, gzip(envelope(events).as_bytes()))
            .await
    }

    pub(crate) async fn raw_bytes(&self, hours_later: i64, name: &str, bytes: Vec<u8>) -> String {
        let prefix = log_archive_domain::layout::raw_prefix(hour().plus(hours_later));
        let key = format!("{prefix}/{name}.gz");
        self.archive.put(&key, bytes.into()).await.unwrap();
        key
    }

    pub(crate) async fn compact(&self, hours_later: i64) -> Compacted {
        self.compact_watched(hours_later, &()).await.unwrap()
    }

    pub(crate) async fn compact_watched(
        &self,
        hours_later: i64,
        watch: &dyn Watch,
    ) -> Result<Compacted, log_archive_store::ArchiveError> {
        let scratch = self.directory.path().to_owned();
        Compactor::new(&self.archive, self.limits, scratch, watch)
            .run(now(hours_later))
            .await
    }

    /// Every line that is archived.
    pub(crate) async fn lines(&self) -> Vec<(Hour, OwnedLine)> {
        let mut lines = Vec::new();
        let all = Hour::of_ms(0)..=Hour::of_ms(i64::MAX);
        export::each_line::<log_archive_store::ArchiveError>(&self.archive, all, |hour, line| {
            lines.push((hour, line));
            Ok(())
        })
        .await
        .unwrap();
        lines
    }

    pub(crate) async fn event_ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self
            .lines()
            .await
            .into_iter()
            .map(|(_, line)| line.event_id)
            .collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) async fn verify(&self, hours_later: i64) -> Verified {
        verify(&self.archive, now(hours_later)).await.unwrap()
    }

    pub(crate) async fn keys(&self, prefix: &str) -> Vec<String> {
        self.archive
            .list(prefix)
            .await
            .unwrap()
            .into_iter()
            .map(|object| object.key)
            .collect()
    }
}

/// Everything happens that happens to an hour of ten million lines: spills, parts, row groups.
fn small() -> CompactLimits {
    CompactLimits {
        memory: 16 * 1_024,
        part_text: 8 * 1_024,
        window: 64 * 1_024 * 1_024,
        grace_ms: 20 * 60_000,
        writer: WriterLimits {
            row_group_text: 2 * 1_024,
            zstd_level: 1,
        },
    }
}
