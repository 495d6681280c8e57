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

/// The longest answer that is read.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

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

    /// Calls an AWS API of the plain JSON protocol on a local endpoint, which checks no signature.
    pub(crate) async fn aws_json(
        &self,
        endpoint: &str,
        target: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<serde_json::Value> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
            ("authorization", LOCAL_AUTHORIZATION),
        ];
        let answer = self
            .call(Method::POST, endpoint, &headers, serde_json::to_vec(body)?.into())
            .await?;
        anyhow::ensure!(
            answer.status.is_success(),
            "{target} was answered with {}: {}",
            answer.status,
            answer.text()
        );
        if answer.body.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        answer.json()
    }
}

/// The emulator reads the region from the credential scope and checks nothing.
pub(crate) const LOCAL_AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0";
