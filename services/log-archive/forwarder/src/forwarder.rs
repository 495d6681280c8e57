//! The way of one event.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use log_archive_domain::{Hour, layout};
use log_archive_intake::{Envelope, EnvelopeError, redacted_envelopes_of_failed};
use telemetry_core::Coded;
use tokio::time::Instant;

use crate::delivery::{DeliveryError, deliver};
use crate::metrics;
use crate::ports::{Clock, Objects, PortError, Stream};
use crate::record::{Cut, cut};

/// So long before the function is stopped no further attempt begins: one may take that long.
const RESERVE: Duration = Duration::from_secs(10);

/// Choices of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The function's own log group, whose lines are left out.
    pub own_log_group: String,
}

/// Why an event could not be delivered whole. It is tried again, and then set aside.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// It is damaged.
    #[error("read the lines")]
    Unreadable(#[source] EnvelopeError),
    /// A record cannot be written as JSON.
    #[error("write records")]
    Unwritable(#[source] serde_json::Error),
    /// Firehose did not take all of it.
    #[error("deliver the lines of {log_group}")]
    Undelivered {
        /// Whose lines.
        log_group: String,
        /// Why.
        #[source]
        cause: DeliveryError,
    },
    /// The bucket did not take an object.
    #[error("store {key}")]
    NotStored {
        /// Which.
        key: String,
        /// Why.
        #[source]
        cause: PortError,
    },
}

impl Coded for ForwardError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable-lines",
            Self::Unwritable(_) => "unwritable-record",
            Self::Undelivered {
                cause: DeliveryError::TimeIsUp { .. },
                ..
            } => "delivery-timeout",
            Self::Undelivered {
                cause: DeliveryError::Refused(_),
                ..
            } => "delivery-refused",
            Self::NotStored { .. } => "object-not-stored",
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Lines that were handed over.
    pub lines: u64,
    /// Records that Firehose took.
    pub records: usize,
    /// Lines that went to the bucket because they are too long.
    pub long: usize,
    /// Texts and values in which something was redacted.
    pub redactions: u64,
    /// Lines of the function itself, which were left out.
    pub own: u64,
}

/// Where an event was put that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The object.
    pub key: String,
    /// Could its lines be read, and be redacted? Otherwise it is kept as it came.
    pub is_readable: bool,
}

/// The forwarder.
#[derive(Clone)]
pub struct Forwarder {
    stream: Arc<dyn Stream>,
    objects: Arc<dyn Objects>,
    clock: Arc<dyn Clock>,
    settings: Settings,
}

impl std::fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwarder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Forwarder {
    /// From its ports.
    #[must_use]
    pub fn new(
        stream: Arc<dyn Stream>,
        objects: Arc<dyn Objects>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self {
            stream,
            objects,
            clock,
            settings,
        }
    }

    /// Forwards the payload of a subscription filter (`awslogs.data`). There is `left` time before the function is stopped.
    ///
    /// # Errors
    /// It is damaged, or not all of it was taken in time. Then all of it is to be delivered again.
    pub async fn forward(&self, payload: &str, left: Duration) -> Result<Forwarded, ForwardError> {
        let until = Instant::now() + left.saturating_sub(RESERVE);
        let json = Envelope::unpack(payload).map_err(ForwardError::Unreadable)?;
        let Some(envelope) = Envelope::read(&json).map_err(ForwardError::Unreadable)? else {
            return Ok(Forwarded::default());
        };
        if self.is_own(&envelope) {
            let own = envelope.log_events.len() as u64;
            metrics::OWN.add(own, &[]);
            return Ok(Forwarded {
                own,
                ..Forwarded::default()
            });
        }
        let cut = cut(&envelope).map_err(ForwardError::Unwritable)?;
        self.store_long(&cut.long).await?;
        let forwarded = forwarded(&cut);
        let log_group = envelope.log_group;
        deliver(&*self.stream, &*self.clock, cut.records, until)
            .await
            .map_err(|cause| ForwardError::Undelivered {
                log_group: log_group.into_owned(),
                cause,
            })?;
        metrics::LINES.add(forwarded.lines, &[]);
        metrics::TEXT.add(cut.text_bytes, &[]);
        metrics::LONG.add(forwarded.long as u64, &[]);
        metrics::REDACTED.add(forwarded.redactions, &[]);
        Ok(forwarded)
    }

    /// Keeps an event of the dead-letter queue under the failure prefix, where `shopwatch archive replay` finds it. The same event has the
    /// same name, whenever within an hour it is set aside.
    ///
    /// # Errors
    /// The bucket does not take it.
    pub async fn set_aside(&self, event: &str) -> Result<SetAside, ForwardError> {
        let readable = redacted_envelopes_of_failed(event.as_bytes()).ok();
        let is_readable = readable.is_some();
        // What cannot be read cannot be redacted either: it is base64, and would be no more.
        let object: Bytes = readable.map_or_else(|| event.to_owned().into(), Bytes::from);
        let key = format!(
            "{}/{}.json",
            layout::failed_prefix(self.hour()),
            name(event.as_bytes())
        );
        self.store(&key, object).await?;
        metrics::ASIDE.add(1, &[]);
        Ok(SetAside { key, is_readable })
    }

    /// A line of ours would be delivered here, which would write another one.
    fn is_own(&self, envelope: &Envelope<'_>) -> bool {
        !self.settings.own_log_group.is_empty() && envelope.log_group == self.settings.own_log_group
    }

    /// A raw object for each, beside those of Firehose.
    async fn store_long(&self, long: &[Bytes]) -> Result<(), ForwardError> {
        for object in long {
            let key = format!("{}/long-{}.json", layout::raw_prefix(self.hour()), name(object));
            self.store(&key, object.clone()).await?;
        }
        Ok(())
    }

    async fn store(&self, key: &str, object: Bytes) -> Result<(), ForwardError> {
        let stored = self.objects.put(key, object).await;
        stored.map_err(|cause| ForwardError::NotStored {
            key: key.to_owned(),
            cause,
        })
    }

    fn hour(&self) -> Hour {
        Hour::of_ms(self.clock.now().as_millisecond())
    }
}

fn forwarded(cut: &Cut) -> Forwarded {
    Forwarded {
        lines: cut.lines,
        records: cut.records.len(),
        long: cut.long.len(),
        redactions: cut.redactions,
        own: 0,
    }
}

/// The name of an object by what is in it.
fn name(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
