//! What was observed, on disk: an SQLite file in WAL mode, written by one thread in batches, read by connections of
//! their own while it is written, bounded by deleting the oldest rows, and kept over restarts.
//!
//! On AWS each service has a store of its own (CloudWatch Logs, CloudWatch metrics, X-Ray, a mailbox).
//! What does not belong here: protocols, and what the rows mean to a caller.

pub(crate) mod alarm_rows;
mod rows;
mod schema;
mod tap;
pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::clock::Clock;

pub(crate) use alarm_rows::{AlarmWrite, HistoryRow};
pub use rows::{Datum, LogEvent, Mail, Statistics};
pub(crate) use tap::{Load, Tap, Tapped, Which, stored_metric};

/// Writes that may wait for the disk; what comes on top is dropped and counted, so that no observer ever waits.
const QUEUE: usize = 65_536;

/// Most rows that are kept of each kind; the oldest are deleted in batches.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Log events.
    pub log_events: u64,
    /// Segment documents.
    pub segments: u64,
    /// Datapoints (one metric, one second or minute).
    pub datapoints: u64,
    /// Mails.
    pub mails: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            log_events: 2_000_000,
            segments: 1_000_000,
            datapoints: 1_000_000,
            mails: 100_000,
        }
    }
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the observability store failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer program wrote the file.
    #[error("the store has schema version {found}, this program knows {known}: start with --fresh")]
    Schema {
        /// Version in the file.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// The writing thread could not be started.
    #[error("the writer thread of the store did not start")]
    Thread(#[source] std::io::Error),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// How far an earlier plane had got with its clock, as far as it is known; `None` for a new file.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn reached(path: &Path) -> Result<Option<jiff::Timestamp>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = schema::open_reader(path)?;
    alarm_rows::reached(&connection)
}

/// One thing to write.
#[derive(Debug)]
pub(crate) enum Write {
    Log(LogEvent),
    Segment(serde_json::Value),
    Datum(Datum),
    Mail(Mail),
    Alarm(AlarmWrite),
    /// Datapoints of a series for the tap, between what was written before and what is written after.
    Load(Load),
    /// Answered when everything before it is on disk.
    Flush(oneshot::Sender<()>),
    Close,
}

/// Counters since start, for `/_shopwatch/stats`.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Writes refused because the queue was full.
    pub dropped: AtomicU64,
    /// Rows written.
    pub written: AtomicU64,
    /// Rows that could not be stored.
    pub failed_rows: AtomicU64,
    /// Documents with `_aws` that were no valid embedded metric format.
    pub emf_errors: AtomicU64,
    /// Metric filters whose pattern is not understood.
    pub metric_filters_left_out: AtomicU64,
}

/// Handle; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    queue: SyncSender<Write>,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    counters: Arc<Counters>,
}

impl Store {
    /// Opens or makes the file, for a plane on the wall clock that nobody watches datapoints of.
    ///
    /// # Errors
    /// When the file cannot be used or is of a newer schema.
    #[cfg(test)]
    pub(crate) fn open(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        Self::open_with(path, limits, Clock::wall(), None)
    }

    /// Opens or makes the file. Every datapoint that is stored goes to the tap too.
    ///
    /// # Errors
    /// When the file cannot be used or is of a newer schema.
    pub(crate) fn open_with(
        path: &Path,
        limits: Limits,
        clock: Clock,
        tap: Option<Tap>,
    ) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        schema::prepare(&connection)?;
        let counters = Arc::new(Counters::default());
        let (queue, incoming) = sync_channel(QUEUE);
        let writer = writer::Writer::new(connection, limits, Arc::clone(&counters), clock, tap);
        let thread = std::thread::Builder::new()
            .name("observability-store".to_owned())
            .spawn(move || writer.run(&incoming))
            .map_err(StoreError::Thread)?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            queue,
            readers: Mutex::default(),
            writer: Mutex::new(Some(thread)),
            counters,
        })))
    }

    /// Hands over without waiting; a full queue drops and counts.
    pub(crate) fn write(&self, write: Write) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.0.queue.try_send(write) {
            self.0.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Hands over what must not be dropped: waits while the queue is full.
    pub(crate) async fn write_all(&self, writes: Vec<Write>) {
        let queue = self.0.queue.clone();
        let sent =
            tokio::task::spawn_blocking(move || writes.into_iter().all(|write| queue.send(write).is_ok()));
        if !sent.await.unwrap_or(false) {
            // The store is closed: the plane is stopping.
            self.0.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counters since start.
    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Waits until everything handed over before is readable.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let queue = self.0.queue.clone();
        let sent = tokio::task::spawn_blocking(move || queue.send(Write::Flush(done)).is_ok()).await;
        if sent.unwrap_or(false) {
            let _ = written.await;
        }
    }

    /// Runs a query on a reader's connection, off the async threads.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let idle = inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match idle {
                Some(connection) => connection,
                None => schema::open_reader(&inner.path)?,
            };
            let answer = query(&connection);
            inner
                .readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            answer
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }

    /// Writes what is queued and ends the writer.
    pub(crate) async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let _ = tokio::task::spawn_blocking(move || {
            let _ = inner.queue.send(Write::Close);
            if let Some(writer) = inner.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
                let _ = writer.join();
            }
        })
        .await;
    }
}
