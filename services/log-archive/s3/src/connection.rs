//! HTTP: hyper's client, which is in every function already, with the TLS of the AWS SDK. TLS is made ready by the first request and
//! not at the start: to read the system's certificates takes milliseconds, and most invocations of the forwarder need none.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::client::legacy::{Builder, Client as HyperClient, Error as HyperError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::{Patience, span};

/// A connection that nobody used for longer is not used again: S3 closes it about then.
const LONGEST_IDLE: Duration = Duration::from_secs(15);

type Plain = HyperClient<TcpConnector, HttpRequestBody>;
type Encrypted = HyperClient<HttpsConnector<TcpConnector>, HttpRequestBody>;

/// Makes the client of a bucket.
#[derive(Debug)]
pub(crate) struct Connector {
    bucket: String,
    patience: Patience,
    is_encrypted: bool,
}

impl Connector {
    pub(crate) fn plain(bucket: &str, patience: Patience) -> Self {
        Self {
            bucket: bucket.to_owned(),
            patience,
            is_encrypted: false,
        }
    }

    pub(crate) fn encrypted(bucket: &str, patience: Patience) -> Self {
        Self {
            is_encrypted: true,
            ..Self::plain(bucket, patience)
        }
    }
}

impl HttpConnector for Connector {
    /// The options are those of the HTTP client that is not used here; ours are in [`Patience`].
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let connections = if self.is_encrypted {
            Connections::Encrypted(OnceLock::new())
        } else {
            Connections::Plain(Box::new(builder().build(tcp(self.patience))))
        };
        Ok(HttpClient::new(Service {
            bucket: self.bucket.clone(),
            patience: self.patience,
            connections,
        }))
    }
}

enum Connections {
    Plain(Box<Plain>),
    /// What is in it is there since the first request; `None` where the system has no certificates.
    Encrypted(OnceLock<Option<Box<Encrypted>>>),
}

struct Service {
    bucket: String,
    patience: Patience,
    connections: Connections,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let told = span::of(&request, &self.bucket);
        let result = span::within(&told, self.send(request)).await;
        span::end(&told, result.as_ref());
        let (head, body) = result?.into_parts();
        let body = Patient::new(body, self.patience.piece).boxed();
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}

impl Service {
    async fn send(&self, request: HttpRequest) -> Result<http::Response<Incoming>, HttpError> {
        let answer = async {
            match &self.connections {
                Connections::Plain(client) => client.request(request).await.map_err(failed),
                Connections::Encrypted(client) => {
                    let made = client
                        .get_or_init(|| encrypted(self.patience).map(Box::new))
                        .as_ref();
                    let client =
                        made.ok_or_else(|| HttpError::new(HttpErrorKind::Unknown, NoCertificates))?;
                    client.request(request).await.map_err(failed)
                }
            }
        };
        timeout(self.patience.answer, answer)
            .await
            .unwrap_or_else(|_| Err(too_late("no answer", self.patience.answer)))
    }
}

/// The system has nothing to check a server with.
#[derive(Debug, thiserror::Error)]
#[error("the system has no certificates to check the endpoint with")]
struct NoCertificates;

/// Somebody did not go on.
#[derive(Debug, thiserror::Error)]
#[error("{what} in {limit:?}")]
struct TooLate {
    what: &'static str,
    limit: Duration,
}

fn too_late(what: &'static str, limit: Duration) -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, TooLate { what, limit })
}

fn builder() -> Builder {
    let mut builder = HyperClient::builder(TokioExecutor::new());
    builder
        .pool_idle_timeout(LONGEST_IDLE)
        .pool_timer(TokioTimer::new());
    builder
}

fn tcp(patience: Patience) -> TcpConnector {
    let mut connector = TcpConnector::new();
    connector.set_connect_timeout(Some(patience.connect));
    connector.set_nodelay(true);
    connector
}

fn encrypted(patience: Patience) -> Option<Encrypted> {
    let mut tcp = tcp(patience);
    tcp.enforce_http(false);
    // Named, because a program may have another provider as well: then rustls would not choose.
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .ok()?
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    Some(builder().build(connector))
}

/// What kind of failure it is decides whether the request is sent again.
fn failed(error: HyperError) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        kind(&error)
    };
    HttpError::new(kind, error)
}

/// Of a failure after the connection was there.
fn kind(error: &(dyn std::error::Error + 'static)) -> HttpErrorKind {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_closed() || error.is_incomplete_message() || error.is_body_write_aborted() {
                return HttpErrorKind::Request;
            }
            if error.is_timeout() {
                return HttpErrorKind::Timeout;
            }
        }
        if error.is::<std::io::Error>() {
            return HttpErrorKind::Interrupted;
        }
        cause = error.source();
    }
    HttpErrorKind::Unknown
}

/// A body that may be slow but must not stand still.
struct Patient {
    body: Incoming,
    limit: Duration,
    waiting: Pin<Box<Sleep>>,
}

impl Patient {
    fn new(body: Incoming, limit: Duration) -> Self {
        Self {
            body,
            limit,
            waiting: Box::pin(sleep(limit)),
        }
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let next = Instant::now() + self.limit;
            self.waiting.as_mut().reset(next);
            let cut = |error| HttpError::new(HttpErrorKind::Interrupted, error);
            return Poll::Ready(frame.map(|frame| frame.map_err(cut)));
        }
        ready!(self.waiting.as_mut().poll(context));
        Poll::Ready(Some(Err(too_late("the answer did not go on", self.limit))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
