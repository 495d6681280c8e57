//! The payload of a subscription filter: base64 of gzip of JSON.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::line::LogEvent;

/// Which lines may tell of failures: the pattern of the subscription filters in infra/shopfast.yaml; a test there keeps both equal.
/// It may match too much: [`crate::occurrence()`] says what is a failure.
pub const PATTERN: &str = r#"{ $.level = "ERROR" || $.level = "CRITICAL" || $.level = "FATAL" || $.severity = "CRITICAL" || $.record.status = "timeout" || $.record.status = "failure" || $.record.status = "error" }"#;

/// [`PATTERN`] as a filter of a Logs Insights query.
///
/// ```
/// let filter = error_report_intake::insights_filter();
/// assert!(filter.starts_with("level = \"ERROR\" or level = "));
/// assert!(filter.contains(" or record.status = \"timeout\""));
/// ```
#[must_use]
pub fn insights_filter() -> String {
    let terms = PATTERN.trim_start_matches('{').trim_end_matches('}').split("||");
    let terms: Vec<&str> = terms.map(|term| term.trim().trim_start_matches("$.")).collect();
    terms.join(" or ")
}

/// A batch has 1 MB of text; somebody else's may be a bomb.
const LARGEST: u64 = 16 * 1_024 * 1_024;

/// Lines of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogBatch {
    message_type: String,
    /// `/aws/lambda/shopfast-order-service`.
    #[serde(default)]
    pub log_group: String,
    /// The stream.
    #[serde(default)]
    pub log_stream: String,
    /// The lines.
    #[serde(default)]
    pub log_events: Vec<LogEvent>,
}

/// Why lines cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// Not base64.
    #[error("the lines are not base64")]
    Base64(#[from] base64::DecodeError),
    /// Not gzip, or cut.
    #[error("the lines are not gzip, or cut: {0}")]
    Gzip(#[from] std::io::Error),
    /// More than a batch can have.
    #[error("the lines are more than {LARGEST} bytes")]
    TooLarge,
    /// Not the envelope of CloudWatch Logs.
    #[error("the lines are not in the envelope of CloudWatch Logs: {0}")]
    Envelope(#[from] serde_json::Error),
}

impl LogBatch {
    /// Unpacks a payload. `None` for a control message: no lines.
    ///
    /// # Errors
    /// It is damaged, too large, or something else.
    pub fn unpack(data: &str) -> Result<Option<Self>, LogsError> {
        let packed = STANDARD.decode(data)?;
        let mut json = Vec::new();
        GzDecoder::new(&packed[..])
            .take(LARGEST + 1)
            .read_to_end(&mut json)?;
        if json.len() as u64 > LARGEST {
            return Err(LogsError::TooLarge);
        }
        let batch: Self = serde_json::from_slice(&json)?;
        Ok((batch.message_type == "DATA_MESSAGE").then_some(batch))
    }

    /// The function whose lines they are: the end of the log group's name.
    #[must_use]
    pub fn function(&self) -> &str {
        self.log_group.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    fn packed(json: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    #[test]
    fn lines_are_unpacked_control_messages_are_none() {
        let data = json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/lambda/shop", "logStream": "s",
            "subscriptionFilters": ["f"], "logEvents": [{"id": "1", "timestamp": 7, "message": "a\n"}]});
        let batch = LogBatch::unpack(&packed(data.to_string().as_bytes()))
            .unwrap()
            .unwrap();
        assert_eq!((batch.function(), batch.log_events[0].timestamp), ("shop", 7));
        let control = json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": 7, "message": "CWL CONTROL MESSAGE"}]});
        assert_eq!(
            LogBatch::unpack(&packed(control.to_string().as_bytes())).unwrap(),
            None
        );
    }

    #[test]
    fn what_is_damaged_is_told() {
        let check = |data: &str, expected: &str| {
            let error = LogBatch::unpack(data).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("{", "the lines are not base64");
        check("AAAA", "the lines are not gzip");
        let whole = packed(&vec![b' '; 50_000]);
        check(
            &whole[..whole.len() / 2 / 4 * 4],
            "the lines are not gzip, or cut",
        );
        check(&packed(b"[]"), "the lines are not in the envelope");
        check(
            &packed(&vec![b' '; 17 * 1_024 * 1_024]),
            "the lines are more than",
        );
    }
}
