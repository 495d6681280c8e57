//! An alarm as it is remembered.

use serde::{Deserialize, Serialize};

use super::CLAIM_MS;

/// An alarm that went off, until it is over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredAlarm {
    /// When it changed last, in milliseconds: an older notification that comes late changes nothing.
    pub(crate) changed_ms: Option<i64>,
    /// Since when it is on, or was, until the mail about its end went.
    pub(crate) since_ms: Option<i64>,
    /// Is it on?
    #[serde(default)]
    pub(crate) is_on: bool,
    /// The change that was mailed.
    pub(crate) mailed_ms: Option<i64>,
    /// The change that somebody is telling of, and since when by the wall's clock.
    #[serde(default)]
    pub(crate) claimed: Option<(i64, i64)>,
}

impl StoredAlarm {
    /// Since when it is on; `None` when it is not.
    pub(crate) fn on_since_ms(&self) -> Option<i64> {
        self.since_ms.filter(|_| self.is_on)
    }

    /// Is there nothing more to tell of the change of this time?
    pub(crate) fn is_told(&self, at_ms: i64) -> bool {
        self.changed_ms.is_some_and(|changed| at_ms < changed) || self.mailed_ms == Some(at_ms)
    }

    /// Is somebody telling of it?
    pub(crate) fn is_claimed(&self, at_ms: i64, wall_ms: i64) -> bool {
        self.claimed
            .is_some_and(|(claimed, since)| claimed == at_ms && wall_ms.saturating_sub(since) < CLAIM_MS)
    }
}
