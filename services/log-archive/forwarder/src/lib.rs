//! The forwarder of the log archive: lines of a log group come in as CloudWatch Logs delivers them, and go to Firehose, which
//! stores them as raw objects.
//!
//! In reading order: [`Forwarder`] is the way of one event; `record` cuts lines into records and takes out what must not be kept,
//! `request` puts records into requests, `delivery` sends them until every record is taken; [`ports`] is what is needed from outside.
//!
//! A line is never lost: an event that could not be delivered whole fails, Lambda tries it twice more and then leaves it in the
//! function's dead-letter queue, from where it is set aside under the failure prefix ([`Forwarder::set_aside`]). A line may be
//! delivered twice: compaction knows it by its event ID and keeps one.
//!
//! Not here: how a payload is read and what must not be kept (`log-archive-intake`), the adapters that call AWS and the binary
//! (`log-archive-function`).

mod delivery;
mod forwarder;
pub mod metrics;
pub mod ports;
mod record;
mod request;

pub use delivery::DeliveryError;
pub use forwarder::{ForwardError, Forwarded, Forwarder, SetAside, Settings};
pub use record::{Cut, RECORD_BYTES, cut};
pub use request::{REQUEST_BYTES, REQUEST_RECORDS, requests};
