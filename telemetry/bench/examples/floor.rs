//! The floor: the lines, metrics and spans of the handler, formatted by hand into one buffer each, written with one
//! `write` and sent with one datagram. No facade, no redaction, no limits: what the bytes themselves cost.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::net::UdpSocket;
use std::os::fd::FromRawFd as _;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::Value;
use telemetry_bench::{Event, Order, accepted, all_processed};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

/// What an invocation says.
struct Told<'a> {
    request_id: &'a str,
    correlation_id: &'a str,
    log: String,
    spans: String,
    next_span: u64,
}

impl Told<'_> {
    fn line(&mut self, message: &str, fields: std::fmt::Arguments<'_>) {
        let _ = writeln!(
            self.log,
            r#"{{"timestamp":"{}","level":"INFO","message":"{message}","service":"order-service","function_name":"cost-floor","function_version":"$LATEST","requestId":"{}","correlation_id":"{}","cold_start":false,"xray_trace_id":"{ROOT}","span_id":"{:016x}",{fields}}}"#,
            timestamp(),
            self.request_id,
            self.correlation_id,
            self.next_span,
        );
    }

    fn span(&mut self, name: &str, began: f64, annotations: std::fmt::Arguments<'_>) {
        let comma = if self.spans.is_empty() { "" } else { "," };
        let _ = write!(
            self.spans,
            r#"{comma}{{"name":"{name}","id":"{:016x}","start_time":{began:.6},"end_time":{:.6},"annotations":{{{annotations}}}}}"#,
            self.next_span,
            seconds(),
        );
        self.next_span += 1;
    }

    fn place(&mut self, order: &Order) {
        let (id, currency) = (&order.order_id, &order.currency);
        let (total, lines) = (order.total(), order.items.len());
        self.line(
            "order received",
            format_args!(
                r#""order_id":"{id}","customer_id":"{}","currency":"{currency}","lines":{lines}"#,
                order.customer_id
            ),
        );
        let began = seconds();
        self.line(
            "order priced",
            format_args!(r#""order_id":"{id}","total":{total},"discounted":false,"rate":1.19"#),
        );
        self.span(
            "price order",
            began,
            format_args!(r#""order_id":"{id}","currency":"{currency}""#),
        );
        let began = seconds();
        self.line(
            "order stored",
            format_args!(r#""order_id":"{id}","table":"orders","version":1,"retried":false"#),
        );
        self.span(
            "store order",
            began,
            format_args!(r#""order_id":"{id}","table":"orders""#),
        );
    }

    fn metrics(&mut self, operation: &str, placed: u64, lines: u64, totals: &[u64], duration: f64) {
        let now = millis();
        let identity = format!(
            r#""requestId":"{}","correlation_id":"{}","function_name":"cost-floor","Service":"order-service""#,
            self.request_id, self.correlation_id
        );
        let _ = writeln!(
            self.log,
            r#"{{"_aws":{{"CloudWatchMetrics":[{{"Dimensions":[["Service"]],"Metrics":[{{"Name":"HandlerDuration","Unit":"Milliseconds"}}],"Namespace":"Bench"}}],"Timestamp":{now}}},{identity},"HandlerDuration":{duration}}}"#
        );
        let _ = writeln!(
            self.log,
            r#"{{"_aws":{{"CloudWatchMetrics":[{{"Dimensions":[["Service"],["Service","Currency","Operation"]],"Metrics":[{{"Name":"OrderLines","Unit":"Count"}},{{"Name":"OrderTotal","Unit":"None"}},{{"Name":"OrdersPlaced","Unit":"Count"}}],"Namespace":"Bench"}}],"Timestamp":{now}}},{identity},"Currency":"EUR","Operation":"{operation}","OrderLines":{lines},"OrderTotal":{totals:?},"OrdersPlaced":{placed}}}"#
        );
    }
}

struct Floor {
    daemon: Option<UdpSocket>,
}

impl Floor {
    fn handle(&self, event: &Event, context: &Context) -> Value {
        let began = seconds();
        let mut told = Told {
            request_id: &context.request_id,
            correlation_id: "0190a7a0-0000-7000-8000-000000000001",
            log: String::with_capacity(4096),
            spans: String::with_capacity(2048),
            next_span: millis() << 16,
        };
        let answer = if event.records.is_empty() {
            let order = Order::read(&event.body);
            told.place(&order);
            told.metrics("place", 1, order.items.len() as u64, &[order.total()], 0.125);
            accepted(&order)
        } else {
            let mut totals = Vec::new();
            let mut lines = 0;
            for record in &event.records {
                let order = Order::read(&record.body);
                told.place(&order);
                totals.push(order.total());
                lines += order.items.len() as u64;
            }
            told.metrics("receive", totals.len() as u64, lines, &totals, 0.125);
            all_processed()
        };
        self.write(&told, began);
        answer
    }

    /// One `write` and one datagram.
    #[expect(
        unsafe_code,
        reason = "standard output without the buffer and the lock around it"
    )]
    fn write(&self, told: &Told<'_>, began: f64) {
        // SAFETY: descriptor 1 is open for the life of the process, and is not closed here.
        let mut stdout = ManuallyDrop::new(unsafe { File::from_raw_fd(1) });
        let _ = stdout.write_all(told.log.as_bytes());
        let mut document = String::with_capacity(told.spans.len() + 512);
        let _ = write!(
            document,
            "{{\"format\": \"json\", \"version\": 1}}\n{{\"name\":\"## handler\",\"id\":\"{:016x}\",\"start_time\":{began:.6},\"end_time\":{:.6},\"annotations\":{{\"correlation_id\":\"{}\",\"service\":\"order-service\",\"cold_start\":false}},\"metadata\":{{\"telemetry\":{{\"hop\":2,\"source\":\"http\"}}}},\"type\":\"subsegment\",\"trace_id\":\"{ROOT}\",\"parent_id\":\"{PARENT}\",\"subsegments\":[{}]}}",
            told.next_span,
            seconds(),
            told.correlation_id,
            told.spans,
        );
        if let Some(daemon) = &self.daemon {
            let _ = daemon.send(document.as_bytes());
        }
    }
}

fn seconds() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century fit")]
fn millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as u64
}

/// RFC 3339 in UTC with milliseconds (days to a date after Howard Hinnant, "chrono-compatible low-level date algorithms").
fn timestamp() -> String {
    let now = millis();
    let (days, ms) = (now / 86_400_000 + 719_468, now % 86_400_000);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        ms % 1000
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let floor = Floor { daemon: connect() };
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
