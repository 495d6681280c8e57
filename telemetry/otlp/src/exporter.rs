//! The exporter: all requests of an invocation's spans, in the time that there is.

use std::pin::Pin;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use prost::Message as _;
use telemetry_core::EndedSpans;
use telemetry_core::export::{Encoding, ExportFailure, ExportSettings, Exported, SpanExporter, Unusable};

use crate::attribute::attribute;
use crate::client::Client;
use crate::pause::Pause;
use crate::request;
use crate::response::Failure;

/// An exporter to the endpoint of these settings. Nothing is sent yet.
///
/// # Errors
/// The endpoint is no URL of `http` or `https`, or a header cannot be sent.
pub fn connect(settings: &ExportSettings) -> Result<Box<dyn SpanExporter>, Unusable> {
    let resource = settings.resource.iter();
    Ok(Box::new(OtlpExporter {
        client: Client::new(settings)?,
        encoding: settings.encoding,
        resource: resource
            .map(|(name, value)| attribute(name, value.clone()))
            .collect(),
        pause: Pause::default(),
    }))
}

#[derive(Debug)]
struct OtlpExporter {
    client: Client,
    encoding: Encoding,
    resource: Vec<KeyValue>,
    pause: Pause,
}

impl SpanExporter for OtlpExporter {
    fn export<'a>(
        &'a self,
        spans: &'a EndedSpans,
        within: Duration,
    ) -> Pin<Box<dyn Future<Output = Exported> + Send + 'a>> {
        Box::pin(self.all(spans, within))
    }
}

impl OtlpExporter {
    /// One request after the other; after one that failed as a whole the endpoint is left alone.
    async fn all(&self, spans: &EndedSpans, within: Duration) -> Exported {
        let began = Instant::now();
        let mut exported = Exported::default();
        for (count, request) in request::all(spans, &self.resource) {
            if self.pause.holds(Instant::now()) {
                exported.lost += count;
                continue;
            }
            let left = within.saturating_sub(began.elapsed());
            let Some(failure) = self.one(&request, left).await else {
                continue;
            };
            exported.lost += failure.lost.unwrap_or(count);
            exported.failure = Some(ExportFailure {
                kind: failure.kind,
                message: failure.message,
            });
        }
        exported
    }

    async fn one(&self, request: &ExportTraceServiceRequest, left: Duration) -> Option<Failure> {
        let answer = async { self.client.post(self.body(request)?).await };
        let timeout = || {
            let message = format!("the endpoint did not answer in {} ms", left.as_millis());
            Failure::of("timeout", message)
        };
        let failure = match tokio::time::timeout(left, answer).await {
            Ok(Ok(partial)) => partial,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(timeout()),
        };
        match &failure {
            Some(failure) if failure.is_whole() => self.pause.failed(Instant::now(), failure.asked),
            _ => self.pause.succeeded(),
        }
        failure
    }

    fn body(&self, request: &ExportTraceServiceRequest) -> Result<Vec<u8>, Failure> {
        match self.encoding {
            Encoding::Protobuf => Ok(request.encode_to_vec()),
            Encoding::Json => serde_json::to_vec(request).map_err(|error| {
                Failure::of("unwritable", format!("the request cannot be written: {error}"))
            }),
        }
    }
}
