//! Mails through SES. Tags let a mail be found by order; the interceptor adds the correlation ID.

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use shopfast_domain::notification::Mail;

use super::handler::SendMail;
use crate::adapter::AdapterError;

/// Sends from one address.
#[derive(Debug, Clone)]
pub(super) struct SesMailer {
    client: Client,
    from: String,
}

impl SesMailer {
    pub(super) fn new(client: Client, from: String) -> Self {
        Self { client, from }
    }
}

#[async_trait]
impl SendMail for SesMailer {
    async fn send(
        &self,
        to: &str,
        mail: &Mail,
        order_id: &str,
        event_type: &str,
    ) -> Result<(), AdapterError> {
        let wrong = |e| AdapterError::call("write a mail", e);
        let content = |text: &str| {
            Content::builder()
                .data(text)
                .charset("UTF-8")
                .build()
                .map_err(wrong)
        };
        let body = Body::builder()
            .text(content(&mail.text)?)
            .html(content(&mail.html)?)
            .build();
        let message = Message::builder()
            .subject(content(&mail.subject)?)
            .body(body)
            .build();
        let tag = |name: &str, value: String| {
            MessageTag::builder()
                .name(name)
                .value(value)
                .build()
                .map_err(wrong)
        };
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message).build())
            .email_tags(tag("order_id", order_id.to_owned())?)
            .email_tags(tag("event_type", event_type.replace('.', "_"))?)
            .send()
            .await
            .map(drop)
            .map_err(|e| AdapterError::call("send a mail", e))
    }
}
