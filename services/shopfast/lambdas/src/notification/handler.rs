//! One record of the topic: read the event, take the right to send, send, note it. A record that fails fails the invocation
//! after all were tried: Lambda tries again, then the dead-letter queue keeps it.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_lambda_events::event::sns::{SnsEvent, SnsRecord};
use lambda_runtime::LambdaEvent;
use platform::batch::sns::RecordsFailed;
use platform::batch::{Deadline, sns};
use platform::env::{EnvError, Source};
use serde::Deserialize;
use serde_json::{Value, json};
use shopfast_domain::money::{Currency, Money, MoneyError};
use shopfast_domain::notification::{Mail, Told, mail};
use shopfast_domain::order::OrderEvent;
use telemetry_aws_sdk::Interceptor;
use telemetry_core::Coded;

use super::log::{Begin, DynamoDbLog, SentLog};
use super::metrics;
use super::ses::SesMailer;
use crate::adapter::AdapterError;
use crate::order::function::tables_client;
use crate::order::wire::EventDetail;

/// Sends mails: `ses:SendEmail`.
#[async_trait]
pub trait SendMail: Send + Sync {
    /// One mail, tagged with order and event type.
    async fn send(&self, to: &str, mail: &Mail, order_id: &str, event_type: &str)
    -> Result<(), AdapterError>;
}

/// Why a record failed.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// The message is not an event about an order.
    #[error("read a notification")]
    Unreadable(#[source] serde_json::Error),
    /// Its total is none.
    #[error("read a notification's total")]
    Money(#[from] MoneyError),
    /// Another delivery of the same event is being sent.
    #[error("send a mail: another delivery of the event is at it")]
    Busy,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl Coded for NotificationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Money(_) => "unreadable-notification",
            Self::Busy => "notification-busy",
            Self::Call(error) => error.code(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Value,
}

/// `shopfast-notification-handler`.
#[derive(Clone)]
pub struct NotificationHandler {
    log: Arc<dyn SentLog>,
    mailer: Arc<dyn SendMail>,
}

impl std::fmt::Debug for NotificationHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NotificationHandler").finish_non_exhaustive()
    }
}

impl NotificationHandler {
    /// From `NOTIFICATION_LOG_TABLE`, `MAIL_FROM`.
    ///
    /// # Errors
    /// When one is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let log = DynamoDbLog::new(
            tables_client(config, ""),
            source.required("NOTIFICATION_LOG_TABLE")?,
        );
        let builder = aws_sdk_sesv2::config::Builder::from(config).interceptor(Interceptor::new());
        let client = aws_sdk_sesv2::Client::from_conf(builder.build());
        let mailer = SesMailer::new(client, source.required("MAIL_FROM")?);
        Ok(Self {
            log: Arc::new(log),
            mailer: Arc::new(mailer),
        })
    }

    /// One event of the topic.
    ///
    /// # Errors
    /// When any record failed.
    pub async fn handle(&self, event: LambdaEvent<SnsEvent>) -> Result<Value, RecordsFailed> {
        let deadline = Deadline::of(&event.context);
        let total = event.payload.records.len();
        sns::run(event.payload, deadline, |record| self.notify(record)).await?;
        Ok(json!({"processed": total}))
    }

    async fn notify(&self, record: SnsRecord) -> Result<(), NotificationError> {
        let outcome = self.tell(&record.sns.message).await;
        if outcome.is_err() {
            metrics::ERRORS.add(1, &[]);
        }
        outcome
    }

    async fn tell(&self, message: &str) -> Result<(), NotificationError> {
        let envelope: Envelope = serde_json::from_str(message).map_err(NotificationError::Unreadable)?;
        let Some(event) = OrderEvent::parse(&envelope.detail_type) else {
            tracing::warn!(
                event_type = envelope.detail_type,
                "an event of an unknown type is not mailed"
            );
            metrics::SKIPPED.add(1, &[("Reason", "unknown-type")]);
            return Ok(());
        };
        let detail: EventDetail =
            serde_json::from_value(envelope.detail).map_err(NotificationError::Unreadable)?;
        telemetry_core::annotate("order_id", detail.order_id.clone());
        detail.tell();
        telemetry_core::annotate("event_type", event.detail_type());
        let Some(mail) = mail_of(event, &detail)? else {
            metrics::SKIPPED.add(1, &[("Reason", "not-mailed")]);
            return Ok(());
        };
        if detail.email.is_empty() {
            tracing::warn!(
                order_id = detail.order_id,
                "an order without an e-mail address is not mailed"
            );
            metrics::SKIPPED.add(1, &[("Reason", "no-address")]);
            return Ok(());
        }
        self.send_once(event, &detail, &mail).await
    }

    async fn send_once(
        &self,
        event: OrderEvent,
        detail: &EventDetail,
        mail: &Mail,
    ) -> Result<(), NotificationError> {
        match self.log.begin(&detail.event_id).await? {
            Begin::Started => {}
            Begin::Sent => {
                tracing::info!(
                    order_id = detail.order_id,
                    event_id = detail.event_id,
                    "mail was sent before"
                );
                metrics::SKIPPED.add(1, &[("Reason", "sent-before")]);
                return Ok(());
            }
            Begin::Busy => return Err(NotificationError::Busy),
        }
        let sent = self
            .mailer
            .send(&detail.email, mail, &detail.order_id, event.detail_type())
            .await;
        if let Err(error) = sent {
            self.log.give_up(&detail.event_id).await?;
            return Err(error.into());
        }
        self.log.note_sent(&detail.event_id).await?;
        metrics::SENT.add(1, &[("EventType", event.detail_type())]);
        tracing::info!(
            order_id = detail.order_id,
            event_type = event.detail_type(),
            "mail sent"
        );
        Ok(())
    }
}

