//! The floor: the lines, metrics and spans of the handler, put into one buffer each by hand, written with one `write` and
//! sent with one datagram. No facade, no correlation read, no redaction, no limits: what the bytes themselves cost. Ids that
//! an event would bring are constants.

use std::fs::File;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::net::UdpSocket;
use std::os::fd::FromRawFd as _;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use telemetry_bench::{Event, Order, accepted, all_processed};

const CORRELATION: &str = "0190a7a0-0000-7000-8000-000000000001";
const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";
const IDENTITY: &str =
    r#","service":"order-service","function_name":"cost","function_version":"$LATEST","requestId":""#;
const DATAGRAM: &str = "{\"format\": \"json\", \"version\": 1}\n{\"name\":\"## handler\",\"id\":\"";

/// Bytes in the making.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = digit(number % 10);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
        self
    }

    /// With leading zeros.
    fn padded(&mut self, mut number: u64, width: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        for at in (0..width).rev() {
            digits[at] = digit(number % 10);
            number /= 10;
        }
        self.0.extend_from_slice(&digits[..width]);
        self
    }

    fn hex(&mut self, number: u64) -> &mut Self {
        let nibble =
            |n: u32| b"0123456789abcdef"[usize::try_from((number >> (60 - 4 * n)) & 15).unwrap_or(0)];
        for n in 0..16 {
            self.0.push(nibble(n));
        }
        self
    }

    /// Seconds since the epoch, as X-Ray writes them.
    fn seconds(&mut self, micros: u64) -> &mut Self {
        self.number(micros / 1_000_000)
            .text(".")
            .padded(micros % 1_000_000, 6)
    }

    /// RFC 3339 in UTC with milliseconds (days to a date after Howard Hinnant, "chrono-compatible low-level date
    /// algorithms").
    fn timestamp(&mut self, micros: u64) -> &mut Self {
        let (days, ms) = (micros / 86_400_000_000 + 719_468, micros / 1000 % 86_400_000);
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        self.padded(year, 4).text("-").padded(month, 2).text("-");
        self.padded(day, 2).text("T").padded(ms / 3_600_000, 2).text(":");
        self.padded(ms / 60_000 % 60, 2).text(":");
        self.padded(ms / 1000 % 60, 2)
            .text(".")
            .padded(ms % 1000, 3)
            .text("Z")
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below 10")]
fn digit(number: u64) -> u8 {
    b'0' + number as u8
}

/// What an invocation says.
struct Told<'a> {
    request_id: &'a str,
    log: Out,
    spans: Out,
    last_span: u64,
}

