//! A bucket on loopback with the objects of a directory. `ops-archive-sql` asks one, too.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_types::SdkConfig;
use log_archive_domain::restore::{Restoring, Speed};
use log_archive_s3::Patience;
use log_archive_s3::loopback::{BUCKET, Bucket as Served};
use ops_archive::{Bucket, Buckets, Glacier};
use ops_monitoring::Refused;
use tokio::runtime::{Builder, Runtime};

/// The one bucket on loopback, which is the stack's too. The server lives as long as its runtime.
pub(crate) struct Loopback {
    _runtime: Runtime,
    pub(crate) served: Arc<Served>,
    pub(crate) config: SdkConfig,
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
        let glacier = log_archive_s3::Glacier::new(&name, &self.config, patience).unwrap();
        let glacier: Option<Arc<dyn Glacier>> = Some(Arc::new(LoopbackGlacier(glacier)));
        Ok(Bucket { name, store, glacier })
    }
}

#[derive(Debug)]
struct LoopbackGlacier(log_archive_s3::Glacier);

#[async_trait]
impl Glacier for LoopbackGlacier {
    async fn restore(&self, key: &str, days: u32, speed: Speed) -> Result<Restoring, String> {
        let restoring = self.0.restore(key, days, speed).await;
        restoring.map_err(|error| error.to_string())
    }
}
