#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod describe;

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};
use telemetry_core::{carrier, current_scope};
use tracing::{Instrument as _, Span};

/// The middleware.
#[derive(Debug, Clone, Copy)]
pub struct TelemetryMiddleware {
    injects: bool,
}

impl TelemetryMiddleware {
    /// For clients that call services of ours or of AWS: subsegments and headers.
    #[must_use]
    pub const fn new() -> Self {
        Self { injects: true }
    }

    /// For clients that call strangers: subsegments, and nothing about us in the request.
    #[must_use]
    pub const fn observing() -> Self {
        Self { injects: false }
    }
}

impl Default for TelemetryMiddleware {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait::async_trait]
impl Middleware for TelemetryMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        if current_scope().is_none() {
            return next.run(request, extensions).await;
        }
        let span = describe::span_of(&request);
        if self.injects {
            inject(&span, request.headers_mut());
        }
        let result = next.run(request, extensions).instrument(span.clone()).await;
        match &result {
            Ok(response) => describe::response(&span, response),
            Err(error) => describe::error(&span, error),
        }
        result
    }
}

/// Adds the headers that the caller did not set.
fn inject(span: &Span, headers: &mut HeaderMap) {
    for (name, value) in carrier::current_headers(span) {
        // IDs and traces are visible ASCII: the value is never refused.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.entry(HeaderName::from_static(name)).or_insert(value);
        }
    }
}
