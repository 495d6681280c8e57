//! What is remembered, read and written under optimistic locks: a value that somebody else changed meanwhile is read again.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::ports::{Clock, PortError, Table};

/// So long others may write each time before a value counts as fought over. The table pauses in between.
const PATIENCE: Duration = Duration::from_secs(8);
/// Tries of what must be written down because a mail went.
const TRIES: u32 = 3;

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
    #[error("remember {key}: others wrote it for {} s", PATIENCE.as_secs())]
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

/// What becomes of a value.
pub(crate) enum To<T> {
    /// This.
    Become(T),
    /// It stays as it is: nothing is written.
    Stay,
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

    /// The same, with what is written from here forgotten after so long.
    pub(crate) fn kept_for(&self, kept: SignedDuration) -> Self {
        Self { kept, ..self.clone() }
    }

    /// What is there. What cannot be read, because an older release wrote it, counts as nothing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, MemoryError> {
        Ok(self.read(key).await?.0)
    }

    /// Changes a value. `change` may be called again with a newer one, and says at the end what came of it.
    pub(crate) async fn change<T, R>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> (To<T>, R),
    ) -> Result<R, MemoryError>
    where
        T: Serialize + DeserializeOwned,
    {
        let until = Instant::now() + PATIENCE;
        loop {
            let (value, version) = self.read(key).await?;
            let (value, outcome) = match change(value) {
                (To::Become(value), outcome) => (value, outcome),
                (To::Stay, outcome) => return Ok(outcome),
            };
            let text = serde_json::to_string(&value).map_err(|source| MemoryError::Unwritable {
                key: key.to_owned(),
                source,
            })?;
            let forget_at = self.clock.now().checked_add(self.kept).unwrap_or(Timestamp::MAX);
            let written = self.table.write(key, &text, version, forget_at).await;
            if written.map_err(|source| call(key, source))? {
                return Ok(outcome);
            }
            if Instant::now() >= until {
                return Err(MemoryError::FoughtOver { key: key.to_owned() });
            }
        }
    }

    /// [`Memory::change`], tried again when it fails: for what has happened already and cannot be taken back.
    pub(crate) async fn surely<T, R>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> (To<T>, R),
    ) -> Result<R, MemoryError>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut left = TRIES;
        loop {
            left -= 1;
            match self.change(key, &mut change).await {
                Err(error) if left > 0 => {
                    tracing::warn!(key, %error, "what was done is not written down yet")
                }
                outcome => return outcome,
            }
        }
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
