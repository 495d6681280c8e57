//! Names of attributes that stand for parts of a subsegment. Any other attribute is metadata. The same names serve fields of
//! `tracing`'s spans (`info_span!("charge", annotation.order_id = …)`) and [`crate::SpanExt::set_attribute`].

/// Prefix of annotations, which X-Ray indexes: `annotation.order_id`. Keys keep `A-Z a-z 0-9 _`, the rest becomes `_`.
pub const ANNOTATION: &str = "annotation.";
/// Prefix of the fields of the `aws` block, such as `aws.operation`.
pub const AWS: &str = "aws.";
/// Prefix of `metadata.telemetry`.
pub const TELEMETRY: &str = "telemetry.";
/// `remote` or `aws`.
pub const NAMESPACE: &str = "xray.namespace";
/// [`FAULT`], [`ERROR`] or [`THROTTLE`].
pub const FLAG: &str = "xray.flag";
/// Ours: 5xx, an unhandled error, a panic.
pub const FAULT: &str = "fault";
/// The caller's: 4xx.
pub const ERROR: &str = "error";
/// 429.
pub const THROTTLE: &str = "throttle";
/// JSON array of `{type, message}`: the error's chain.
pub const CAUSE: &str = "xray.cause";
/// HTTP status of the response.
pub const HTTP_STATUS: &str = "http.response.status_code";
/// Length of the response's body in bytes.
pub const HTTP_LENGTH: &str = "http.response.body.size";
/// Method of the request.
pub const HTTP_METHOD: &str = "http.request.method";
/// URL of the request, without secrets.
pub const HTTP_URL: &str = "url.full";
/// Name of the span, where it is not the one in its macro (as `tracing-opentelemetry` calls it).
pub const NAME: &str = "otel.name";
/// `client`, `server`, `producer`, `consumer` or `internal` (as `tracing-opentelemetry` calls it).
pub const KIND: &str = "otel.kind";
