//! Records of a shard are in order: work stops at the first failure, and the shard goes on from there. Its sequence number
//! says where; everything before it counts as done.

use telemetry_core::Coded;

use super::Deadline;
use super::record::attempt;

/// A record of a shard.
#[derive(Debug)]
pub(super) struct Entry<R> {
    /// What telemetry knows it by.
    pub(super) event_id: String,
    /// What the partial answer calls it.
    pub(super) sequence_number: String,
    pub(super) record: R,
}

/// Runs `work` for each record until one fails; its sequence number.
pub(super) async fn until_failure<R, F, Fut, E>(
    entries: impl IntoIterator<Item = Entry<R>>,
    deadline: Deadline,
    work: F,
) -> Option<String>
where
    F: Fn(R) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    for entry in entries {
        let outcome = attempt(deadline, async { work(entry.record).await });
        if telemetry_lambda::in_record(&entry.event_id, outcome)
            .await
            .is_err()
        {
            return Some(entry.sequence_number);
        }
    }
    None
}
