//! What is remembered, read and written under optimistic locks: a value that somebody else changed meanwhile is read again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::{Clock, PortError, Table};

/// Tries before a value counts as fought over.
const TRIES: u32 = 12;

/// Why nothing can be remembered.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The table does not answer.
    #[error("remember {key}")]
    Call {
        /// What.
        key: String,
        /// Why not.
        source: PortError,
    },
    /// Others wrote each time.
    #[error("remember {key}: others wrote it {TRIES} times meanwhile")]
    FoughtOver {
        /// What.
        key: String,
    },
    /// The value is none that can be written.
    #[error("write down {key}")]
    Unwritable {
        /// What.
        key: String,
        /// Why not.
        source: serde_json::Error,
    },
}

/// Values by key.
#[derive(Clone)]
pub(crate) struct Memory {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    kept: SignedDuration,
}

impl Memory {
    /// What is not written again is forgotten after so long.
    pub(crate) fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>, kept: SignedDuration) -> Self {
        Self { table, clock, kept }
    }

    /// What is there. What cannot be read, because an older release wrote it, counts as nothing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, MemoryError> {
        Ok(self.read(key).await?.0)
    }

    /// Changes a value. `change` may be called again with a newer one, and says at the end what came of it.
    pub(crate) async fn change<T, R>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> (T, R),
    ) -> Result<R, MemoryError>
    where
        T: Serialize + DeserializeOwned,
    {
        for _ in 0..TRIES {
            let (value, version) = self.read(key).await?;
            let (value, outcome) = change(value);
            let text = serde_json::to_string(&value).map_err(|source| MemoryError::Unwritable {
                key: key.to_owned(),
                source,
            })?;
            let forget_at = self.clock.now().checked_add(self.kept).unwrap_or(Timestamp::MAX);
            let written = self.table.write(key, &text, version, forget_at).await;
            if written.map_err(|source| call(key, source))? {
                return Ok(outcome);
            }
        }
        Err(MemoryError::FoughtOver { key: key.to_owned() })
    }

    async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<(Option<T>, Option<u64>), MemoryError> {
        let found = self.table.read(key).await.map_err(|source| call(key, source))?;
        let Some((text, version)) = found else {
            return Ok((None, None));
        };
        let value = serde_json::from_str(&text)
            .inspect_err(
                |error| tracing::warn!(key, %error, "what was remembered cannot be read, and is forgotten"),
            )
            .ok();
        Ok((value, Some(version)))
    }
}

fn call(key: &str, source: PortError) -> MemoryError {
    MemoryError::Call {
        key: key.to_owned(),
        source,
    }
}
