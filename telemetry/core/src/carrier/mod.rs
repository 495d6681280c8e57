//! How a correlation context travels: HTTP headers, message attributes, a `__context__` object in JSON payloads, Lambda
//! client context. Only the texts are here; which event or call has them is in [`crate::event`] and in the crates that call.

mod headers;
mod object;

use std::borrow::Cow;

use crate::correlation::{Baggage, CorrelationContext, CorrelationId};
use crate::trace_header::TraceHeader;
use crate::w3c::W3cTrace;

pub(crate) use headers::{Header, Headers};
pub use headers::{TRACEPARENT, TRACESTATE, current_headers, from_headers, to_headers};
pub use object::{
    from_client_context, from_payload, from_text, into_client_context, into_payload, to_context,
};
pub(crate) use object::{read_attributes, read_context, read_payload};

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

/// What a carrier brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// The context, counted one hop further; absent when the carrier brought none.
    pub context: Option<CorrelationContext>,
    /// The span that sent it.
    pub trace: Option<TraceHeader>,
    /// The trace that W3C's headers named, whether or not X-Ray's header names another one.
    pub w3c: Option<W3cTrace>,
    /// Values that were refused, because they are malformed or contradict each other.
    pub refused: Vec<Refused>,
}

/// What may be told of a value that was refused: it came from outside, and may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The header, attribute or key.
    pub name: &'static str,
    /// Its length in bytes.
    pub length: usize,
    /// Its first characters, at most 16; what a correlation ID may not hold is `?`.
    pub prefix: String,
}

/// Characters of a refused value that are told.
const REFUSED_PREFIX: usize = 16;

impl Refused {
    /// A value of this name. Nothing of it is kept but what may be told.
    #[must_use]
    pub fn of(name: &'static str, text: &str) -> Self {
        let told = |c| if CorrelationId::may_hold(c) { c } else { '?' };
        Self {
            name,
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

    /// Did it bring anything?
    pub(crate) fn is_empty(&self) -> bool {
        self.context.is_none() && self.trace.is_none() && self.w3c.is_none() && self.refused.is_empty()
    }

    /// Parses the text of a trace header; what is malformed is noted as refused.
    pub(crate) fn parse_trace(&mut self, name: &'static str, text: &str) -> Option<TraceHeader> {
        let trace = text.parse().ok();
        if trace.is_none() && !text.trim().is_empty() {
            self.refused.push(Refused::of(name, text));
        }
        trace
    }
}

/// The parts of a context, as they came.
#[derive(Debug, Default)]
struct Fields<'a> {
    id: Option<Cow<'a, str>>,
    chain_length: Option<u64>,
    debug: bool,
    trace: Option<Cow<'a, str>>,
    baggage: Baggage,
}

impl Fields<'_> {
    fn into_carried(self) -> Carried {
        let mut carried = Carried::default();
        if let Some(text) = &self.trace {
            carried.trace = carried.parse_trace(TRACE_HEADER, text);
        }
        let Some(text) = self.id.filter(|id| !id.is_empty()) else {
            return carried;
        };
        match text.parse::<CorrelationId>() {
            Ok(id) => {
                let hops = self.chain_length.unwrap_or(0).min(u64::from(u32::MAX) - 1);
                let mut context = CorrelationContext::new(id);
                context.chain_length = u32::try_from(hops).unwrap_or(u32::MAX - 1) + 1;
                context.debug = self.debug;
                context.baggage = self.baggage;
                carried.context = Some(context);
            }
            Err(_) => carried.refused.push(Refused::of(CORRELATION_ID, &text)),
        }
        carried
    }
}

/// The length of a chain; one that is too large to count is the longest, not the beginning of a new chain.
fn chain_length(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}
