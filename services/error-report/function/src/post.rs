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
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};

    use super::*;
    use crate::function::{mailer, sending, topics};

    /// An address that takes every request and answers none: the connection is closed. Counts requests.
    fn deaf() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(connection);
                let mut length = 0;
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    let lower = line.to_ascii_lowercase();
                    if let Some(value) = lower.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap_or(0);
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if length > 0 && reader.read_exact(&mut body).is_ok() {
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        (address, requests)
    }

    /// As the function has it, with three attempts for everything else.
    fn config(address: &str) -> SdkConfig {
        let keys = Credentials::new("key", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .endpoint_url(address)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .build()
    }

    /// The answer to a mail is lost: it may have gone, and goes no second time in its slot of the budget.
    #[tokio::test]
    async fn a_mail_goes_once_in_its_slot() {
        let (address, requests) = deaf();
        let sending = sending(&config(&address));
        let letters = |sender| {
            Letters::new(
                topics(&sending),
                "arn:aws:sns:us-east-1:1:report".to_owned(),
                sender,
            )
        };
        let mail = Mail {
            subject: "PAGE a".to_owned(),
            text: "a".to_owned(),
            html: "a".to_owned(),
        };
        letters(None).send(&mail).await.expect_err("nobody answers");
        assert_eq!(requests.swap(0, Ordering::SeqCst), 1, "to the topic");
        let sender = Sender {
            client: mailer(&sending),
            from: "reports@shopfast.example".to_owned(),
            to: "oncall@shopfast.example".to_owned(),
        };
        letters(Some(sender))
            .send(&mail)
            .await
            .expect_err("nobody answers");
        assert_eq!(
            requests.load(Ordering::SeqCst),
            2,
            "once as HTML, once to the topic"
        );
    }

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
