//! HTTP headers, in and out: ours, X-Ray's, and W3C Trace Context. Names come in any letter case; a header may stand several
//! times, as several members, in a list, or joined by commas, as API Gateway's HTTP APIs and Function URLs join them. Equal
//! values are one; values that contradict each other are refused, because nobody can say which one is the caller's.
//!
//! Both traces are kept. As the span that sent the request, X-Ray's header counts where it names a parent. Gateways and load
//! balancers begin a trace without a parent for every request that comes with none: there `traceparent` counts.

use std::borrow::Cow;

use super::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, Carried, DEBUG_LOG_ENABLED, Fields, Refused, TRACE_HEADER,
    chain_length,
};
use crate::correlation::CorrelationContext;
use crate::invocation::current_scope;
use crate::trace_header::TraceHeader;
use crate::w3c::W3cTrace;

/// Header with the trace (W3C Trace Context, Level 1).
pub const TRACEPARENT: &str = "traceparent";
/// Header with what vendors add to the trace (W3C Trace Context, Level 1).
pub const TRACESTATE: &str = "tracestate";
/// Longest text of a `tracestate` that is looked at; 512 characters of it are kept.
const LONGEST_STATE: usize = 8_192;

/// A header that carries something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    CorrelationId,
    CallChainLength,
    DebugLogEnabled,
    Trace,
    Traceparent,
    Tracestate,
}

const NAMES: [(&str, Header); 6] = [
    (CORRELATION_ID, Header::CorrelationId),
    (CALL_CHAIN_LENGTH, Header::CallChainLength),
    (DEBUG_LOG_ENABLED, Header::DebugLogEnabled),
    (TRACE_HEADER, Header::Trace),
    (TRACEPARENT, Header::Traceparent),
    (TRACESTATE, Header::Tracestate),
];

impl Header {
    /// The header of this name, in any letter case; `None` for those that carry nothing.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let found = NAMES
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
        found.map(|(_, header)| *header)
    }
}

/// Headers that are read one by one. It keeps at most one value of each, however many come.
#[derive(Debug, Default)]
pub(crate) struct Headers<'a> {
    id: Once<'a>,
    chain_length: Option<u64>,
    debug: bool,
    trace: Once<'a>,
    traceparent: Once<'a>,
    /// A list: several headers are one.
    tracestate: Option<Cow<'a, str>>,
}

impl<'a> Headers<'a> {
    /// Takes one header.
    pub(crate) fn add(&mut self, header: Header, value: Cow<'a, str>) {
        match header {
            Header::CorrelationId => self.id.add(value),
            // Of two the longer one: a loop is not hidden by a second header.
            Header::CallChainLength => {
                let lengths = value.split(',').filter_map(chain_length);
                self.chain_length = lengths.chain(self.chain_length).max();
            }
            Header::DebugLogEnabled => self.debug |= value.trim().eq_ignore_ascii_case("true"),
            Header::Trace => self.trace.add(value),
            Header::Traceparent => self.traceparent.add(value),
            Header::Tracestate => match &mut self.tracestate {
                None => self.tracestate = Some(value),
                Some(state) if state.len() < LONGEST_STATE => *state = format!("{state},{value}").into(),
                Some(_) => {}
            },
        }
    }

    /// Did none come?
    pub(crate) fn is_empty(&self) -> bool {
        let texts = [&self.id, &self.trace, &self.traceparent];
        let none = texts.iter().all(|text| text.value.is_none());
        none && self.chain_length.is_none() && !self.debug && self.tracestate.is_none()
    }

