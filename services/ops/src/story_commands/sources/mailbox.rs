//! The local mailbox. On AWS a mail leaves the account: there is nothing to read.

use std::time::Duration;

use anyhow::ensure;
use serde::Deserialize;

use crate::context::Context;
use crate::http_client::{HttpClient, encoded};

const LIMIT: Duration = Duration::from_secs(30);

/// A mail as the platform keeps it.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::story_commands) struct KeptMail {
    pub(in crate::story_commands) timestamp_ms: i64,
    pub(in crate::story_commands) to: Vec<String>,
    #[serde(default)]
    pub(in crate::story_commands) subject: Option<String>,
    #[serde(default)]
    pub(in crate::story_commands) text: Option<String>,
    #[serde(flatten)]
    pub(in crate::story_commands) rest: serde_json::Map<String, serde_json::Value>,
}

/// A reader of mails; of none when AWS is asked.
#[derive(Debug, Clone)]
pub(in crate::story_commands) struct Mailbox(Option<(HttpClient, String)>);

impl Mailbox {
    pub(in crate::story_commands) fn new(context: &Context) -> anyhow::Result<Self> {
        if context.asks_aws() {
            return Ok(Self(None));
        }
        let gateway = context.running()?.endpoint("aws").to_owned();
        Ok(Self(Some((HttpClient::new(LIMIT), gateway))))
    }

    /// Of no mails.
    #[cfg(test)]
    pub(in crate::story_commands) fn none() -> Self {
        Self(None)
    }

    /// Mails, newest first; by correlation or order id and by recipient where they are given.
    pub(in crate::story_commands) async fn find(
        &self,
        id: Option<&str>,
        to: Option<&str>,
        limit: u32,
    ) -> anyhow::Result<Vec<KeptMail>> {
        let Some((client, gateway)) = &self.0 else {
            return Ok(Vec::new());
        };
        let mut url = format!("{gateway}/_shopwatch/mails?limit={limit}");
        for (name, value) in [("id", id), ("to", to)] {
            if let Some(value) = value {
                url.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        let answer = client.get(&url).await?;
        ensure!(
            answer.status.is_success(),
            "the mailbox answered {}: {}",
            answer.status,
            answer.text()
        );
        #[derive(Deserialize)]
        struct Page {
            mails: Vec<KeptMail>,
        }
        let page: Page = serde_json::from_slice(&answer.body)?;
        Ok(page.mails)
    }
}
