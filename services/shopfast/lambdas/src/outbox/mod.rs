//! The outbox: events are written beside the order they tell about, and relayed to the bus from the table's stream. An event
//! is told at least once; its id lets consumers recognise it.

pub mod relay;

use aws_sdk_dynamodb::types::Put;
use jiff::{SignedDuration, Timestamp};

use crate::adapter::AdapterError;
use crate::attributes::{number, text};
use crate::order::ports::StoredOrder;
use crate::order::wire::{EventDetail, detail_type};

/// How long a relayed event can still be looked up.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The event about an order now, as part of the transaction that changes it. Telling again what was told is no change.
pub(crate) fn put(table: &str, stored: &StoredOrder, now: Timestamp) -> Result<Put, AdapterError> {
    let detail = EventDetail::of(stored);
    let json = serde_json::to_string(&detail).map_err(|e| AdapterError::call("write an event", e))?;
    Put::builder()
        .table_name(table)
        .item("schema", number(1))
        .item("eventId", text(&detail.event_id))
        .item("detailType", text(detail_type(stored)))
        .item("detail", text(json))
        .item("createdAt", text(format!("{now:.3}")))
        .item(
            "expiresAt",
            number(now.as_second().saturating_add(RETENTION.as_secs())),
        )
        .build()
        .map_err(|e| AdapterError::call("build a transaction", e))
}
