//! The context as a JSON object: under `__context__` in a payload, as the text of a message or item attribute, as the
//! `custom` map of a Lambda client context. It is bounded on its way in: it came from outside.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{
    CALL_CHAIN_LENGTH, CONTEXT_ATTRIBUTE, CONTEXT_KEY, CORRELATION_ID, Carried, DEBUG_LOG_ENABLED, Fields,
    Header, Refused, TRACE_HEADER, chain_length,
};
use crate::correlation::{Baggage, CorrelationContext};
use crate::json::Cursor;
use crate::payload;
use crate::trace_header::TraceHeader;

const BAGGAGE: &str = "baggage";
/// Longest text of a context that is read, in bytes. Ours: the largest that we write has about 11,000, with every character
/// of its baggage escaped twice.
const LONGEST_CONTEXT: usize = 16_384;

/// Reads a JSON payload: the object under [`CONTEXT_KEY`]. The rest is passed over.
#[must_use]
pub fn from_payload(payload: &[u8]) -> Carried {
    read_payload(&mut Cursor::new(payload))
}

/// Reads a context that is itself JSON text, such as the attribute of a DynamoDB item.
#[must_use]
pub fn from_text(text: &str) -> Carried {
    of_object(text.as_bytes(), None)
}

/// Reads the text of a Lambda client context: its `custom` map, whose values are texts.
#[must_use]
pub fn from_client_context(text: &str) -> Carried {
    let mut carried = Carried::default();
    Cursor::new(text.as_bytes()).members(|key, value| {
        if key == b"custom" {
            carried = of_object(value.raw(), None);
        }
    });
    carried
}

pub(crate) fn read_payload(payload: &mut Cursor<'_>) -> Carried {
    let mut carried = Carried::default();
    payload.members(|key, value| {
        if key == CONTEXT_KEY.as_bytes() {
            carried = read_context(value);
        }
    });
    carried
}

/// Reads the value of [`CONTEXT_KEY`]: an object, or its text.
pub(crate) fn read_context(value: &mut Cursor<'_>) -> Carried {
    match value.text() {
        Some(text) if text.raw().len() > 2 * LONGEST_CONTEXT => too_long(text.raw()),
        Some(text) => text.decoded().map(|text| from_text(&text)).unwrap_or_default(),
        None => of_object(value.raw(), None),
    }
}

/// Reads message attributes of SQS or SNS, whose texts stand under `text_key`.
pub(crate) fn read_attributes(attributes: &mut Cursor<'_>, text_key: &str) -> Carried {
    let (mut id, mut context) = (None, None);
    attributes.members(|name, attribute| {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let place = if is(CORRELATION_ID) {
            &mut id
        } else if is(CONTEXT_ATTRIBUTE) {
            &mut context
        } else {
            return;
        };
        attribute.members(|key, value| {
            if key == text_key.as_bytes() {
                *place = value.text();
            }
        });
    });
    let id = id.and_then(|text| text.decoded());
    match context.map(|text| (text.raw(), text.decoded())) {
        Some((raw, _)) if raw.len() > 2 * LONGEST_CONTEXT => too_long(raw),
        Some((_, Some(context))) => of_object(context.as_bytes(), id),
        _ => of_object(b"", id),
    }
}

fn too_long(text: &[u8]) -> Carried {
    let told = text.get(..64).unwrap_or_default();
    let mut refused = Refused::of(CONTEXT_KEY, &String::from_utf8_lossy(told));
    refused.length = text.len();
    Carried {
        refused: vec![refused],
        ..Carried::default()
    }
}

