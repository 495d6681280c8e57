//! What functions of a shop write: requests go through several functions, each invocation has Lambda's own lines, a few of ours, and
//! metrics.

use serde_json::json;

use crate::random::Random;

const SERVICES: [&str; 8] = [
    "order-service",
    "inventory-service",
    "product-service",
    "payment-service",
    "notification-service",
    "order-workflow",
    "outbox-relay",
    "catalogue-sync",
];
const DONE: [&str; 8] = [
    "order placed",
    "stock reserved",
    "product priced",
    "payment authorised",
    "mail handed to SES",
    "workflow started",
    "event published",
    "idempotency record found",
];
const DEBUG: [&str; 4] = [
    "DynamoDB GetItem",
    "DynamoDB TransactWriteItems",
    "Lambda Invoke",
    "EventBridge PutEvents",
];
const ERRORS: [&str; 4] = [
    "payment-refused",
    "stock-exhausted",
    "downstream-timeout",
    "conditional-check-failed",
];

/// A line before it is in an envelope.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) at: u64,
    /// Which function, and which of its streams.
    pub(crate) stream: (usize, u64),
    pub(crate) message: String,
}

/// IDs of a story.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) correlation_id: String,
    pub(crate) order_id: String,
    /// Of its last invocation.
    pub(crate) request_id: String,
    /// Lines that name the correlation ID, the order, that invocation.
    pub(crate) lines: [u64; 3],
}

pub(crate) fn log_group(service: usize) -> String {
    format!(
        "/aws/lambda/shopfast-{}",
        SERVICES.get(service).unwrap_or(&"other")
    )
}

/// The lines of a request that came in then, in the order in which they were written.
pub(crate) fn story(random: &mut Random, ms: u64, lines: &mut Vec<Written>) -> Story {
    let correlation_id = random.uuid_v7(ms);
    let order_id = random.uuid_v7(ms + 3);
    let trace_id = format!(
        "1-{:08x}-{:016x}{:08x}",
        ms / 1_000,
        random.next(),
        random.next() >> 32
    );
    let mut story = Story {
        correlation_id,
        order_id,
        request_id: String::new(),
        lines: [0; 3],
    };
    let before = lines.len();
    let mut at = ms;
    for hop in 0..2 + random.below(3) {
        let service = usize::try_from(random.below(SERVICES.len() as u64)).unwrap_or_default();
        story.request_id = random.uuid_v4();
        let invocation = Invocation {
            story: &story,
            trace_id: &trace_id,
            service,
            stream: random.below(12),
            hop,
        };
        at = invocation.write(random, at, lines);
    }
    let naming = |id: &str| {
        let own = lines.iter().skip(before);
        own.filter(|line| line.message.contains(id)).count() as u64
    };
    story.lines = [&story.correlation_id, &story.order_id, &story.request_id].map(|id| naming(id));
    story
}

struct Invocation<'s> {
    story: &'s Story,
    trace_id: &'s str,
    service: usize,
    stream: u64,
    hop: u64,
}

impl Invocation<'_> {
    fn write(&self, random: &mut Random, start: u64, lines: &mut Vec<Written>) -> u64 {
        let request_id = &self.story.request_id;
        let mut at = start + 1;
        let mut put = |at: u64, message: String| {
            let stream = (self.service, self.stream);
            lines.push(Written { at, stream, message });
        };
        put(at, format!("START RequestId: {request_id} Version: $LATEST\n"));
        for _ in 0..1 + random.below(4) {
            at += random.below(40);
            put(at, self.line(random, at));
        }
        put(at, self.metrics(random, at));
        let took = at - start;
        put(at, format!("END RequestId: {request_id}\n"));
        put(
            at,
            format!(
                "REPORT RequestId: {request_id}\tDuration: {took}.{:02} ms\tBilled Duration: {} ms\tMemory Size: 256 MB\tMax Memory Used: {} MB\t\nXRAY TraceId: {}\tSegmentId: {:016x}\tSampled: true\t\n",
                random.below(100),
                took + 1,
                40 + random.below(80),
                self.trace_id,
                random.next(),
            ),
        );
        at + 5
    }

    fn line(&self, random: &mut Random, at: u64) -> String {
        let service = SERVICES.get(self.service).copied().unwrap_or_default();
        let level = match random.below(100) {
            0..2 => "ERROR",
            2..6 => "WARN",
            6..45 => "DEBUG",
            _ => "INFO",
        };
        let mut line = json!({
            "timestamp": log_archive_store::export::time(at.cast_signed()), "level": level, "service": service,
            "function_name": format!("shopfast-{service}"), "function_version": "$LATEST", "cold_start": self.hop == 0 && random.below(50) == 0,
            "correlation_id": self.story.correlation_id, "requestId": self.story.request_id, "xray_trace_id": self.trace_id,
            "span_id": format!("{:016x}", random.next()), "order_id": self.story.order_id,
        });
        let more = match level {
            "ERROR" => json!({
                "message": "the order was not placed", "error.code": random.one_of(&ERRORS), "error.fingerprint": format!("{:016x}", random.below(40)),
                "error.chain": ["place the order", "reserve the stock of a product", "call inventory-service: the deadline was reached after 3 attempts"],
            }),
            "DEBUG" => json!({
                "message": random.one_of(&DEBUG), "table": "shopfast-orders", "attempt": 1 + random.below(2), "duration_ms": random.below(400),
                "consumed_capacity": random.below(9),
            }),
            _ => json!({
                "message": random.one_of(&DONE), "items": 1 + random.below(6), "total_minor_units": random.below(90_000), "currency": "EUR",
            }),
        };
        if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
            line.extend(more.clone());
        }
        line.to_string()
    }

    fn metrics(&self, random: &mut Random, at: u64) -> String {
        let service = SERVICES.get(self.service).copied().unwrap_or_default();
        json!({
            "_aws": {"Timestamp": at, "CloudWatchMetrics": [{"Namespace": "ShopFast", "Dimensions": [["Service"]], "Metrics": [
                {"Name": "HandlerDuration", "Unit": "Milliseconds"}, {"Name": "Requests", "Unit": "Count"}]}]},
            "Service": service, "HandlerDuration": random.below(900), "Requests": 1,
            "correlation_id": self.story.correlation_id, "requestId": self.story.request_id,
        })
        .to_string()
    }
}
