//! An OTLP collector on loopback: reads requests with the official types, and answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::task::JoinHandle;

/// How a request is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Take,
    /// So many spans are refused, with this message.
    Partial(i64, &'static str),
    /// A status, and for how long it wants to be left alone.
    Status(u16, Option<&'static str>),
    /// Nothing comes.
    Hang,
    /// A good status, and a body without an end.
    Endless,
    /// A good status, and a body that is nothing.
    Nonsense,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Received {
    pub(crate) fn spans(&self) -> Vec<Span> {
        let scopes = self
            .request
            .resource_spans
            .iter()
            .flat_map(|one| &one.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    pub(crate) fn resource(&self) -> &Resource {
        self.request.resource_spans[0].resource.as_ref().unwrap()
    }
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Received>>,
}

pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Collector {
    /// Gives these answers, and takes what comes after them.
    pub(crate) async fn start(answers: &[Answer]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        shared.answers.lock().unwrap().extend(answers);
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            shared,
            task,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came since it was asked last.
    pub(crate) fn received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }

    /// All spans that came since it was asked last.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.received().iter().flat_map(Received::spans).collect()
    }
}

async fn take(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers["content-type"] == "application/json";
    let request = if is_json {
        serde_json::from_slice(&body).unwrap()
    } else {
        ExportTraceServiceRequest::decode(body).unwrap()
    };
    shared.received.lock().unwrap().push(Received {
        path: uri.path().to_owned(),
        headers,
        request,
    });
    let answer = shared.answers.lock().unwrap().pop_front();
    let good = |answer: ExportTraceServiceResponse| {
        if is_json {
            serde_json::to_vec(&answer).unwrap().into_response()
        } else {
            answer.encode_to_vec().into_response()
        }
    };
    match answer.unwrap_or(Answer::Take) {
        Answer::Take => good(ExportTraceServiceResponse::default()),
        Answer::Partial(rejected_spans, message) => good(ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message: message.to_owned(),
            }),
        }),
        Answer::Status(status, after) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            if let Some(after) = after {
                response
                    .headers_mut()
                    .insert("retry-after", after.parse().unwrap());
            }
            response
        }
        Answer::Hang => std::future::pending().await,
        Answer::Endless => {
            let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 1024])));
            Body::from_stream(chunks).into_response()
        }
        Answer::Nonsense => "\u{fffd} no protobuf".into_response(),
    }
}
