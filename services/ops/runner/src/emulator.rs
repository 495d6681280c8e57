//! HTTP to the AWS endpoint: plain requests with a credential scope, since every answer needed is a small JSON.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer read.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Why a request to the AWS endpoint has no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// Nobody answered.
    #[error("reach {url}")]
    Unreachable {
        /// Address that was tried.
        url: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered with an error.
    #[error("{url} answered {status}: {body}")]
    Refused {
        /// Address that was asked.
        url: String,
        /// HTTP status.
        status: StatusCode,
        /// First part of the answer.
        body: String,
    },
    /// It answered with something else than JSON.
    #[error("{url} did not answer with JSON")]
    NotJson {
        /// Address that was asked.
        url: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

impl EmulatorError {
    /// Nobody answered, or the far side failed: the same request may work later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::NotJson { .. } => false,
        }
    }
}

/// Client of one AWS endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Emulator {
    endpoint: String,
    region: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Emulator {
    pub(crate) fn new(endpoint: &str, region: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            region: region.to_owned(),
            client,
        }
    }

    /// `GET` of a REST service.
    pub(crate) async fn get(&self, service: &str, path: &str) -> Result<Value, EmulatorError> {
        self.send(service, Method::GET, path, &[], Bytes::new()).await
    }

    /// An operation of an AWS JSON service, e.g. `AmazonSQS.SendMessage`.
    pub(crate) async fn call(
        &self,
        service: &str,
        target: &str,
        input: &Value,
    ) -> Result<Value, EmulatorError> {
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target),
        ];
        self.send(service, Method::POST, "/", &headers, input.to_string().into())
            .await
    }

    /// An operation of an AWS query service; the answer is XML that nobody needs.
    pub(crate) async fn query(&self, service: &str, form: &[(&str, &str)]) -> Result<(), EmulatorError> {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.exchange(service, Method::POST, "/", &headers, encode_form(form).into())
            .await
            .map(drop)
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Value, EmulatorError> {
        let answer = self.exchange(service, method, path, headers, body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|source| EmulatorError::NotJson {
            url: format!("{}{path}", self.endpoint),
            source,
        })
    }

    async fn exchange(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Bytes, EmulatorError> {
        let url = format!("{}{path}", self.endpoint);
        let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| EmulatorError::Unreachable {
            url: url.clone(),
            source,
        };
        // The signature is never checked locally; the scope tells the endpoint which service is meant.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        );
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(header::AUTHORIZATION, scope);
        for (name, value) in headers {
            request = request.header(
                *name,
                HeaderValue::from_str(value).map_err(|e| unreachable(e.into()))?,
            );
        }
        let request = request.body(Full::new(body)).map_err(|e| unreachable(e.into()))?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
                .collect()
                .await?
                .to_bytes();
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((status, body))
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|e| unreachable(e.into()))?;
        let (status, body) = answer.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        let body = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(EmulatorError::Refused { url, status, body })
    }
}

fn encode_form(form: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
        .collect();
    pairs.join("&")
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        assert_eq!(
            encode_form(&[("Action", "Publish"), ("Message", "a b&ü=")]),
            "Action=Publish&Message=a%20b%26%C3%BC%3D"
        );
    }
}
