//! The events on disk. One SQLite file in WAL mode: what was accepted survives the end of the process, however it
//! ends. Which events are being worked on is kept in memory, so that after a restart all of them are due.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use tokio::sync::Notify;

/// Why the queue could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQLite refused.
    #[error("use the queue of asynchronous events")]
    Sqlite(#[from] rusqlite::Error),
    /// The directory cannot be made.
    #[error("make the directory of the queue")]
    Directory(#[source] std::io::Error),
    /// The task was cancelled: the runtime is going down.
    #[error("the queue's thread is gone")]
    Gone,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        function TEXT NOT NULL,
        request_id TEXT NOT NULL,
        payload BLOB NOT NULL,
        client_context TEXT,
        trace_header TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        postponed INTEGER NOT NULL DEFAULT 0,
        accepted_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS event_due ON event (due_ms, id);
    CREATE UNIQUE INDEX IF NOT EXISTS event_once ON event (function, request_id);
";

/// An event to keep.
pub(crate) struct NewEvent {
    pub(crate) function: String,
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) client_context: Option<Value>,
    pub(crate) trace_header: Option<String>,
}

/// An event that is kept.
pub(super) struct StoredEvent {
    pub(super) id: i64,
    pub(super) function: String,
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) client_context: Option<Value>,
    pub(super) trace_header: Option<String>,
    /// Attempts that the function answered.
    pub(super) attempts: u32,
    /// Times in a row that it could not be started or handed over.
    pub(super) postponed: u32,
    accepted_ms: i64,
}

impl StoredEvent {
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(u64::try_from(now_ms() - self.accepted_ms).unwrap_or(0))
    }
}

#[derive(Clone)]
pub(crate) struct Queue(Arc<Inner>);

