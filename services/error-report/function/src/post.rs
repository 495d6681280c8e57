//! Where mails go: with HTML to one address where a sender is configured (`ses:SendEmail`), and as text to a topic (`sns:Publish`).
//! One of the two is enough: the template subscribes the same address to the topic, so a mail that SES refuses still comes. The text
//! says in an attribute whether the HTML went, for subscribers that want one of them only.

use async_trait::async_trait;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use aws_sdk_sns::types::MessageAttributeValue;
use error_report::ports::{Mail, PortError, Post};

use crate::call::failed;

/// The attribute of a message that says what became of the HTML: `none`, `sent` or `failed`.
const HTML: &str = "html";

/// The topic, and the sender where there is one.
#[derive(Debug, Clone)]
pub(crate) struct Letters {
    topic: (aws_sdk_sns::Client, String),
    sender: Option<Sender>,
}

/// From whom to whom HTML is sent.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) client: aws_sdk_sesv2::Client,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Letters {
    pub(crate) fn new(client: aws_sdk_sns::Client, topic: String, sender: Option<Sender>) -> Self {
        Self {
            topic: (client, topic),
            sender,
        }
    }

    async fn publish(&self, mail: &Mail, html: &str) -> Result<(), PortError> {
        let (client, topic) = &self.topic;
        let html = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(html)
            .build()?;
        let published = client
            .publish()
            .topic_arn(topic)
            .subject(&mail.subject)
            .message(&mail.text)
            .message_attributes(HTML, html)
            .send();
        published.await.map(drop).map_err(failed("publish the mail"))
    }
}

#[async_trait]
impl Post for Letters {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let Some(sender) = &self.sender else {
            return self.publish(mail, "none").await;
        };
        let html = sender.send(mail).await;
        let text = self
            .publish(mail, if html.is_ok() { "sent" } else { "failed" })
            .await;
        either(html, text)
    }
}

/// One way is enough. What the other did not take is told in a line, not sent again.
fn either(html: Result<(), PortError>, text: Result<(), PortError>) -> Result<(), PortError> {
    match (html, text) {
        (Ok(()), Ok(())) => {}
        (Ok(()), Err(error)) => tracing::error!(%error, "the mail went as HTML, and not to the topic"),
        (Err(error), Ok(())) => tracing::error!(%error, "the mail went to the topic, and not as HTML"),
        (Err(html), Err(text)) => return Err(format!("{html}; and then: {text}").into()),
    }
    Ok(())
}

impl Sender {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let content = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let body = Body::builder()
            .text(content(&mail.text)?)
            .html(content(&mail.html)?)
            .build();
        let message = Message::builder()
            .subject(content(&mail.subject)?)
            .body(body)
            .build();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&self.to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map(drop)
            .map_err(failed("send the mail as HTML"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_is_enough() {
        let fails = |what: &'static str| Err::<(), PortError>(what.into());
        assert!(either(Ok(()), Ok(())).is_ok());
        assert!(either(fails("MessageRejected"), Ok(())).is_ok());
        assert!(either(Ok(()), fails("the topic is gone")).is_ok());
        let error = either(fails("MessageRejected"), fails("the topic is gone")).unwrap_err();
        assert_eq!(error.to_string(), "MessageRejected; and then: the topic is gone");
    }
}
