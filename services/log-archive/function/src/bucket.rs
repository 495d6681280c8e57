//! The archive's bucket, for the forwarder: `s3:PutObject`.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use log_archive_forwarder::ports::{Objects, PortError};
use log_archive_store::Archive;
use object_store::ObjectStore;

/// A bucket that is only written.
#[derive(Debug, Clone)]
pub(crate) struct Bucket(Archive);

impl Bucket {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self(Archive::new(store))
    }
}

#[async_trait]
impl Objects for Bucket {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), PortError> {
        self.0.put(key, bytes).await.map_err(PortError::from)
    }
}