impl Told<'_> {
    /// A line but for its own fields and its end.
    fn line(&mut self, message: &str) -> &mut Out {
        let log = self.log.text(r#"{"timestamp":""#).timestamp(micros());
        log.text(r#"","level":"INFO","message":""#)
            .text(message)
            .text("\"");
        log.text(IDENTITY).text(self.request_id);
        log.text(r#"","correlation_id":""#).text(CORRELATION);
        log.text(r#"","cold_start":false,"xray_trace_id":""#).text(ROOT);
        log.text(r#"","span_id":""#).hex(self.last_span).text("\"")
    }

    /// A span but for its last annotation and its end.
    fn span(&mut self, name: &str, began: u64) -> &mut Out {
        self.last_span += 1;
        let spans = &mut self.spans;
        if spans.0.last() == Some(&b'}') {
            spans.text(",");
        }
        spans
            .text(r#"{"name":""#)
            .text(name)
            .text(r#"","id":""#)
            .hex(self.last_span);
        spans.text(r#"","start_time":"#).seconds(began);
        spans
            .text(r#","end_time":"#)
            .seconds(micros())
            .text(r#","annotations":{"#)
    }

    fn place(&mut self, order: &Order) {
        let total = order.total();
        let log = self.line("order received");
        log.text(r#","order_id":""#).text(&order.order_id);
        log.text(r#"","customer_id":""#).text(&order.customer_id);
        log.text(r#"","currency":""#).text(&order.currency);
        log.text(r#"","lines":"#)
            .number(order.items.len() as u64)
            .text("}\n");
        let began = micros();
        let log = self.line("order priced");
        log.text(r#","order_id":""#).text(&order.order_id);
        log.text(r#"","total":"#).number(total);
        log.text(",\"discounted\":false,\"rate\":1.19}\n");
        let span = self.span("price order", began);
        span.text(r#""order_id":""#).text(&order.order_id);
        span.text(r#"","currency":""#).text(&order.currency).text("\"}}");
        let began = micros();
        let log = self.line("order stored");
        log.text(r#","order_id":""#).text(&order.order_id);
        log.text("\",\"table\":\"orders\",\"version\":1,\"retried\":false}\n");
        let span = self.span("store order", began);
        span.text(r#""order_id":""#).text(&order.order_id);
        span.text(r#"","table":"orders"}}"#);
    }

    fn record(&mut self, id: &str, order: &Order) {
        let began = micros();
        let spans = &mut self.spans;
        if spans.0.last() == Some(&b'}') {
            spans.text(",");
        }
        self.last_span += 1;
        spans
            .text(r###"{"name":"## record","id":""###)
            .hex(self.last_span);
        spans
            .text(r#"","metadata":{"telemetry":{"attempt":1,"links":[{"span_id":""#)
            .text(PARENT);
        spans
            .text(r#"","trace_id":""#)
            .text(ROOT)
            .text(r#""}],"queue_delay_ms":"#);
        spans.number(began / 1000).text(r#","record_id":""#).text(id);
        spans.text(r#"","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:000000000000:orders"}},"annotations":{"correlation_id":""#);
        spans.text(CORRELATION).text(r#""},"subsegments":["#);
        self.place(order);
        let spans = self.spans.text(r#"],"start_time":"#).seconds(began);
        spans.text(r#","end_time":"#).seconds(micros()).text("}");
    }

    /// A document but for its dimensions, values and end.
    fn metrics(&mut self, directive: &str) -> &mut Out {
        let log = self
            .log
            .text(r#"{"_aws":{"CloudWatchMetrics":[{"#)
            .text(directive);
        log.text(r#","Namespace":"Bench"}],"Timestamp":"#)
            .number(micros() / 1000);
        log.text(r#"},"requestId":""#).text(self.request_id);
        log.text(r#"","correlation_id":""#).text(CORRELATION);
        log.text(r#"","function_name":"cost","Service":"order-service""#)
    }

    fn orders(&mut self, operation: &str, lines: u64, totals: &[u64]) {
        let log = self.metrics(
            r#""Dimensions":[["Service"],["Service","Currency","Operation"]],"Metrics":[{"Name":"OrderLines","Unit":"Count"},{"Name":"OrderTotal","Unit":"None"},{"Name":"OrdersPlaced","Unit":"Count"}]"#,
        );
        log.text(r#","Currency":"EUR","Operation":""#).text(operation);
        log.text(r#"","OrderLines":"#).number(lines);
        log.text(r#","OrdersPlaced":"#).number(totals.len() as u64);
        log.text(r#","OrderTotal":"#);
        values(log, totals);
        log.text("}\n");
    }
}

/// One number, or an array.
fn values(out: &mut Out, values: &[u64]) {
    if let [value] = values {
        out.number(*value);
        return;
    }
    for (n, value) in values.iter().enumerate() {
        out.text(if n == 0 { "[" } else { "," }).number(*value);
    }
    out.text("]");
}

/// The buffers outlive an invocation.
struct Floor {
    daemon: Option<UdpSocket>,
    buffers: Mutex<(Out, Out)>,
}

impl Floor {
    fn handle(&self, event: &Event, context: &Context) -> Value {
        let began = micros();
        let (log, spans) = self
            .buffers
            .lock()
            .map(|mut buffers| std::mem::take(&mut *buffers))
            .unwrap_or_default();
        let mut told = Told {
            request_id: &context.request_id,
            log,
            spans,
            last_span: began << 8,
        };
        told.spans.text(DATAGRAM).hex(told.last_span);
        told.spans
            .text(r#"","annotations":{"cold_start":false,"correlation_id":""#)
            .text(CORRELATION);
        told.spans.text(r#"","service":"order-service"},"metadata":{"telemetry":{"hop":1,"source":"http"}},"parent_id":""#);
        told.spans.text(PARENT).text(r#"","trace_id":""#).text(ROOT);
        told.spans.text(r#"","type":"subsegment","subsegments":["#);
        let answer = if event.records.is_empty() {
            let order = Order::read(&event.body);
            told.place(&order);
            told.orders("place", order.items.len() as u64, &[order.total()]);
            accepted(&order)
        } else {
            let mut totals = Vec::new();
            let mut lines = 0;
            for record in &event.records {
                let order = Order::read(&record.body);
                told.record(&record.message_id, &order);
                totals.push(order.total());
                lines += order.items.len() as u64;
            }
            told.orders("receive", lines, &totals);
            let log = told.metrics(
                r#""Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]"#,
            );
            log.text(r#","Outcome":"processed","BatchRecords":"#)
                .number(totals.len() as u64)
                .text("}\n");
            all_processed()
        };
        self.write(told, began);
        answer
    }

    /// One `write` and one datagram.
    #[expect(
        unsafe_code,
        reason = "standard output without the buffer and the lock around it"
    )]
    fn write(&self, mut told: Told<'_>, began: u64) {
        let ended = micros();
        let log = told.metrics(
            r#""Dimensions":[["Service"]],"Metrics":[{"Name":"HandlerDuration","Unit":"Milliseconds"}]"#,
        );
        log.text(r#","HandlerDuration":"#)
            .number((ended - began) / 1000)
            .text(".");
        log.padded((ended - began) % 1000, 3).text("}\n");
        told.spans.text(r#"],"start_time":"#).seconds(began);
        told.spans.text(r#","end_time":"#).seconds(ended).text("}");
        // SAFETY: descriptor 1 is open for the life of the process, and is not closed here.
        let mut stdout = ManuallyDrop::new(unsafe { File::from_raw_fd(1) });
        let _ = stdout.write_all(&told.log.0);
        if let Some(daemon) = &self.daemon {
            let _ = daemon.send(&told.spans.0);
        }
        told.log.0.clear();
        told.spans.0.clear();
        if let Ok(mut buffers) = self.buffers.lock() {
            *buffers = (told.log, told.spans);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "microseconds of this century fit")]
fn micros() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_micros() as u64
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let floor = Floor {
        daemon: connect(),
        buffers: Mutex::default(),
    };
    let handler = |event: LambdaEvent<Event>| {
        let answer = floor.handle(&event.payload, &event.context);
        async { Ok::<_, Error>(answer) }
    };
    lambda_runtime::run(service_fn(handler)).await
}

#[expect(clippy::disallowed_methods, reason = "the edge of this program")]
fn connect() -> Option<UdpSocket> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket
        .connect(std::env::var("AWS_XRAY_DAEMON_ADDRESS").ok()?)
        .ok()?;
    Some(socket)
}
