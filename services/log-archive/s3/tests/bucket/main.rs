//! The archive on S3, as the bucket on loopback plays it, which can fail.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::sync::Arc;

use aws_types::SdkConfig;
use log_archive_s3::Patience;
use log_archive_s3::loopback::{BUCKET, Bucket};
use log_archive_store::Archive;

mod archive;
mod faults;
mod restore;
mod told;

async fn served() -> (Arc<Bucket>, SdkConfig) {
    Bucket::serve().await.unwrap()
}

/// The archive in it.
fn opened(config: &SdkConfig, patience: Patience) -> Archive {
    Archive::new(log_archive_s3::open(BUCKET, config, patience).unwrap())
}
