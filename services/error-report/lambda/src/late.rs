//! Alarms that found no room in a mail of their own: how they are when another mail tells of them.

use error_report_domain::report::HeldAlarm;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::alarms::KEY;
use crate::error_report::ErrorReport;
use crate::memory::{MemoryError, To};
use crate::stored::{StoredAlarm, WaitingAlarm};

/// Items of the table that are asked for at the same time.
const AT_ONCE: usize = 8;

impl ErrorReport {
    /// How alarms that waited are now; those that are on first.
    pub(crate) async fn waiting_alarms(
        &self,
        waiting: &[WaitingAlarm],
    ) -> Result<Vec<HeldAlarm>, MemoryError> {
        let asked: Vec<_> = waiting.iter().map(|alarm| self.waiting_alarm(alarm)).collect();
        let mut found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        found.sort_by_key(|alarm: &HeldAlarm| (alarm.since.is_none(), alarm.since));
        Ok(found)
    }

    async fn waiting_alarm(&self, waiting: &WaitingAlarm) -> Result<HeldAlarm, MemoryError> {
        let stored = self
            .memory
            .get::<StoredAlarm>(&format!("{KEY}{}", waiting.name))
            .await?;
        let since = stored.and_then(|stored| stored.on_since_ms());
        Ok(HeldAlarm {
            name: waiting.name.clone(),
            since: since.and_then(|since| Timestamp::from_millisecond(since).ok()),
        })
    }

    /// They are told: an event about one that failed and comes again tells nothing more. If that cannot be written down, it does.
    pub(crate) async fn told_late(&self, alarms: &[WaitingAlarm]) {
        let told: Vec<_> = alarms.iter().map(|alarm| self.alarm_told(alarm)).collect();
        let mut told = stream::iter(told).buffered(AT_ONCE);
        while let Some(outcome) = told.next().await {
            if let Err(error) = outcome {
                tracing::error!(%error, "an alarm was told late, and nobody could write that down");
            }
        }
    }

    async fn alarm_told(&self, alarm: &WaitingAlarm) -> Result<(), MemoryError> {
        let wall_ms = self.wall_ms();
        self.memory
            .surely(
                &format!("{KEY}{}", alarm.name),
                |stored: Option<StoredAlarm>| match stored.and_then(|stored| stored.told_besides(wall_ms)) {
                    Some(after) => (To::Become(after), ()),
                    None => (To::Stay, ()),
                },
            )
            .await
    }
}
