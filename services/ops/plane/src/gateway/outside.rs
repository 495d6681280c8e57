//! What alarms reach on this machine: topics and the default bus of the emulator, functions of the runner.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Request;
use serde_json::{Value, json};

use super::forward::Forwarder;
use super::lambda::{LambdaInvoker, LambdaRequest, function_name};
use crate::alarms::{Event, Outside};

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The emulator and the runner behind it.
#[derive(Clone)]
pub(crate) struct Emulated {
    forward: Forwarder,
    invoker: Arc<OnceLock<Arc<dyn LambdaInvoker>>>,
}

impl std::fmt::Debug for Emulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulated")
            .field("forward", &self.forward)
            .finish_non_exhaustive()
    }
}

impl Emulated {
    pub(crate) fn new(forward: Forwarder, invoker: Arc<OnceLock<Arc<dyn LambdaInvoker>>>) -> Self {
        Self { forward, invoker }
    }

    /// Sends to the emulator; an answer that is no success is an error with its text.
    async fn post(&self, path: &str, headers: &[(&str, &str)], body: String) -> Result<Bytes, String> {
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        let sent = self.forward.send(&parts, Some(path), body.into());
        let (answered, body) = tokio::time::timeout(LIMIT, sent)
            .await
            .map_err(|_| format!("no answer within {LIMIT:?}"))?
            .map_err(|error| error.to_string())?;
        if answered.status.is_success() {
            return Ok(body);
        }
        let told = String::from_utf8_lossy(&body);
        Err(format!("{}: {}", answered.status, told.trim()))
    }

    async fn put(&self, event: &Event) -> Result<(), String> {
        // AWS: CloudWatch puts its events on the default bus by itself. The emulator refuses sources that begin with `aws.` in
        // PutEvents, as AWS does; its launcher takes them here (`aws_event`).
        let entry = json!({
            "Source": "aws.cloudwatch",
            "DetailType": event.detail_type,
            "Detail": event.detail.to_string(),
            "Resources": [event.resource],
        });
        let body = json!({"Entries": [entry]}).to_string();
        let answer = self
            .post(
                "/_shopwatch/aws-events",
                &[("content-type", "application/json")],
                body,
            )
            .await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        match answer["FailedEntryCount"].as_u64() {
            Some(0) => Ok(()),
            _ => Err(format!("the bus did not take it: {answer}")),
        }
    }

    async fn call(&self, function: &str, payload: &Value) -> Result<(), String> {
        let invoker = self.invoker.get().ok_or("the function runner has not started")?;
        let request = LambdaRequest {
            function: function_name(function),
            payload: payload.to_string().into(),
            client_context: None,
            trace_header: None,
            asynchronous: true,
        };
        let invoked = invoker.invoke(request).await;
        match invoked.refusal {
            None => Ok(()),
            Some(code) => Err(format!("{code}: {}", String::from_utf8_lossy(&invoked.payload))),
        }
    }
}

impl Outside for Emulated {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        subject: &'a str,
        message: &'a Value,
        group: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let message = message.to_string();
            let mut fields = vec![
                ("Action", "Publish"),
                ("Version", "2010-03-31"),
                ("TopicArn", topic),
                ("Subject", subject),
                ("Message", &message),
                ("MessageStructure", "json"),
            ];
            let deduplication = uuid::Uuid::now_v7().to_string();
            if topic.ends_with(".fifo") {
                fields.push(("MessageGroupId", group));
                fields.push(("MessageDeduplicationId", &deduplication));
            }
            let form = fields
                .iter()
                .map(|(name, value)| format!("{name}={}", form_encoded(value)));
            let body = form.collect::<Vec<_>>().join("&");
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", SNS),
            ];
            self.post("/", &headers, body).await.map(drop)
        }
        .boxed()
    }

    fn invoke<'a>(&'a self, function: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<(), String>> {
        self.call(function, payload).boxed()
    }

    fn put_event<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), String>> {
        self.put(event).boxed()
    }
}

/// By the scope of the signature the emulator finds the service; it checks no signature.
const SNS: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=none";

fn form_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded_as_a_form_wants_them() {
        assert_eq!(form_encoded("a b&c=\"é\""), "a%20b%26c%3D%22%C3%A9%22");
    }
}
