//! How a correlation context travels: HTTP headers, message attributes, a `__context__` object in JSON payloads, Lambda
//! client context. Only the texts are here; who reads or writes them is the caller's business.

use serde_json::{Map, Value, json};

use crate::correlation::{CorrelationContext, CorrelationId};
use crate::payload;
use crate::trace_header::TraceHeader;

/// Header and attribute with the correlation ID.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// Header with the hops so far.
pub const CALL_CHAIN_LENGTH: &str = "x-call-chain-length";
/// Header that asks for debug lines.
pub const DEBUG_LOG_ENABLED: &str = "x-debug-log-enabled";
/// Header with the trace, as X-Ray writes it.
pub const TRACE_HEADER: &str = "x-amzn-trace-id";
/// Message attribute with everything but the ID, as JSON.
pub const CONTEXT_ATTRIBUTE: &str = "x-correlation-context";
/// Key of the object in JSON payloads, and attribute of DynamoDB items.
pub const CONTEXT_KEY: &str = "__context__";
/// System attribute of SQS messages with the trace.
pub const SQS_TRACE_ATTRIBUTE: &str = "AWSTraceHeader";

const BAGGAGE: &str = "baggage";

/// What a carrier brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The context, counted one hop further; absent when the carrier brought none.
    pub context: Option<CorrelationContext>,
    /// The span that sent it.
    pub trace: Option<TraceHeader>,
    /// An ID that was refused because it is malformed.
    pub refused_id: Option<RefusedId>,
}

/// What may be told of an ID that was refused: it came from outside, and may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedId {
    /// Its length in bytes.
    pub length: usize,
    /// Its first characters, at most 16; what an ID may not hold is `?`.
    pub prefix: String,
}

/// Characters of a refused ID that are told.
const REFUSED_PREFIX: usize = 16;

impl RefusedId {
    fn of(text: &str) -> Self {
        let told = |c| if CorrelationId::may_hold(c) { c } else { '?' };
        Self {
            length: text.len(),
            prefix: text.chars().take(REFUSED_PREFIX).map(told).collect(),
        }
    }
}

impl Carried {
    /// The context, or the beginning of a new chain.
    #[must_use]
    pub fn context_or_begin(&self) -> CorrelationContext {
        self.context.clone().unwrap_or_else(CorrelationContext::begin)
    }
}

/// Reads HTTP headers; names in any letter case.
pub fn from_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Carried {
    let mut found = Fields::default();
    for (name, value) in headers {
        if name.eq_ignore_ascii_case(CORRELATION_ID) {
            found.id.get_or_insert(value);
        } else if name.eq_ignore_ascii_case(CALL_CHAIN_LENGTH) {
            found.chain_length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case(DEBUG_LOG_ENABLED) {
            found.debug = value.eq_ignore_ascii_case("true");
        } else if name.eq_ignore_ascii_case(TRACE_HEADER) {
            found.trace = value.parse().ok();
        }
    }
    found.into_carried(&Value::Null)
}

/// Reads message attributes of SQS or SNS; `attribute` gives the text of one by name.
pub fn from_attributes<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Carried {
    let context = attribute(CONTEXT_ATTRIBUTE).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut carried = from_context(
        context.as_ref().unwrap_or(&Value::Null),
        attribute(CORRELATION_ID),
    );
    if let Some(trace) = attribute(SQS_TRACE_ATTRIBUTE).and_then(|text| text.parse().ok()) {
        carried.trace.get_or_insert(trace);
    }
    carried
}

/// Reads a JSON payload: the object under [`CONTEXT_KEY`].
#[must_use]
pub fn from_payload(payload: &Value) -> Carried {
    match payload.get(CONTEXT_KEY) {
        Some(context) => from_context(context, None),
        None => Carried::default(),
    }
}

/// Reads a context that is itself JSON text, such as the attribute of a DynamoDB item.
#[must_use]
pub fn from_text(text: &str) -> Carried {
    serde_json::from_str::<Value>(text)
        .map(|context| from_context(&context, None))
        .unwrap_or_default()
}

/// Reads the object itself. Values may be texts, as they are in a Lambda client context.
#[must_use]
pub fn from_context(context: &Value, id: Option<&str>) -> Carried {
    let text = |key: &str| context.get(key).and_then(Value::as_str);
    let chain = context.get(CALL_CHAIN_LENGTH);
    let fields = Fields {
        id: id.or_else(|| text(CORRELATION_ID)),
        chain_length: chain.and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok())),
        debug: context
            .get(DEBUG_LOG_ENABLED)
            .is_some_and(|v| v == true || v == "true"),
        trace: text(TRACE_HEADER).and_then(|text| text.parse().ok()),
    };
    let nested = match context.get(BAGGAGE) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(object) => object.clone(),
        None => Value::Null,
    };
    fields.into_carried(&nested)
}

/// The HTTP headers of an outgoing call.
#[must_use]
pub fn to_headers(context: &CorrelationContext, trace: Option<&TraceHeader>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (CORRELATION_ID, context.id.to_string()),
        (CALL_CHAIN_LENGTH, context.chain_length.to_string()),
    ];
    if context.debug {
        headers.push((DEBUG_LOG_ENABLED, "true".to_owned()));
    }
    if let Some(trace) = trace {
        headers.push((TRACE_HEADER, trace.to_string()));
    }
    headers
}

