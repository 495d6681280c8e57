//! The store with what the archive needs of it, and a count of what was read.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};

use crate::ArchiveError;

/// An archive in a bucket or in a directory.
#[derive(Debug, Clone)]
pub struct Archive {
    store: Arc<dyn ObjectStore>,
    reads: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// What was read since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reads {
    /// Requests that read an object, or a range of one.
    pub requests: u64,
    /// Bytes of their answers.
    pub bytes: u64,
}

impl std::ops::Sub for Reads {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Where.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

impl Archive {
    /// The archive in this store. A prefix, if there is one, is the store's.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        let reads = Arc::default();
        Self { store, reads }
    }

    /// What was read so far.
    #[must_use]
    pub fn reads(&self) -> Reads {
        Reads {
            requests: self.reads.requests.load(Ordering::Relaxed),
            bytes: self.reads.bytes.load(Ordering::Relaxed),
        }
    }

    /// A whole object; `None` if it is not there.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, ArchiveError> {
        let got = match self.store.get(&path(key, "read")?).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        self.counted(key, got)
    }

    /// A range of an object; `None` if it is not there.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Option<Bytes>, ArchiveError> {
        self.counted(key, self.store.get_range(&path(key, "read")?, range).await)
    }

    fn counted(&self, key: &str, got: object_store::Result<Bytes>) -> Result<Option<Bytes>, ArchiveError> {
        match got {
            Ok(bytes) => {
                self.reads.requests.fetch_add(1, Ordering::Relaxed);
                self.reads.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Ok(Some(bytes))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(failed("read", key, cause)),
        }
    }

    /// Writes an object, over whatever is there.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), ArchiveError> {
        let put = self.store.put(&path(key, "write")?, bytes.into()).await;
        put.map(|_| ()).map_err(|cause| failed("write", key, cause))
    }

    /// Writes an object unless there is one. Says whether it did.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn create(&self, key: &str, bytes: Bytes) -> Result<bool, ArchiveError> {
        let options = PutOptions::from(PutMode::Create);
        match self
            .store
            .put_opts(&path(key, "write")?, bytes.into(), options)
            .await
        {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(cause) => Err(failed("write", key, cause)),
        }
    }

    /// Objects under a prefix, by key.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, ArchiveError> {
        self.listed(prefix, self.store.list(Some(&path(prefix, "list")?)))
            .await
    }

    /// Objects under a prefix whose keys come after this one.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn list_after(&self, prefix: &str, key: &str) -> Result<Vec<Listed>, ArchiveError> {
        let (under, after) = (path(prefix, "list")?, path(key, "list")?);
        let objects = self.store.list_with_offset(Some(&under), &after);
        self.listed(prefix, objects).await
    }

    async fn listed(
        &self,
        prefix: &str,
        objects: BoxStream<'_, object_store::Result<ObjectMeta>>,
    ) -> Result<Vec<Listed>, ArchiveError> {
        let listed = objects.map_ok(|meta| Listed {
            key: meta.location.to_string(),
            size: meta.size,
        });
        let mut listed: Vec<Listed> = listed
            .try_collect()
            .await
            .map_err(|cause| failed("list", prefix, cause))?;
        listed.sort_unstable();
        Ok(listed)
    }

    /// What is directly under a prefix: `dt=2026-11-21` under `manifests`.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, ArchiveError> {
        let listed = self.store.list_with_delimiter(Some(&path(prefix, "list")?)).await;
        let listed = listed.map_err(|cause| failed("list", prefix, cause))?;
        let last = |path: &Path| path.filename().map(str::to_owned);
        let mut folders: Vec<String> = listed.common_prefixes.iter().filter_map(last).collect();
        folders.sort_unstable();
        Ok(folders)
    }

    /// Deletes an object, if it is there.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn delete(&self, key: &str) -> Result<(), ArchiveError> {
        match self.store.delete(&path(key, "delete")?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(failed("delete", key, cause)),
        }
    }

    /// Copies an object within the store. Says whether there was one.
    ///
    /// # Errors
    /// The store refuses.
    pub async fn copy(&self, from: &str, to: &str) -> Result<bool, ArchiveError> {
        match self.store.copy(&path(from, "copy")?, &path(to, "copy")?).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(cause) => Err(failed("copy", from, cause)),
        }
    }
}

/// A key as it was listed. `Path::from` would write `[`, `%`, `#` and others otherwise, and then it is another key.
fn path(key: &str, attempt: &'static str) -> Result<Path, ArchiveError> {
    Path::parse(key).map_err(|error| failed(attempt, key, error.into()))
}

fn failed(attempt: &'static str, key: &str, cause: object_store::Error) -> ArchiveError {
    ArchiveError::Store {
        attempt,
        key: key.to_owned(),
        cause: Box::new(cause),
    }
}

/// The digest of bytes, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hexadecimal(digest.as_ref())
}

/// Two digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
