//! The mailbox: what SES accepted and what SNS sent to e-mail subscriptions, to be read again by correlation id, order id or
//! recipient.
//!
//! On AWS a mail leaves the account; SES keeps no copy. Content is kept only here, on the developer's machine. An e-mail
//! subscription counts as confirmed: the link that AWS sends has nobody to click on it.

use std::collections::BTreeMap;

use rusqlite::params_from_iter;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::store::{Mail, Store, StoreError, Write};

/// Mails of one answer when no limit is given.
const DEFAULT_LIMIT: u32 = 1_000;

/// Keeps a mail of SES's `SendEmail` (version 2 of the API).
pub(crate) fn keep_sent(store: &Store, body: &[u8]) {
    if let Some(mail) = serde_json::from_slice(body).ok().as_ref().and_then(read) {
        store.write(Write::Mail(mail));
    }
}

fn read(input: &Value) -> Option<Mail> {
    let destination = input["Destination"].as_object()?;
    let to: Vec<String> = ["ToAddresses", "CcAddresses", "BccAddresses"]
        .iter()
        .filter_map(|list| destination.get(*list)?.as_array())
        .flatten()
        .filter_map(|address| Some(address.as_str()?.to_lowercase()))
        .collect();
    let content = &input["Content"]["Simple"];
    let tag = |name: &str| {
        let tags = input["EmailTags"].as_array().into_iter().flatten();
        tags.filter(|tag| tag["Name"] == name)
            .find_map(|tag| tag["Value"].as_str())
            .map(str::to_owned)
    };
    let correlation_id = tag("correlation_id");
    let document = json!({
        "from": input["FromEmailAddress"],
        "to": to,
        "subject": content["Subject"]["Data"],
        "text": content["Body"]["Text"]["Data"],
        "html": content["Body"]["Html"]["Data"],
        "correlation_id": correlation_id,
        "order_id": tag("order_id"),
        "event_type": tag("event_type"),
    });
    Some(Mail {
        timestamp_ms: jiff::Timestamp::now().as_millisecond(),
        correlation_id,
        to,
        document,
    })
}

/// A message of a topic to an e-mail subscription.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Notification {
    /// ARN of the topic.
    topic_arn: String,
    /// Address of the subscription.
    to: String,
    #[serde(default)]
    subject: Option<String>,
    message: String,
    /// Message attributes by name: their values.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Notification {
    /// Keeps it as the mail that AWS sends: <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html>.
    pub(crate) fn keep(self, store: &Store) {
        let body: Value = serde_json::from_str(&self.message).unwrap_or_default();
        let attribute = self.attributes.get("x-correlation-id").cloned();
        let carried = || {
            [
                "/detail/__context__/x-correlation-id",
                "/__context__/x-correlation-id",
            ]
            .iter()
            .find_map(|path| body.pointer(path)?.as_str().map(str::to_owned))
        };
        let correlation_id = attribute.or_else(carried);
        let document = json!({
            "from": "AWS Notifications <no-reply@sns.amazonaws.com>",
            "to": [self.to],
            "subject": self.subject.filter(|subject| !subject.is_empty()).unwrap_or_else(|| "AWS Notification Message".to_owned()),
            "text": self.message,
            "html": null,
            "topic_arn": self.topic_arn,
            "correlation_id": correlation_id,
        });
        let to = vec![self.to.to_lowercase()];
        store.write(Write::Mail(Mail {
            timestamp_ms: jiff::Timestamp::now().as_millisecond(),
            correlation_id,
            to,
            document,
        }));
    }
}

/// Which mails.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct MailQuery {
    /// Correlation id or order id.
    id: Option<String>,
    /// Recipient.
    to: Option<String>,
    /// Most mails, the newest.
    limit: Option<u32>,
}

impl MailQuery {
    /// The mails, newest first.
    pub(crate) async fn run(self, store: &Store) -> Result<Vec<Value>, StoreError> {
        store.flush().await;
        let mut conditions = vec!["1"];
        let mut values = Vec::new();
        if let Some(id) = self.id {
            conditions.push("(correlation_id = ? OR json_extract(document, '$.order_id') = ?)");
            values.extend([id.clone(), id]);
        }
        if let Some(to) = self.to {
            conditions.push("instr(recipients, ?) > 0");
            values.push(format!(",{},", to.to_lowercase()));
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let sql = format!(
            "SELECT id, ts, document FROM mails WHERE {} ORDER BY id DESC LIMIT {limit}",
            conditions.join(" AND ")
        );
        store
            .read(move |connection| {
                let mut query = connection.prepare_cached(&sql)?;
                let rows = query.query_map(params_from_iter(values), |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, String>(2)?,
                    ))
                })?;
                let mut mails = Vec::new();
                for row in rows {
                    let (number, timestamp_ms, document) = row?;
                    let mut mail: Value = serde_json::from_str(&document).unwrap_or_default();
                    mail["number"] = json!(number);
                    mail["timestamp_ms"] = json!(timestamp_ms);
                    mails.push(mail);
                }
                Ok(mails)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Limits;

    fn sent(to: &str, correlation: &str, order: &str) -> Value {
        json!({
            "FromEmailAddress": "shop@example.com",
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
            "EmailTags": [{"Name": "correlation_id", "Value": correlation}, {"Name": "order_id", "Value": order}],
        })
    }

    #[tokio::test]
    async fn a_topic_s_mail_knows_its_story() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("o.db"), Limits::default()).unwrap();
        let message = json!({"detail": {"__context__": {"x-correlation-id": "c-1"}}}).to_string();
        let told =
            json!({"topic_arn": "arn:aws:sns:r:0:alerts", "to": "ops@example.com", "message": message});
        serde_json::from_value::<Notification>(told).unwrap().keep(&store);
        let query = MailQuery {
            id: Some("c-1".into()),
            ..MailQuery::default()
        };
        let found = query.run(&store).await.unwrap();
        assert_eq!(
            (&found[0]["subject"], &found[0]["to"]),
            (&json!("AWS Notification Message"), &json!(["ops@example.com"]))
        );
        store.close().await;
    }

    #[tokio::test]
    async fn mails_are_found_by_id_and_recipient() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("o.db"), Limits::default()).unwrap();
        keep_sent(
            &store,
            sent("Ada@example.com", "c-1", "o-1").to_string().as_bytes(),
        );
        keep_sent(
            &store,
            sent("bob@example.com", "c-2", "o-2").to_string().as_bytes(),
        );
        keep_sent(&store, b"no json");
        let check = async |query: MailQuery, expected: &[&str]| {
            let found = query.clone().run(&store).await.unwrap();
            let found: Vec<&str> = found
                .iter()
                .filter_map(|mail| mail["order_id"].as_str())
                .collect();
            assert_eq!(found, expected, "{query:?}");
        };
        let id = |id: &str| MailQuery {
            id: Some(id.into()),
            ..MailQuery::default()
        };
        check(MailQuery::default(), &["o-2", "o-1"]).await;
        check(id("c-1"), &["o-1"]).await;
        check(id("o-2"), &["o-2"]).await;
        check(id("' OR 1"), &[]).await;
        check(
            MailQuery {
                to: Some("ada@EXAMPLE.com".into()),
                ..MailQuery::default()
            },
            &["o-1"],
        )
        .await;
        check(
            MailQuery {
                limit: Some(1),
                ..MailQuery::default()
            },
            &["o-2"],
        )
        .await;
        store.close().await;
    }
}
