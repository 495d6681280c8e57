//! Where spans go beside X-Ray: the seam between whoever ends an invocation and whoever knows a protocol. Nothing here sends.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::span::{EndedSpans, Value};

/// Sends spans somewhere else than to X-Ray's daemon, such as `telemetry-otlp`.
pub trait SpanExporter: fmt::Debug + Send + Sync {
    /// Sends them, in no more time than that. Whatever fails is told in the answer.
    fn export<'a>(
        &'a self,
        spans: &'a EndedSpans,
        within: Duration,
    ) -> Pin<Box<dyn Future<Output = Exported> + Send + 'a>>;
}

/// What became of spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Spans that nobody took.
    pub lost: u64,
    /// What a reader of the logs should know.
    pub failure: Option<ExportFailure>,
}

/// Why spans were not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFailure {
    /// From a bounded set: each is told once per process.
    pub kind: &'static str,
    /// For people; without secrets.
    pub message: String,
}

/// How an exporter is to work, as the environment says.
#[derive(Clone)]
pub struct ExportSettings {
    /// URL that requests are posted to.
    pub endpoint: String,
    /// Headers of each request. Their values are secrets.
    pub headers: Vec<(String, String)>,
    /// The longest that an invocation waits for its spans to be taken.
    pub timeout: Duration,
    /// How requests are written.
    pub encoding: Encoding,
    /// Who sends: names and values by OpenTelemetry's conventions for resources.
    pub resource: Vec<(String, Value<'static>)>,
}

/// How a request of OTLP is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `http/protobuf`.
    Protobuf,
    /// `http/json`.
    Json,
}

impl fmt::Debug for ExportSettings {
    /// Neither values of headers nor the endpoint, which may have a user and a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ExportSettings")
            .field("headers", &names)
            .field("timeout", &self.timeout)
            .field("encoding", &self.encoding)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// Settings that no exporter can work with. The text has no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Makes an exporter.
pub type Connect = fn(&ExportSettings) -> Result<Box<dyn SpanExporter>, Unusable>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let settings = ExportSettings {
            endpoint: "http://ada:lovelace@localhost".into(),
            headers: vec![("x-key".into(), "s3cret".into())],
            timeout: Duration::from_secs(1),
            encoding: Encoding::Protobuf,
            resource: vec![("service.name".into(), "shop".into())],
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("x-key") && shown.contains("shop"), "{shown}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("lovelace"),
            "{shown}"
        );
    }
}