/// The object for JSON payloads, and as text for message and item attributes.
#[must_use]
pub fn to_context(context: &CorrelationContext, trace: Option<&TraceHeader>) -> Value {
    let mut object = Map::new();
    object.insert(CORRELATION_ID.to_owned(), json!(context.id.as_str()));
    object.insert(CALL_CHAIN_LENGTH.to_owned(), json!(context.chain_length));
    object.insert(DEBUG_LOG_ENABLED.to_owned(), json!(context.debug));
    if let Some(trace) = trace {
        object.insert(TRACE_HEADER.to_owned(), json!(trace.to_string()));
    }
    if !context.baggage().is_empty() {
        object.insert(BAGGAGE.to_owned(), json!(context.baggage()));
    }
    Value::Object(object)
}

/// The same with texts as values, for the `custom` map of a Lambda client context.
#[must_use]
pub fn to_text_context(context: &CorrelationContext, trace: Option<&TraceHeader>) -> Value {
    let Value::Object(object) = to_context(context, trace) else {
        return Value::Null;
    };
    let as_text = |value: Value| match value {
        Value::String(text) => Value::String(text),
        other => Value::String(other.to_string()),
    };
    object
        .into_iter()
        .map(|(key, value)| (key, as_text(value)))
        .collect()
}

/// Puts the context into the text of a JSON payload, as the last member or in place of the one that is there; every other
/// byte stays. `None` when the payload is not a JSON object: it must pass unchanged.
#[must_use]
pub fn into_payload(
    payload: &str,
    context: &CorrelationContext,
    trace: Option<&TraceHeader>,
) -> Option<String> {
    let object = to_context(context, trace).to_string();
    payload::with_member(payload, CONTEXT_KEY, &object)
}

#[derive(Default)]
struct Fields<'a> {
    id: Option<&'a str>,
    chain_length: Option<u64>,
    debug: bool,
    trace: Option<TraceHeader>,
}

impl Fields<'_> {
    fn into_carried(self, baggage: &Value) -> Carried {
        let parsed = self
            .id
            .filter(|id| !id.is_empty())
            .map(|id| (id, id.parse::<CorrelationId>()));
        let refused_id = match &parsed {
            Some((text, Err(_))) => Some(RefusedId::of(text)),
            _ => None,
        };
        let context = parsed.and_then(|(_, id)| id.ok()).map(|id| {
            let mut context = CorrelationContext::new(id);
            let hops = self.chain_length.unwrap_or(0).min(u64::from(u32::MAX) - 1);
            context.chain_length = u32::try_from(hops).unwrap_or(u32::MAX - 1) + 1;
            context.debug = self.debug;
            for (key, value) in baggage.as_object().into_iter().flatten() {
                context.set_baggage(key, value.as_str().unwrap_or_default());
            }
            context
        });
        Carried {
            context,
            trace: self.trace,
            refused_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn context() -> CorrelationContext {
        let mut context = CorrelationContext::new("order-42".parse().unwrap());
        context.chain_length = 3;
        context.debug = true;
        context.set_baggage("shop", "north");
        context
    }

    /// The same, one hop further.
    fn arrived() -> CorrelationContext {
        let mut context = context();
        context.chain_length = 4;
        context
    }

    fn trace() -> TraceHeader {
        TRACE.parse().unwrap()
    }

    #[test]
    fn json_carries_everything() {
        let payload = into_payload(r#"{"a":1}"#, &context(), Some(&trace())).unwrap();
        let carried = from_payload(&serde_json::from_str(&payload).unwrap());
        assert_eq!(
            carried,
            Carried {
                context: Some(arrived()),
                trace: Some(trace()),
                refused_id: None
            }
        );
        assert_eq!(
            from_text(&to_context(&context(), None).to_string()).context,
            Some(arrived())
        );
    }

    #[test]
    fn texts_carry_everything() {
        let custom = to_text_context(&context(), Some(&trace()));
        assert!(custom.as_object().unwrap().values().all(Value::is_string));
        assert_eq!(from_context(&custom, None).context, Some(arrived()));
    }

    #[test]
    fn attributes_carry_everything() {
        let text = to_context(&context(), None).to_string();
        let carried = from_attributes(|name| match name {
            CONTEXT_ATTRIBUTE => Some(text.as_str()),
            CORRELATION_ID => Some("order-42"),
            SQS_TRACE_ATTRIBUTE => Some(TRACE),
            _ => None,
        });
        assert_eq!(
            carried,
            Carried {
                context: Some(arrived()),
                trace: Some(trace()),
                refused_id: None
            }
        );
        let only_id = from_attributes(|name| (name == CORRELATION_ID).then_some("order-42"));
        assert_eq!(only_id.context.unwrap().chain_length, 1);
    }

    #[test]
    fn headers_are_read_in_any_case() {
        let headers = [
            ("X-Correlation-ID", "order-42"),
            ("X-CALL-CHAIN-LENGTH", "3"),
            ("X-Amzn-Trace-Id", TRACE),
        ];
        let carried = from_headers(headers);
        assert_eq!(carried.context.unwrap().chain_length, 4);
        assert_eq!(carried.trace, Some(trace()));
        let refused = from_headers([("x-correlation-id", "two\r\nwords\u{202e} of a longer text")]);
        let told = RefusedId {
            length: 30,
            prefix: "two??words??of?a".to_owned(),
        };
        assert_eq!((refused.context, refused.refused_id), (None, Some(told)));
    }

    #[test]
    fn what_is_no_object_passes_unchanged() {
        for payload in ["[1]", "\"text\"", "not JSON", "", "12"] {
            assert_eq!(into_payload(payload, &context(), None), None, "{payload}");
        }
    }

    proptest! {
        #[test]
        fn any_context_is_read(text in "\\PC{0,120}", chain in any::<u64>()) {
            let _ = from_text(&text);
            let value = json!({CORRELATION_ID: text, CALL_CHAIN_LENGTH: chain, BAGGAGE: text});
            let carried = from_context(&value, None);
            prop_assert!(carried.context.is_none_or(|c| c.chain_length >= 1));
        }
    }
}
