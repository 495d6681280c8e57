//! Between CBOR, as the protocol `rpc-v2-cbor` has it, and JSON values.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>: timestamps are tag 1 with seconds.

use ciborium::Value as Cbor;
use serde_json::{Map, Value, json};

/// Members that are timestamps, or lists of them, in CloudWatch's answers.
const TIMESTAMPS: [&str; 9] = [
    "Timestamps",
    "Timestamp",
    "AlarmConfigurationUpdatedTimestamp",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "LastUpdatedTimestamp",
    "LastModified",
    "StartDate",
    "ExpireDate",
];

/// Reads; `None` for what is no CBOR. Timestamps become numbers of seconds.
pub(crate) fn decode(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return Some(json!({}));
    }
    to_json(&ciborium::from_reader(bytes).ok()?)
}

fn to_json(value: &Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Integer(number) => json!(i64::try_from(*number).ok()?),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(flag) => json!(flag),
        Cbor::Tag(1, inner) => to_json(inner)?,
        Cbor::Array(items) => Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Cbor::Map(members) => {
            let member = |(key, value): &(Cbor, Cbor)| Some((key.as_text()?.to_owned(), to_json(value)?));
            Value::Object(members.iter().map(member).collect::<Option<Map<_, _>>>()?)
        }
        Cbor::Null => Value::Null,
        _ => return None,
    })
}

/// Writes.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = ciborium::into_writer(&to_cbor(value, false), &mut bytes);
    bytes
}

fn to_cbor(value: &Value, timestamp: bool) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) if timestamp => {
            Cbor::Tag(1, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(item, timestamp)).collect()),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                (
                    Cbor::Text(key.clone()),
                    to_cbor(value, TIMESTAMPS.contains(&key.as_str())),
                )
            };
            Cbor::Map(members.iter().map(member).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way_there_and_back() {
        let check = |value: Value| assert_eq!(decode(&encode(&value)), Some(value));
        check(
            json!({"MetricDataResults": [{"Id": "a", "Values": [1.5, 2.0], "Timestamps": [1_700_000_000.0]}], "n": null, "t": true, "i": -3}),
        );
        assert_eq!(decode(b""), Some(json!({})));
        assert_eq!(decode(&[0xff]), None);
    }

    #[test]
    fn timestamps_carry_their_tag() {
        let encoded = encode(&json!({"Timestamps": [1.5]}));
        let Ok(Cbor::Map(members)) = ciborium::from_reader::<Cbor, _>(encoded.as_slice()) else {
            panic!("no map")
        };
        assert_eq!(
            members[0].1,
            Cbor::Array(vec![Cbor::Tag(1, Box::new(Cbor::Float(1.5)))])
        );
    }
}