struct Inner {
    connection: Mutex<Connection>,
    claimed: Mutex<HashSet<i64>>,
    changed: Notify,
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

impl Queue {
    pub(crate) fn open(directory: &Path) -> Result<Self, QueueError> {
        std::fs::create_dir_all(directory).map_err(QueueError::Directory)?;
        let connection = Connection::open(directory.join("async-events.db"))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Inner {
            connection: Mutex::new(connection),
            claimed: Mutex::default(),
            changed: Notify::new(),
        })))
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.0.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs on a thread that may wait for the disk.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, QueueError> {
        let queue = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = queue.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&queue, &mut connection)
        });
        Ok(done.await.map_err(|_| QueueError::Gone)??)
    }

    /// Keeps an event. When this returns, it is on disk. The sender may not have seen the answer and send it again:
    /// the same request is kept once.
    pub(crate) async fn accept(&self, event: NewEvent) -> Result<(), QueueError> {
        self.with(move |_, connection| {
            let now = now_ms();
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO event (function, request_id, payload, client_context, trace_header, accepted_ms, due_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                )?
                .execute(params![
                    event.function,
                    event.request_id,
                    event.payload.as_ref(),
                    event.client_context.map(|context| context.to_string()),
                    event.trace_header,
                    now
                ])
        })
        .await?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// Waits until some event that nobody works on may be due.
    pub(super) async fn wait_for_due(&self) {
        let next = self
            .with(|queue, connection| queue.next(connection).map(|next| next.map(|(_, due)| due)))
            .await;
        match next.ok().flatten() {
            Some(due) => {
                let left = Duration::from_millis(u64::try_from(due - now_ms()).unwrap_or(0));
                // A change means that another event may be due earlier.
                let _ = tokio::time::timeout(left, self.0.changed.notified()).await;
            }
            None => self.0.changed.notified().await,
        }
    }

    /// The first event that nobody works on.
    fn next(&self, connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
        let claimed = self.claimed();
        let mut statement = connection.prepare_cached("SELECT id, due_ms FROM event ORDER BY due_ms, id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if !claimed.contains(&id) {
                return Ok(Some((id, row.get(1)?)));
            }
        }
        Ok(None)
    }

    /// Takes the first due event; it stays on disk.
    pub(super) async fn claim(&self) -> Result<Option<StoredEvent>, QueueError> {
        self.with(|queue, connection| {
            let Some((id, due)) = queue.next(connection)? else { return Ok(None) };
            if due > now_ms() {
                return Ok(None);
            }
            let event = connection
                .prepare_cached("SELECT id, function, request_id, payload, client_context, trace_header, attempts, postponed, accepted_ms FROM event WHERE id = ?1")?
                .query_row([id], read)
                .optional()?;
            if event.is_some() {
                queue.claimed().insert(id);
            }
            Ok(event)
        })
        .await
    }

    /// Forgets an event: it succeeded or was handed over.
    pub(super) async fn remove(&self, id: i64) -> Result<(), QueueError> {
        self.with(move |_, connection| connection.execute("DELETE FROM event WHERE id = ?1", [id]))
            .await?;
        self.release(id);
        Ok(())
    }

    /// Makes an event due again.
    pub(super) async fn again(
        &self,
        id: i64,
        after: Duration,
        attempts: u32,
        postponed: u32,
    ) -> Result<(), QueueError> {
        self.with(move |_, connection| {
            connection.execute(
                "UPDATE event SET due_ms = ?2, attempts = ?3, postponed = ?4 WHERE id = ?1",
                params![id, now_ms() + milliseconds(after), attempts, postponed],
            )
        })
        .await?;
        self.release(id);
        Ok(())
    }

    /// Nobody works on the event any more.
    pub(super) fn release(&self, id: i64) {
        self.claimed().remove(&id);
        self.0.changed.notify_one();
    }

    /// What waits for its time waits so much less.
    pub(crate) async fn put_forward(&self, by: Duration) -> Result<(), QueueError> {
        self.with(move |_, connection| {
            connection.execute("UPDATE event SET due_ms = due_ms - ?1", [milliseconds(by)])
        })
        .await?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// Is an event of the function worked on, or due now? One that is tried again later is neither.
    pub(crate) fn is_busy(&self, function: &str) -> bool {
        let connection = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = self.claimed();
        let busy = || -> rusqlite::Result<bool> {
            let mut statement =
                connection.prepare_cached("SELECT id, due_ms FROM event WHERE function = ?1")?;
            let mut rows = statement.query([function])?;
            let now = now_ms();
            while let Some(row) = rows.next()? {
                if row.get::<_, i64>(1)? <= now || claimed.contains(&row.get(0)?) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        // A queue that cannot be read will run nothing.
        busy().unwrap_or(false)
    }

    /// Events per function that are not done, running ones included.
    pub(crate) fn depth(&self, function: &str) -> u64 {
        let connection = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connection
            .prepare_cached("SELECT count(*) FROM event WHERE function = ?1")
            .and_then(|mut statement| statement.query_row([function], |row| row.get::<_, i64>(0)));
        // A number for people: no reason to fail a status page.
        count
            .ok()
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0)
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredEvent> {
    let context: Option<String> = row.get(4)?;
    Ok(StoredEvent {
        id: row.get(0)?,
        function: row.get(1)?,
        request_id: row.get(2)?,
        payload: Bytes::from(row.get::<_, Vec<u8>>(3)?),
        client_context: context.and_then(|text| serde_json::from_str(&text).ok()),
        trace_header: row.get(5)?,
        attempts: row.get(6)?,
        postponed: row.get(7)?,
        accepted_ms: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_id: &str) -> NewEvent {
        NewEvent {
            function: "mail".into(),
            request_id: request_id.into(),
            payload: Bytes::from_static(b"{}"),
            client_context: None,
            trace_header: None,
        }
    }

    #[tokio::test]
    async fn an_event_is_worked_on_once_and_due_again_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let queue = Queue::open(directory.path()).unwrap();
        queue.accept(event("a")).await.unwrap();
        queue.accept(event("b")).await.unwrap();
        queue.accept(event("b")).await.unwrap();
        let first = queue.claim().await.unwrap().unwrap();
        let second = queue.claim().await.unwrap().unwrap();
        assert_eq!(
            (first.request_id.as_str(), second.request_id.as_str()),
            ("a", "b")
        );
        assert!(queue.claim().await.unwrap().is_none());
        queue.remove(second.id).await.unwrap();
        assert_eq!(queue.depth("mail"), 1);

        let after_restart = Queue::open(directory.path()).unwrap();
        after_restart.wait_for_due().await;
        assert_eq!(after_restart.claim().await.unwrap().unwrap().request_id, "a");
    }

    #[tokio::test]
    async fn what_waits_follows_a_clock_that_jumps() {
        let directory = tempfile::tempdir().unwrap();
        let queue = Queue::open(directory.path()).unwrap();
        queue.accept(event("a")).await.unwrap();
        let claimed = queue.claim().await.unwrap().unwrap();
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        queue.again(claimed.id, minutes(2), 1, 0).await.unwrap();
        queue.put_forward(minutes(1)).await.unwrap();
        assert!(queue.claim().await.unwrap().is_none(), "half of it is over");
        queue.put_forward(minutes(1)).await.unwrap();
        queue.wait_for_due().await;
        assert_eq!(queue.claim().await.unwrap().unwrap().attempts, 1);
    }

    #[tokio::test]
    async fn an_event_put_back_is_due_later() {
        let directory = tempfile::tempdir().unwrap();
        let queue = Queue::open(directory.path()).unwrap();
        queue.accept(event("a")).await.unwrap();
        assert!(queue.is_busy("mail"), "it is due");
        let claimed = queue.claim().await.unwrap().unwrap();
        assert!(queue.is_busy("mail"), "it is worked on");
        assert!(!queue.is_busy("other"));
        queue
            .again(claimed.id, Duration::from_millis(30), 1, 0)
            .await
            .unwrap();
        assert!(queue.claim().await.unwrap().is_none(), "not due yet");
        assert!(!queue.is_busy("mail"), "it is tried again later");
        let again = loop {
            queue.wait_for_due().await;
            if let Some(event) = queue.claim().await.unwrap() {
                break event;
            }
        };
        assert_eq!(again.attempts, 1);
        assert!(again.age() >= Duration::from_millis(30));
    }
}
