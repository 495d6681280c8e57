//! The commands over a bucket: what they say over a directory they say over S3.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_types::SdkConfig;
use log_archive_s3::Patience;
use log_archive_s3::loopback::{BUCKET, Bucket as Served};
use ops_archive::{Bucket, Buckets};
use ops_monitoring::Refused;
use tokio::runtime::{Builder, Runtime};

use crate::{NoBuckets, REQUEST, STORY, archive, run, run_with};

/// The one bucket on loopback, which is the stack's too. The server lives as long as its runtime.
pub(crate) struct Loopback {
    _runtime: Runtime,
    pub(crate) served: Arc<Served>,
    config: SdkConfig,
}

impl Loopback {
    pub(crate) fn serve() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (served, config) = runtime.block_on(Served::serve()).unwrap();
        Self {
            _runtime: runtime,
            served,
            config,
        }
    }

    /// With the objects of a directory, under a prefix.
    pub(crate) fn with(directory: &Path, prefix: &str) -> Self {
        let own = Self::serve();
        own.put(directory, directory, prefix);
        own
    }

    fn put(&self, root: &Path, directory: &Path, prefix: &str) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.put(root, &path, prefix);
            } else {
                let key = path.strip_prefix(root).unwrap().to_str().unwrap();
                let bytes = fs::read(&path).unwrap();
                self.served.put(&format!("{prefix}{key}"), bytes.into());
            }
        }
    }
}

#[async_trait]
impl Buckets for Loopback {
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused> {
        let name = name.unwrap_or(BUCKET).to_owned();
        let patience = Patience {
            retries: 0,
            ..Patience::default()
        };
        let store = log_archive_s3::open(&name, &self.config, patience).unwrap();
        Ok(Bucket { name, store })
    }
}

#[test]
fn what_is_said_of_a_directory_is_said_of_a_bucket() {
    let directory = archive();
    let bucket = Loopback::with(directory.path(), "");
    let nested = Loopback::with(directory.path(), "old/2025/");
    for line in [
        "compact --now 2025-11-21T21:00:00Z",
        "ls",
        "stats",
        "stats --json",
        &format!("get {STORY}"),
        &format!("get {REQUEST} --json"),
        "get comma --scan",
        "get nobody",
        "export --form csv",
        "verify",
        "replay",
        &format!("restore-plan {STORY} --now 2026-11-22T00:00:00Z"),
    ] {
        let expected = run(directory.path(), line);
        // The stack's own, by its name, and in a folder of it.
        assert_eq!(run_with(&bucket, line), expected, "{line}");
        let named = format!("{line} --archive s3://{BUCKET}");
        if !line.starts_with("compact") {
            assert_eq!(run_with(&bucket, &named), expected, "{named}");
        }
        let nested_place = format!("{line} --archive s3://{BUCKET}/old/2025");
        assert_eq!(run_with(&nested, &nested_place), expected, "{nested_place}");
    }
}

#[test]
fn a_bucket_that_is_not_there_is_told() {
    let check = |buckets: &dyn Buckets, line: &str, expected: &[&str]| {
        let (code, out) = run_with(buckets, line);
        assert_eq!(code, 1, "{out}");
        assert!(expected.iter().all(|part| out.contains(part)), "{out}");
    };
    let bucket = Loopback::serve();
    check(
        &bucket,
        "ls --archive s3://nowhere",
        &["list the archive: list manifests: ", "NoSuchBucket"],
    );
    check(&NoBuckets, "ls", &["open None: there are no buckets"]);
}
