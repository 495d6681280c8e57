//! One request to the endpoint, and its answer.
//!
//! HTTP is hyper's client, which is in every function already (`lambda_runtime` asks for events with it). TLS is made ready by the
//! first request, after the invocation's answer was sent, and not at the start: to read the system's certificates takes
//! milliseconds that a caller would wait for.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error as HyperError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use telemetry_core::export::{Encoding, ExportSettings, Unusable};

use crate::response::{self, Failure};

/// Bytes of an answer that are read; it has a sentence at most.
const LONGEST_ANSWER: usize = 64 * 1024;
/// A connection that nobody used for longer is not used again: behind it a gateway may have forgotten it. Ours.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

type Plain = HyperClient<HttpConnector, Full<Bytes>>;
type Encrypted = HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Posts to one endpoint.
pub(crate) struct Client {
    endpoint: Uri,
    headers: HeaderMap,
    encoding: Encoding,
    connections: Connections,
}

enum Connections {
    Plain(Box<Plain>),
    /// What there is in it is there since the first request; `None` where the system has no certificates.
    Encrypted(OnceLock<Option<Box<Encrypted>>>),
}

impl Client {
    /// A client that has not sent anything.
    pub(crate) fn new(settings: &ExportSettings) -> Result<Self, Unusable> {
        let endpoint = settings.endpoint.trim().parse::<Uri>().ok();
        let endpoint = endpoint.filter(|uri| uri.host().is_some());
        let scheme = endpoint.as_ref().and_then(Uri::scheme).cloned();
        let (Some(endpoint), Some(scheme)) = (endpoint, scheme) else {
            return Err(Unusable("the endpoint must be a URL of http or https".to_owned()));
        };
        let connections = if scheme == Scheme::HTTP {
            Connections::Plain(Box::new(builder().build_http()))
        } else if scheme == Scheme::HTTPS {
            Connections::Encrypted(OnceLock::new())
        } else {
            return Err(Unusable("the endpoint must be a URL of http or https".to_owned()));
        };
        Ok(Self {
            endpoint,
            headers: headers(settings)?,
            encoding: settings.encoding,
            connections,
        })
    }

    /// Sends a request; `Ok` says what the endpoint took of it.
    pub(crate) async fn post(&self, body: Vec<u8>) -> Result<Option<Failure>, Failure> {
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        let answer = self
            .send(request)
            .await?
            .map_err(|error| Failure::of("connection", told(&error)))?;
        response::check(answer.status(), answer.headers(), SystemTime::now())?;
        // To the end, so that the connection can be used again. What cannot be read says nothing.
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
        Ok(body
            .ok()
            .and_then(|body| response::partial(&body.to_bytes(), self.encoding)))
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Result<http::Response<Incoming>, HyperError>, Failure> {
        match &self.connections {
            Connections::Plain(client) => Ok(client.request(request).await),
            Connections::Encrypted(client) => {
                let made = client.get_or_init(|| encrypted().map(Box::new)).as_ref();
                let message = || "the system has no certificates to check the endpoint with".to_owned();
                let client = made.ok_or_else(|| Failure::of("certificates", message()))?;
                Ok(client.request(request).await)
            }
        }
    }
}

impl std::fmt::Debug for Client {
    /// Headers are secrets, and the endpoint may have one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

fn builder() -> hyper_util::client::legacy::Builder {
    let mut builder = HyperClient::builder(TokioExecutor::new());
    builder
        .pool_idle_timeout(LONGEST_IDLE)
        .pool_timer(TokioTimer::new());
    builder
}

fn encrypted() -> Option<Encrypted> {
    // Named, because a program may have another provider as well: then rustls would not choose.
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .ok()?
        .https_only()
        .enable_http1()
        .build();
    Some(builder().build(connector))
}

fn headers(settings: &ExportSettings) -> Result<HeaderMap, Unusable> {
    let mut headers = HeaderMap::new();
    let content = match settings.encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    for (n, (name, value)) in settings.headers.iter().enumerate() {
        let parsed = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        );
        let (Ok(name), Ok(mut value)) = parsed else {
            return Err(Unusable(format!("header {} is no header of HTTP", n + 1)));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    Ok(headers)
}

/// The causes of hyper's error: its own text says only that something failed.
fn told(error: &HyperError) -> String {
    let texts = telemetry_core::chain(error);
    format!("the endpoint was not reached: {}", texts.join(": "))
}