    /// What they carry.
    pub(crate) fn finish(&self) -> Carried {
        let mut refused = Vec::new();
        let id = self.id.single(CORRELATION_ID, &mut refused);
        let x_ray: Option<TraceHeader> = self
            .trace
            .parsed(TRACE_HEADER, &mut refused, |text| text.parse().ok());
        let w3c = self.w3c(&mut refused);
        let fields = Fields {
            id: id.map(Cow::Borrowed),
            chain_length: self.chain_length,
            debug: self.debug,
            ..Fields::default()
        };
        let mut carried = fields.into_carried();
        carried.trace = match (x_ray, &w3c) {
            (Some(x_ray), _) if x_ray.parent.is_some() => Some(x_ray),
            (_, Some(w3c)) => Some(TraceHeader::new(w3c.trace_id, w3c.parent, w3c.sampled)),
            (x_ray, None) => x_ray,
        };
        carried.w3c = w3c;
        carried.refused.append(&mut refused);
        carried
    }

    fn w3c(&self, refused: &mut Vec<Refused>) -> Option<W3cTrace> {
        let trace = self
            .traceparent
            .parsed(TRACEPARENT, refused, |text| text.parse::<W3cTrace>().ok())?;
        let Some(state) = self.tracestate.as_deref() else {
            return Some(trace);
        };
        let whole = trace.clone().with_state(state);
        if whole.is_none() {
            refused.push(Refused::of(TRACESTATE, state));
        }
        Some(whole.unwrap_or(trace))
    }
}

/// A header that must have one value.
#[derive(Debug, Default)]
struct Once<'a> {
    value: Option<Cow<'a, str>>,
    conflict: bool,
}

impl<'a> Once<'a> {
    fn add(&mut self, value: Cow<'a, str>) {
        if value.trim().is_empty() {
            return;
        }
        match &self.value {
            None => self.value = Some(value),
            Some(first) => self.conflict |= first.trim() != value.trim(),
        }
    }

    /// The value; refused where there are several.
    fn single(&self, name: &'static str, refused: &mut Vec<Refused>) -> Option<&str> {
        let text = self.value.as_deref()?;
        let mut values = text.split(',').map(str::trim);
        let first = values.next().unwrap_or_default();
        if self.conflict || !values.all(|other| other == first) {
            refused.push(Refused::of(name, text));
            return None;
        }
        Some(first)
    }

    /// The value as what it must be; refused where it is something else.
    fn parsed<T>(
        &self,
        name: &'static str,
        refused: &mut Vec<Refused>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.single(name, refused)?;
        let parsed = parse(text);
        if parsed.is_none() {
            refused.push(Refused::of(name, text));
        }
        parsed
    }
}

/// Reads HTTP headers; names in any letter case.
pub fn from_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Carried {
    let mut read = Headers::default();
    for (name, value) in headers {
        if let Some(header) = Header::named(name.as_bytes()) {
            read.add(header, value.into());
        }
    }
    read.finish()
}

/// The HTTP headers of an outgoing call to a service of ours or of AWS: the context, the trace as X-Ray writes it, and as
/// W3C does, with its `tracestate` where there is one. The caller's own keys stay behind: they are for our own messages.
#[must_use]
pub fn to_headers(
    context: &CorrelationContext,
    trace: Option<&TraceHeader>,
    w3c: Option<&W3cTrace>,
) -> Vec<(&'static str, String)> {
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
    if let Some(w3c) = w3c {
        headers.push((TRACEPARENT, w3c.to_string()));
        if !w3c.state().is_empty() {
            headers.push((TRACESTATE, w3c.state().to_owned()));
        }
    }
    headers
}