fn mail_of(event: OrderEvent, detail: &EventDetail) -> Result<Option<Mail>, NotificationError> {
    let told = Told {
        event,
        order_id: &detail.order_id,
        first_name: &detail.first_name,
        total: Money::try_new(detail.total, Currency::try_new(&detail.currency)?)?,
        tracking_number: detail.tracking_number.as_deref(),
    };
    Ok(mail(&told))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct World {
        log: Mutex<HashMap<String, bool>>,
        mails: Mutex<Vec<(String, String)>>,
    }

    #[async_trait]
    impl SentLog for World {
        async fn begin(&self, event_id: &str) -> Result<Begin, AdapterError> {
            let mut log = self.log.lock().unwrap();
            Ok(match log.get(event_id) {
                Some(true) => Begin::Sent,
                Some(false) => Begin::Busy,
                None => {
                    log.insert(event_id.to_owned(), false);
                    Begin::Started
                }
            })
        }

        async fn note_sent(&self, event_id: &str) -> Result<(), AdapterError> {
            self.log.lock().unwrap().insert(event_id.to_owned(), true);
            Ok(())
        }

        async fn give_up(&self, event_id: &str) -> Result<(), AdapterError> {
            self.log.lock().unwrap().remove(event_id);
            Ok(())
        }
    }

    #[async_trait]
    impl SendMail for World {
        async fn send(&self, to: &str, mail: &Mail, _order: &str, _kind: &str) -> Result<(), AdapterError> {
            if to.starts_with("down") {
                return Err(AdapterError::Malformed("ordered failure"));
            }
            self.mails
                .lock()
                .unwrap()
                .push((to.to_owned(), mail.subject.clone()));
            Ok(())
        }
    }

    fn message(kind: &str, email: &str) -> String {
        json!({"detail-type": kind, "detail": {"eventId": format!("e-{kind}"), "orderId": "o-1", "status": "placed",
            "total": 100, "currency": "USD", "email": email, "firstName": "Ada", "paymentToken": "t", "postcode": "1"}})
        .to_string()
    }

    #[tokio::test]
    async fn mails_are_sent_once_and_failures_come_again() {
        let world = Arc::new(World::default());
        let handler = NotificationHandler {
            log: Arc::clone(&world) as _,
            mailer: Arc::clone(&world) as _,
        };
        for (kind, email, ok, mails) in [
            ("order.created", "ada@example.com", true, 1),
            ("order.created", "ada@example.com", true, 1),
            ("order.updated", "ada@example.com", true, 1),
            ("order.refunded", "ada@example.com", true, 1),
            ("order.shipped", "", true, 1),
            ("order.delivered", "down@example.com", false, 1),
            ("order.delivered", "ada@example.com", true, 2),
        ] {
            assert_eq!(
                handler.tell(&message(kind, email)).await.is_ok(),
                ok,
                "{kind} {email}"
            );
            assert_eq!(world.mails.lock().unwrap().len(), mails, "{kind} {email}");
        }
        assert!(handler.tell("not JSON").await.is_err());
    }
}