/// Reads the object itself; an ID that stands beside it counts before the one in it.
fn of_object(text: &[u8], id: Option<Cow<'_, str>>) -> Carried {
    if text.len() > LONGEST_CONTEXT {
        return too_long(text);
    }
    let mut fields = Fields::default();
    Cursor::new(text).members(|key, value| match Header::named(key) {
        Some(Header::CorrelationId) => fields.id = value.decoded(),
        Some(Header::CallChainLength) => {
            fields.chain_length = text_of(value).and_then(|text| chain_length(&text))
        }
        Some(Header::DebugLogEnabled) => fields.debug = text_of(value).is_some_and(|text| text == "true"),
        Some(Header::Trace) => fields.trace = value.decoded(),
        None if key == BAGGAGE.as_bytes() => fields.baggage = baggage(value),
        _ => {}
    });
    if id.is_some() {
        fields.id = id;
    }
    fields.into_carried()
}

/// A text, a number or a truth value as text.
fn text_of<'a>(value: &mut Cursor<'a>) -> Option<Cow<'a, str>> {
    match value.text() {
        Some(text) => text.decoded(),
        None => value.scalar().map(Cow::Borrowed),
    }
}

/// An object of texts, or its text. What does not fit is left out.
fn baggage(value: &mut Cursor<'_>) -> Baggage {
    let mut baggage = Baggage::default();
    let mut read = |object: &mut Cursor<'_>| {
        object.members(|key, value| {
            let key = std::str::from_utf8(key).unwrap_or_default();
            if let Some(value) = value.decoded() {
                baggage.set(key, &value);
            }
        });
    };
    match value.text() {
        Some(text) => read(&mut Cursor::new(text.decoded().unwrap_or_default().as_bytes())),
        None => read(value),
    }
    baggage
}

/// The object for JSON payloads, and for message and item attributes, as compact JSON.
#[must_use]
pub fn to_context(context: &CorrelationContext, trace: Option<&TraceHeader>) -> String {
    let object = Object { context, trace };
    // Texts and numbers only: this cannot fail.
    serde_json::to_string(&object).unwrap_or_else(|_| "{}".to_owned())
}

/// Puts the context into the text of a JSON payload, as the last member or in place of the one that is there; every other
/// byte stays. `None` when the payload is not a JSON object: it must pass unchanged.
#[must_use]
pub fn into_payload(
    payload: &str,
    context: &CorrelationContext,
    trace: Option<&TraceHeader>,
) -> Option<String> {
    payload::with_member(payload, CONTEXT_KEY, &to_context(context, trace))
}

/// Puts the context into the `custom` map of the text of a Lambda client context, beside what the caller has there; texts
/// all of them, as the runtimes of other languages want. `None` when that is not a JSON object.
#[must_use]
pub fn into_client_context(
    client_context: Option<&str>,
    context: &CorrelationContext,
    trace: Option<&TraceHeader>,
) -> Option<String> {
    let text = client_context.unwrap_or("{}");
    let mut custom = "{}".to_owned();
    Cursor::new(text.as_bytes()).members(|key, value| {
        if key == b"custom" && value.is_some() {
            custom = String::from_utf8_lossy(value.raw()).into_owned();
        }
    });
    for (key, value) in texts(context, trace) {
        custom = payload::with_member(&custom, key, &serde_json::to_string(&value).ok()?)?;
    }
    payload::with_member(text, "custom", &custom)
}

fn texts(context: &CorrelationContext, trace: Option<&TraceHeader>) -> Vec<(&'static str, String)> {
    let mut texts = vec![
        (CORRELATION_ID, context.id.to_string()),
        (CALL_CHAIN_LENGTH, context.chain_length.to_string()),
        (DEBUG_LOG_ENABLED, context.debug.to_string()),
    ];
    texts.extend(trace.map(|trace| (TRACE_HEADER, trace.to_string())));
    if !context.baggage().is_empty() {
        texts.push((
            BAGGAGE,
            serde_json::to_string(context.baggage()).unwrap_or_default(),
        ));
    }
    texts
}

