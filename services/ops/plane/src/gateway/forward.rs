//! Passing a request on to the emulator, unchanged but for its host.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, Request, Uri, request, response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The largest answer that is taken.
const LARGEST: usize = 256 * 1024 * 1024;
/// Longest wait for what the plane itself asks.
const ASK_LIMIT: Duration = Duration::from_secs(10);
/// Headers of one connection, not of the message (RFC 9110 7.6.1).
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Why nothing was passed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    #[error("the address is no URI")]
    Address(#[from] http::Error),
    #[error("no connection")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("its answer broke off")]
    Answer(#[from] axum::Error),
}

/// Client of the emulator; keeps connections.
#[derive(Clone, Debug)]
pub(crate) struct Forwarder {
    emulator: String,
    client: Client<HttpConnector, Body>,
}

impl Forwarder {
    pub(crate) fn new(emulator: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            emulator: emulator.trim_end_matches('/').to_owned(),
            client,
        }
    }

    /// Sends it, to another path when one is given; the answer is read whole.
    pub(crate) async fn send(
        &self,
        parts: &request::Parts,
        path: Option<&str>,
        body: Bytes,
    ) -> Result<(response::Parts, Bytes), ForwardError> {
        let own = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let uri: Uri = format!("{}{}", self.emulator, path.unwrap_or(own))
            .parse()
            .map_err(http::Error::from)?;
        let mut request = Request::builder()
            .method(&parts.method)
            .uri(uri)
            .body(Body::from(body))?;
        copy(&parts.headers, request.headers_mut());
        let (mut answered, body) = self.client.request(request).await?.into_parts();
        for name in HOP_BY_HOP {
            answered.headers.remove(name);
        }
        Ok((answered, to_bytes(Body::new(body), LARGEST).await?))
    }

    /// A call in an AWS JSON protocol, for what the plane itself asks.
    pub(crate) async fn ask(&self, target: &str, input: &serde_json::Value) -> Option<serde_json::Value> {
        tokio::time::timeout(ASK_LIMIT, self.asked(target, input))
            .await
            .ok()
            .flatten()
    }

    /// What the emulator's launcher tells under a path of its own.
    pub(crate) async fn get(&self, path: &str) -> Option<serde_json::Value> {
        let asked = async {
            let address: Uri = format!("{}{path}", self.emulator).parse().ok()?;
            let answer = self.client.get(address).await.ok()?;
            let body = to_bytes(Body::new(answer.into_body()), LARGEST).await.ok()?;
            serde_json::from_slice(&body).ok()
        };
        tokio::time::timeout(ASK_LIMIT, asked).await.ok().flatten()
    }

    /// Tells the emulator's launcher something under a path of its own.
    pub(crate) async fn tell(&self, path: &str, told: &serde_json::Value) -> Option<()> {
        let request = Request::post(format!("{}{path}", self.emulator))
            .header("content-type", "application/json")
            .body(Body::from(told.to_string()))
            .ok()?;
        let answer = tokio::time::timeout(ASK_LIMIT, self.client.request(request)).await;
        answer.ok()?.ok()?.status().is_success().then_some(())
    }

    async fn asked(&self, target: &str, input: &serde_json::Value) -> Option<serde_json::Value> {
        let request = Request::post(format!("{}/", self.emulator))
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .body(Body::from(input.to_string()))
            .ok()?;
        let answer = self.client.request(request).await.ok()?;
        let body = to_bytes(Body::new(answer.into_body()), LARGEST).await.ok()?;
        serde_json::from_slice(&body).ok()
    }
}

fn copy(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if !HOP_BY_HOP.contains(&name.as_str()) && name != "content-length" {
            to.append(name, value.clone());
        }
    }
}
