//! What could not be delivered, as it lies under the failure prefix: the record that Lambda leaves at an on-failure destination, the
//! bare payload of a subscription filter, or the records that Firehose writes under its error prefix.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>,
//! <https://docs.aws.amazon.com/firehose/latest/dev/retry.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::envelope::{Envelope, EnvelopeError};

/// Envelopes that such an object holds, as a raw object has them: each ends with a line break. They are without what must not be kept,
/// because lines that failed on their way to the forwarder, or in it, are as they were written.
///
/// # Errors
/// It is none of the forms, a payload in it is damaged, or an envelope is none.
pub fn redacted_envelopes_of_failed(object: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let mut raw = Vec::new();
    for envelopes in envelopes_of_failed(object)? {
        // A record of Firehose may have more than one.
        let text = String::from_utf8_lossy(&envelopes);
        for envelope in serde_json::Deserializer::from_str(&text).into_iter::<Envelope<'_>>() {
            let mut envelope = envelope.map_err(EnvelopeError::Envelope)?;
            envelope.redact();
            serde_json::to_writer(&mut raw, &envelope).map_err(EnvelopeError::Envelope)?;
            raw.push(b'\n');
        }
    }
    Ok(raw)
}

/// What such an object holds: the text of an envelope for each record of it.
fn envelopes_of_failed(object: &[u8]) -> Result<Vec<Vec<u8>>, EnvelopeError> {
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
    fn what_failed_is_redacted_on_its_way_back() {
        let envelope = |message: &str| {
            json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s",
                "logEvents": [{"id": "e", "timestamp": 7, "message": message}]})
            .to_string()
        };
        let two = envelope("to ada@example.com") + &envelope("plain");
        let failed = json!({"rawData": STANDARD.encode(two)}).to_string();
        let raw = redacted_envelopes_of_failed(failed.as_bytes()).unwrap();
        let expected = format!("{}\n{}\n", envelope("to [email]"), envelope("plain"));
        assert_eq!(String::from_utf8(raw).unwrap(), expected);
        let error =
            redacted_envelopes_of_failed(json!({"rawData": STANDARD.encode("[]")}).to_string().as_bytes());
        assert!(error.unwrap_err().to_string().contains("not in the envelope"));
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