/// All headers of an HTTP request that `span` makes in the running invocation or record. Empty outside of invocations.
#[must_use]
pub fn current_headers(span: &tracing::Span) -> Vec<(&'static str, String)> {
    let Some(scope) = current_scope() else {
        return Vec::new();
    };
    let (trace, w3c) = (scope.trace_header_for(span), scope.w3c_trace_for(span));
    to_headers(&scope.context, trace.as_ref(), w3c.as_ref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::event::Event;
    use crate::invocation::{Invocation, Scope, in_scope};
    use crate::log::tests::process;

    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    const OTHER: &str = "Root=1-5759e988-000000000000000000000001;Parent=53995c3f42cd8ad8;Sampled=1";
    const BEGUN: &str = "Root=1-5759e988-000000000000000000000001";
    const W3C: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";

    /// The ID, the trace, and what is refused.
    fn check(
        headers: &[(&str, &str)],
        id: Option<&str>,
        trace: Option<&str>,
        refused: &[&'static str],
    ) -> Carried {
        let carried = from_headers(headers.iter().copied());
        let names: Vec<&str> = carried.refused.iter().map(|refused| refused.name).collect();
        assert_eq!(carried.context.as_ref().map(|c| c.id.as_str()), id, "{headers:?}");
        let told = carried.trace.as_ref().map(ToString::to_string);
        assert_eq!(told.as_deref(), trace, "{headers:?}");
        assert_eq!(names, refused, "{headers:?}");
        carried
    }

    #[test]
    fn names_come_in_any_letter_case() {
        for name in ["x-correlation-id", "X-Correlation-ID", "X-CORRELATION-ID"] {
            check(&[(name, " c-1 ")], Some("c-1"), None, &[]);
        }
        let headers = [
            ("X-Correlation-ID", "c-1"),
            ("X-CALL-CHAIN-LENGTH", "3"),
            ("X-Amzn-Trace-Id", TRACE),
            ("x-DEBUG-log-Enabled", "TRUE"),
        ];
        let context = check(&headers, Some("c-1"), Some(TRACE), &[]).context.unwrap();
        assert_eq!((context.chain_length, context.debug), (4, true));
    }

    #[test]
    fn equal_duplicates_are_one_and_others_are_refused() {
        let id = CORRELATION_ID;
        check(
            &[(id, "c-1"), ("X-Correlation-Id", "c-1")],
            Some("c-1"),
            None,
            &[],
        );
        check(&[(id, "c-1, c-1")], Some("c-1"), None, &[]);
        check(&[(id, ""), (id, "c-1")], Some("c-1"), None, &[]);
        check(&[(id, "c-1"), (id, "c-2")], None, None, &[id]);
        check(&[(id, "c-1,c-2")], None, None, &[id]);
        let trace = TRACE_HEADER;
        check(&[(trace, TRACE), (trace, TRACE)], None, Some(TRACE), &[]);
        check(&[(trace, TRACE), (trace, OTHER)], None, None, &[trace]);
        let headers = [(id, "c"), (CALL_CHAIN_LENGTH, "3"), (CALL_CHAIN_LENGTH, "49,2")];
        let carried = check(&headers, Some("c"), None, &[]);
        assert_eq!(carried.context.unwrap().chain_length, 50);
    }

    #[test]
    fn what_an_id_may_not_be_is_refused() {
        check(
            &[(CORRELATION_ID, &"a".repeat(128))],
            Some(&"a".repeat(128)),
            None,
            &[],
        );
        let long = "a".repeat(129);
        for text in ["a b", "a\r\nx: y", "a\0", "\u{202e}a", "ünï", long.as_str()] {
            check(&[(CORRELATION_ID, text)], None, None, &[CORRELATION_ID]);
        }
        let refused = from_headers([("x-correlation-id", "two\r\nwords\u{202e} of a longer text")]);
        let told = Refused {
            name: CORRELATION_ID,
            length: 30,
            prefix: "two??words??of?a".to_owned(),
        };
        assert_eq!((refused.context, refused.refused), (None, vec![told]));
    }

    #[test]
    fn x_ray_counts_where_it_names_a_parent_and_w3c_where_it_does_not() {
        check(&[("Traceparent", W3C)], None, Some(TRACE), &[]);
        check(
            &[(TRACEPARENT, W3C), (TRACE_HEADER, OTHER)],
            None,
            Some(OTHER),
            &[],
        );
        check(
            &[(TRACEPARENT, W3C), (TRACE_HEADER, BEGUN)],
            None,
            Some(TRACE),
            &[],
        );
        check(&[(TRACE_HEADER, BEGUN)], None, Some(BEGUN), &[]);
        check(
            &[(TRACEPARENT, W3C), (TRACE_HEADER, "garbage")],
            None,
            Some(TRACE),
            &[TRACE_HEADER],
        );
        check(
            &[(TRACEPARENT, "garbage"), (TRACE_HEADER, BEGUN)],
            None,
            Some(BEGUN),
            &[TRACEPARENT],
        );
        check(
            &[(TRACEPARENT, W3C), (TRACEPARENT, "00-1")],
            None,
            None,
            &[TRACEPARENT],
        );
    }

    #[test]
    fn the_w3c_trace_is_kept_whichever_counts() {
        let state = |headers: &[(&str, &str)], trace: &str, refused: &[&'static str]| {
            let w3c = check(headers, None, Some(trace), refused).w3c.unwrap();
            assert_eq!(w3c.to_string(), W3C);
            w3c.state().to_owned()
        };
        let parent = (TRACEPARENT, W3C);
        assert_eq!(
            state(&[parent, (TRACESTATE, "a=1,b=x y")], TRACE, &[]),
            "a=1,b=x y"
        );
        assert_eq!(
            state(&[(TRACESTATE, "a=1"), parent, ("TraceState", "b=2")], TRACE, &[]),
            "a=1,b=2"
        );
        assert_eq!(
            state(&[parent, (TRACESTATE, "a=1"), (TRACE_HEADER, OTHER)], OTHER, &[]),
            "a=1"
        );
        assert_eq!(state(&[parent, (TRACESTATE, "=")], TRACE, &[TRACESTATE]), "");
        check(&[(TRACESTATE, "a=1")], None, None, &[]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut context = CorrelationContext::new("c-1".parse().unwrap());
        context.debug = true;
        let w3c: W3cTrace = W3C.parse().unwrap();
        let w3c = w3c.with_state("a=1").unwrap();
        let trace: TraceHeader = format!("{OTHER};Lineage=a87bd80c:1").parse().unwrap();
        let headers = to_headers(&context, Some(&trace), Some(&w3c));
        let read = from_headers(headers.iter().map(|(name, value)| (*name, value.as_str())));
        context.chain_length = 2;
        let expected = Carried {
            context: Some(context),
            trace: Some(trace),
            w3c: Some(w3c),
            refused: Vec::new(),
        };
        assert_eq!(read, expected);
        assert_eq!(current_headers(&tracing::Span::none()), []);
    }

    #[tokio::test]
    async fn what_came_in_over_http_goes_out_over_http() {
        let headers =
            format!(r#"{{"X-Correlation-ID":"c-1","traceparent":"{W3C}","tracestate":"a=1, b=x y"}}"#);
        let body = format!(r#"{{"headers":{headers},"requestContext":{{"http":{{}}}}}}"#);
        let event = Event::read(body.as_bytes(), None);
        let lambda = format!("{OTHER};Lineage=a87bd80c:1");
        let invocation = Invocation::new(process(), "r-1".into(), false, lambda.parse().ok());
        let invocation = invocation.with_w3c(event.own.carried.w3c.clone());
        let scope = Scope::new(Arc::new(invocation), event.context(), tracing::Span::none());
        let sent = in_scope(Arc::new(scope), async { current_headers(&tracing::Span::none()) }).await;
        let expected = [
            (CORRELATION_ID, "c-1"),
            (CALL_CHAIN_LENGTH, "1"),
            (TRACE_HEADER, lambda.as_str()),
            (TRACEPARENT, W3C),
            (TRACESTATE, "a=1, b=x y"),
        ];
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(sent, expected);
    }

    proptest! {
        #[test]
        fn any_headers_are_read(values in proptest::collection::vec((0..6_usize, ".{0,80}"), 0..12)) {
            let headers = values.iter().map(|(n, value)| (NAMES[*n].0, value.as_str()));
            let carried = from_headers(headers);
            prop_assert!(carried.refused.len() <= 4);
            prop_assert!(carried.refused.iter().all(|refused| refused.prefix.chars().count() <= 16));
        }
    }
}
