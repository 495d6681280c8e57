//! What could not be delivered, as it lies under the failure prefix: the record that Lambda leaves at an on-failure destination, the
//! bare payload of a subscription filter, or the records that Firehose writes under its error prefix.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>,
//! <https://docs.aws.amazon.com/firehose/latest/dev/retry.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::envelope::{Envelope, EnvelopeError};

/// Envelopes that such an object holds, one text after the other.
///
/// # Errors
/// It is none of the forms, or a payload in it is damaged.
pub fn envelopes_of_failed(object: &[u8]) -> Result<Vec<Vec<u8>>, EnvelopeError> {
    let mut envelopes = Vec::new();
    for record in serde_json::Deserializer::from_slice(object).into_iter::<Value>() {
        let record = record.map_err(EnvelopeError::Envelope)?;
        envelopes.push(envelope(&record)?);
    }
    Ok(envelopes)
}

fn envelope(record: &Value) -> Result<Vec<u8>, EnvelopeError> {
    let payload = [
        &record["awslogs"]["data"],
        &record["requestPayload"]["awslogs"]["data"],
    ];
    if let Some(payload) = payload.iter().find_map(|value| value.as_str()) {
        return Envelope::unpack(payload);
    }
    if let Some(raw) = record["rawData"].as_str() {
        return STANDARD.decode(raw).map_err(EnvelopeError::Base64);
    }
    if record["messageType"].is_string() {
        return serde_json::to_vec(record).map_err(EnvelopeError::Envelope);
    }
    Err(EnvelopeError::NoPayload)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_is_read() {
        let envelope = json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": []});
        let text = envelope.to_string();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let payload = json!({"awslogs": {"data": STANDARD.encode(gzip.finish().unwrap())}});
        let check = |object: String, count: usize| {
            let found = envelopes_of_failed(object.as_bytes()).unwrap();
            assert_eq!(found.len(), count);
            for own in found {
                assert_eq!(serde_json::from_slice::<Value>(&own).unwrap(), envelope);
            }
        };
        check(payload.to_string(), 1);
        check(
            json!({"version": "1.0", "requestPayload": payload, "responsePayload": {"errorType": "E"}})
                .to_string(),
            1,
        );
        let raw =
            json!({"attemptsMade": 4, "errorCode": "S3.AccessDenied", "rawData": STANDARD.encode(&text)});
        check(format!("{raw}\n{raw}"), 2);
        check(format!("{text}{text}"), 2);
        check(String::new(), 0);
    }

    #[test]
    fn other_objects_are_told() {
        let check = |object: &str, expected: &str| {
            let error = envelopes_of_failed(object.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("{}", "has no lines");
        check("<xml>", "not in the envelope");
        check(r#"{"awslogs":{"data":"AAAA"}}"#, "not gzip");
        check(r#"{"rawData":"?"}"#, "not base64");
    }
}
