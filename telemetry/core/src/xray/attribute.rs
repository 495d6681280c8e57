//! Names of span attributes that the writer turns into parts of a subsegment. Any other attribute becomes metadata.

use opentelemetry::Key;

/// Prefix of annotations.
pub(crate) const ANNOTATION: &str = "annotation.";
/// `remote` or `aws`.
pub const NAMESPACE: &str = "xray.namespace";
/// Prefix of the fields of the `aws` block, such as `aws.operation`.
pub const AWS: &str = "aws.";
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
/// Set on a span that has not ended.
pub(crate) const IN_PROGRESS: &str = "xray.in_progress";
/// Length of the response's body in bytes.
pub const HTTP_LENGTH: &str = "http.response.body.size";
/// Method of the request.
pub const HTTP_METHOD: &str = "http.request.method";
/// URL of the request, without secrets.
pub const HTTP_URL: &str = "url.full";
/// Prefix of `metadata.telemetry`.
pub const TELEMETRY: &str = "telemetry.";

/// Attributes with a place of their own in a document.
pub(super) const PARTS: [&str; 8] = [
    NAMESPACE,
    FLAG,
    CAUSE,
    IN_PROGRESS,
    HTTP_STATUS,
    HTTP_LENGTH,
    HTTP_METHOD,
    HTTP_URL,
];

/// The attribute of an annotation; its key keeps `A-Z a-z 0-9 _`, which is all that X-Ray indexes.
#[must_use]
pub fn annotation(key: &str) -> Key {
    let clean: String = key
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    Key::from(format!("{ANNOTATION}{clean}"))
}
