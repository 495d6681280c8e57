//! A small HTTP client for loopback: the shop's API, the emulator's own paths, and AWS APIs for which no SDK client is
//! linked. No TLS, no redirects; every call has a limit.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::context::{LOCAL_KEY, REGION};

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// What stands for itself in a query (RFC 3986).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A pool of connections.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
    limit: Duration,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("read the answer {}", self.text()))
    }

    /// Is it a success? `what` was asked.
    pub(crate) fn succeeded(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.status.is_success(),
            "{what} was answered with {}: {}",
            self.status,
            self.text()
        );
        Ok(())
    }

    /// The JSON of a success, which may be empty.
    pub(crate) fn read(&self, what: &str) -> anyhow::Result<serde_json::Value> {
        self.succeeded(what)?;
        if self.body.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&self.body).with_context(|| format!("read the answer to {what}"))
    }

    /// The body for a person, cut.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(2_000).collect()
    }
}

impl HttpClient {
    /// Whose calls take at most this long each.
    pub(crate) fn new(limit: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            limit,
        }
    }

    pub(crate) async fn get(&self, url: &str) -> anyhow::Result<Answer> {
        self.call(Method::GET, url, &[], Bytes::new()).await
    }

    /// Calls and reads the answer to its end.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method.clone()).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(body))
            .with_context(|| format!("{method} {url}"))?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER)
                .collect()
                .await
                .map_err(anyhow::Error::from_boxed)?;
            anyhow::Ok(Answer {
                status: parts.status,
                body: body.to_bytes(),
            })
        };
        tokio::time::timeout(self.limit, exchange)
            .await
            .map_err(|_| anyhow::anyhow!("no answer within {} s", self.limit.as_secs()))
            .flatten()
            .with_context(|| format!("{method} {url}"))
    }

    /// Calls an AWS API of the plain JSON protocol on a local endpoint, which checks no signature. The service is read from the
    /// target, for example `DynamoDB_20120810.GetItem`.
    pub(crate) async fn aws_json(
        &self,
        endpoint: &str,
        target: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<serde_json::Value> {
        self.aws_called(endpoint, target, body).await?.read(target)
    }

    /// The same, whatever is answered: a refusal is an answer.
    pub(crate) async fn aws_called(
        &self,
        endpoint: &str,
        target: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<Answer> {
        let signature = authorization(service_of(target));
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
            ("authorization", &signature),
        ];
        self.call(Method::POST, endpoint, &headers, serde_json::to_vec(body)?.into())
            .await
    }
}

/// A signature of nobody. The emulator reads region and service from the credential scope and checks nothing.
pub(crate) fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={LOCAL_KEY}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// The signing name that goes with a target.
fn service_of(target: &str) -> &'static str {
    let interface = target.split(['_', '.']).next().unwrap_or_default();
    match interface {
        "AWSCognitoIdentityProviderService" => "cognito-idp",
        "DynamoDB" | "DynamoDBStreams" => "dynamodb",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        "AWSStepFunctions" => "states",
        "Logs" => "logs",
        _ => "monitoring",
    }
}

/// A value of a query or a form.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_name_their_service() {
        let check = |target: &str, service: &str| assert_eq!(service_of(target), service, "{target}");
        check("DynamoDB_20120810.GetItem", "dynamodb");
        check("AmazonSQS.SendMessage", "sqs");
        check("AWSEvents.PutRule", "events");
        check("Logs_20140328.PutRetentionPolicy", "logs");
        check("GraniteServiceVersion20100801.DescribeAlarms", "monitoring");
        check("AWSCognitoIdentityProviderService.AdminGetUser", "cognito-idp");
    }

    #[test]
    fn values_of_a_form_are_escaped() {
        assert_eq!(
            encoded("a b/ü{\"c\"}-_.~").to_string(),
            "a%20b%2F%C3%BC%7B%22c%22%7D-_.~"
        );
    }
}