struct Object<'a> {
    context: &'a CorrelationContext,
    trace: Option<&'a TraceHeader>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry(CORRELATION_ID, self.context.id.as_str())?;
        object.serialize_entry(CALL_CHAIN_LENGTH, &self.context.chain_length)?;
        object.serialize_entry(DEBUG_LOG_ENABLED, &self.context.debug)?;
        if let Some(trace) = self.trace {
            object.serialize_entry(TRACE_HEADER, &format_args!("{trace}"))?;
        }
        if !self.context.baggage().is_empty() {
            object.serialize_entry(BAGGAGE, self.context.baggage())?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const TRACE: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1";

    fn context() -> CorrelationContext {
        let mut context = CorrelationContext::new("order-42".parse().unwrap());
        context.chain_length = 3;
        context.debug = true;
        context.set_baggage("shop", "north \"1\" ü");
        context
    }

    fn trace() -> TraceHeader {
        TRACE.parse().unwrap()
    }

    /// The same, one hop further.
    fn arrived() -> Carried {
        let mut context = context();
        context.chain_length = 4;
        Carried {
            context: Some(context),
            trace: Some(trace()),
            ..Carried::default()
        }
    }

    #[test]
    fn json_carries_everything() {
        let payload = into_payload(r#"{"a":1}"#, &context(), Some(&trace())).unwrap();
        assert_eq!(from_payload(payload.as_bytes()), arrived());
        let text = to_context(&context(), Some(&trace()));
        assert_eq!(from_text(&text), arrived());
        let escaped = json!({ CONTEXT_KEY: text }).to_string();
        assert_eq!(from_payload(escaped.as_bytes()), arrived());
    }

    #[test]
    fn a_client_context_carries_everything_beside_what_is_there() {
        let check = |before: Option<&str>, kept: Value| {
            let text = into_client_context(before, &context(), Some(&trace())).unwrap();
            assert_eq!(from_client_context(&text), arrived());
            let mut read: Value = serde_json::from_str(&text).unwrap();
            let custom = read["custom"].as_object_mut().unwrap();
            assert!(custom.values().all(Value::is_string));
            custom.retain(|key, _| kept["custom"].get(key).is_some());
            assert_eq!(read, kept);
        };
        check(None, json!({"custom": {}}));
        check(Some(r#"{"custom":null}"#), json!({"custom": {}}));
        let own = r#"{"client":{"app_title":"shop"},"custom":{"tenant":"t-1","x-correlation-id":"old"}}"#;
        let text = into_client_context(Some(own), &context(), None).unwrap();
        assert!(
            text.contains(r#""tenant":"t-1""#) && !text.contains("old"),
            "{text}"
        );
        for text in ["", "[]", "{\"custom\":[1]}", "not JSON"] {
            assert_eq!(into_client_context(Some(text), &context(), None), None, "{text}");
        }
    }

    #[test]
    fn attributes_carry_everything() {
        let of = |attributes: Value| {
            read_attributes(&mut Cursor::new(attributes.to_string().as_bytes()), "stringValue")
        };
        let text = |text: &str| json!({"stringValue": text, "dataType": "String"});
        let whole = to_context(&context(), Some(&trace()));
        let both = json!({"X-Correlation-Id": text("order-42"), CONTEXT_ATTRIBUTE: text(&whole), "other": text("x")});
        assert_eq!(of(both), arrived());
        let only_id = of(json!({CORRELATION_ID: text("order-42")}));
        assert_eq!(only_id.context.unwrap().chain_length, 1);
        let other_id = of(json!({CORRELATION_ID: text("c-1"), CONTEXT_ATTRIBUTE: text(&whole)}));
        assert_eq!(other_id.context.unwrap().id.as_str(), "c-1");
        for attributes in [
            json!({}),
            json!(null),
            json!([1]),
            json!({CORRELATION_ID: 7}),
            json!({CORRELATION_ID: {"binaryValue": "eA=="}}),
        ] {
            assert_eq!(of(attributes), Carried::default());
        }
    }

    #[test]
    fn what_is_malformed_is_refused_and_the_rest_is_kept() {
        let check = |context: Value, id: Option<&str>, refused: &[&str]| {
            let carried = from_text(&context.to_string());
            let names: Vec<&str> = carried.refused.iter().map(|refused| refused.name).collect();
            let read = carried.context.as_ref().map(|context| context.id.as_str());
            assert_eq!((read, names.as_slice()), (id, refused), "{context}");
        };
        check(json!({CORRELATION_ID: "a b"}), None, &[CORRELATION_ID]);
        check(
            json!({CORRELATION_ID: "c", TRACE_HEADER: "Root="}),
            Some("c"),
            &[TRACE_HEADER],
        );
        check(
            json!({CORRELATION_ID: "c", CALL_CHAIN_LENGTH: -1, BAGGAGE: 3}),
            Some("c"),
            &[],
        );
        check(json!({CORRELATION_ID: 7, TRACE_HEADER: ["x"]}), None, &[]);
        check(
            json!({CORRELATION_ID: "c", "filler": "x".repeat(LONGEST_CONTEXT)}),
            None,
            &[CONTEXT_KEY],
        );
    }

    #[test]
    fn a_chain_that_cannot_be_counted_is_a_loop() {
        for length in ["4294967296", "99999999999999999999999", "\"50\"", "50"] {
            let carried = from_text(&format!(
                r#"{{"x-correlation-id":"c","x-call-chain-length":{length}}}"#
            ));
            assert!(carried.context.unwrap().is_loop(), "{length}");
        }
    }

    #[test]
    fn what_we_write_is_within_what_we_read() {
        let mut context = CorrelationContext::new("a".repeat(128).parse().unwrap());
        for n in 0..8 {
            let key = format!("{n}{}", "\"".repeat(63));
            assert!(context.set_baggage(&key, &"\\".repeat(256)));
        }
        let trace: TraceHeader = format!("Root=1-5759e988-bd862e3fe1be46a994272793;X={}", "\"".repeat(900))
            .parse()
            .unwrap();
        for text in [
            to_context(&context, Some(&trace)),
            into_client_context(None, &context, Some(&trace)).unwrap(),
        ] {
            assert!(text.len() < LONGEST_CONTEXT, "{}", text.len());
        }
    }

    #[test]
    fn what_is_no_object_passes_unchanged() {
        for payload in ["[1]", "\"text\"", "not JSON", "", "12"] {
            assert_eq!(into_payload(payload, &context(), None), None, "{payload}");
            assert_eq!(from_payload(payload.as_bytes()), Carried::default());
        }
    }

    proptest! {
        #[test]
        fn any_context_is_read(text in "\\PC{0,120}", chain in any::<u64>()) {
            let _ = from_text(&text);
            let value = json!({CORRELATION_ID: text, CALL_CHAIN_LENGTH: chain, BAGGAGE: text});
            let carried = from_text(&value.to_string());
            prop_assert!(carried.context.is_none_or(|c| c.chain_length >= 1));
        }

        #[test]
        fn any_baggage_is_bounded(pairs in proptest::collection::vec((".{0,80}", ".{0,300}"), 0..16), as_text: bool) {
            let object: Value = pairs.into_iter().map(|(k, v)| (k, Value::from(v))).collect();
            let baggage = if as_text { Value::from(object.to_string()) } else { object.clone() };
            let carried = from_text(&json!({CORRELATION_ID: "c", BAGGAGE: baggage}).to_string());
            if let Some(context) = carried.context {
                prop_assert!(context.baggage().len() <= 8);
                for (key, value) in context.baggage() {
                    prop_assert!(key.len() <= 64 && value.len() <= 256);
                    prop_assert!(!key.chars().chain(value.chars()).any(char::is_control));
                    prop_assert_eq!(object[key].as_str(), Some(value.as_str()));
                }
                let again = from_text(&to_context(&context, None)).context.unwrap();
                prop_assert_eq!(again.baggage(), context.baggage());
            } else {
                prop_assert!(!carried.refused.is_empty());
            }
        }
    }
}
