//! The two writers, over their public interface: values and spans of any kind in, documents out, judged by the test kit.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use serde_json::Value;
use telemetry_core::log::{Format, LogWriter, Sink};
use telemetry_core::metrics::{Recorder, standard};
use telemetry_core::xray::{self, Datagrams};
use telemetry_core::{
    CorrelationContext, Invocation, Process, Scope, Settings, SpanExt as _, TelemetrySubscriber, TraceHeader,
    in_scope, within,
};
use telemetry_testkit::{emf as emf_judge, xray_daemon};
use tracing::{Span, info_span};

/// Bytes as choices: when they are used up, every choice is the first.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> f64 {
        let bits = std::array::from_fn(|_| self.byte());
        f64::from_le_bytes(bits)
    }

    fn text(&mut self) -> Cow<'a, str> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        let text = String::from_utf8_lossy(text);
        // Now and then a long one.
        if length % 16 == 15 {
            text.repeat(64).into()
        } else {
            text
        }
    }
}

fn process() -> Arc<Process> {
    Arc::new(Process::new(Settings {
        service: "fuzz",
        namespace: "Fuzz",
        metrics: &[],
        function_name: "fuzz".into(),
        function_version: "1".into(),
        level: tracing::Level::INFO,
        format: Format::Json,
        secret_fields: &[],
    }))
}

/// EMF: every document is one that CloudWatch takes, and what was counted is in them or in the drops.
pub(crate) fn emf(data: &[u8]) {
    let invocation = Arc::new(Invocation::new(process(), "r-1".into(), false, None));
    let context = CorrelationContext::new("c-1".parse().expect("an ID"));
    let scope = Arc::new(Scope::new(Arc::clone(&invocation), context, Span::none()));
    let mut errors = 0_u64;
    let work = in_scope(scope, async {
        let mut choices = Choices(data);
        while !choices.is_used_up() {
            match choices.byte() % 4 {
                0 => {
                    standard::ERRORS.add(1, &[("ErrorCode", &choices.text())]);
                    errors += 1;
                }
                1 => standard::DURATION.record(choices.number(), &[]),
                2 => standard::BATCH_RECORDS.add(choices.byte().into(), &[("Outcome", &choices.text())]),
                _ => standard::QUEUE_DELAY.record(f64::from(choices.byte()), &[]),
            }
        }
    });
    let done = metrics::with_local_recorder(&Recorder::default(), || {
        pin!(work).poll(&mut Context::from_waker(Waker::noop()))
    });
    assert_eq!(done, Poll::Ready(()));
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let dropped = invocation.dropped();
    let mut written = 0.0;
    for document in invocation.take_metrics("c-1", i64::try_from(now.as_millis()).unwrap_or_default()) {
        assert!(!document.contains('\n'), "one line: {document}");
        let read = emf_judge::read(&document).unwrap_or_else(|broken| panic!("{broken:?} in {document}"));
        let totals = read
            .iter()
            .filter(|metric| metric.name == "Errors" && metric.dimensions.len() == 1);
        written += totals.map(emf_judge::Metric::sum).sum::<f64>();
    }
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let expected = errors as f64;
    assert!(
        written >= expected || !dropped.is_empty(),
        "{written} of {expected}, dropped {dropped:?}"
    );
}

#[derive(Default)]
struct Documents(Mutex<Vec<Vec<u8>>>);

impl Datagrams for Documents {
    fn send(&self, datagram: &[u8]) -> bool {
        let document = datagram.split(|byte| *byte == b'\n').nth(1);
        self.0
            .lock()
            .expect("no panic while it is held")
            .push(document.expect("a document after the header line").to_vec());
        true
    }
}

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// X-Ray: every document is one that X-Ray takes, and every span is in them or counted as dropped.
pub(crate) fn x_ray(data: &[u8]) {
    let trace: TraceHeader = TRACE.parse().expect("a trace header");
    let invocation = Arc::new(Invocation::new(process(), "r-1".into(), false, Some(trace)));
    let made = make_spans(data, &invocation);
    let documents = Documents::default();
    let sent = xray::send(&invocation.end_spans(), &documents);
    let documents = documents.0.into_inner().expect("no panic while it was held");
    assert_eq!(sent.documents, documents.len() as u64);
    let mut found = 0;
    for document in &documents {
        assert!(
            document.len() <= xray_daemon::MAX_DOCUMENT_BYTES,
            "{} bytes",
            document.len()
        );
        let document: Value = serde_json::from_slice(document).expect("a document is JSON");
        assert_eq!(xray_daemon::check(&document), Vec::<String>::new(), "{document}");
        found += count(&document);
    }
    // What there is no room for may be attributes as well.
    assert_eq!(found + sent.too_large, made);
}

fn count(document: &Value) -> u64 {
    let children = document["subsegments"].as_array().map_or(&[][..], Vec::as_slice);
    1 + children.iter().map(count).sum::<u64>()
}

/// Lines that nobody reads.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&self, _lines: &[u8]) -> u64 {
        0
    }
}

fn make_spans(data: &[u8], invocation: &Arc<Invocation>) -> u64 {
    let writer = LogWriter::new(Arc::clone(&invocation.process), Arc::new(Nowhere));
    let context = CorrelationContext::begin();
    let scope = Arc::new(Scope::new(Arc::clone(invocation), context, Span::none()));
    tracing::subscriber::with_default(TelemetrySubscriber::new(writer), || {
        within(scope, || open_and_close(&mut Choices(data)))
    })
}

fn open_and_close(choices: &mut Choices<'_>) -> u64 {
    let mut open: Vec<Span> = Vec::new();
    let mut made = 0;
    while !choices.is_used_up() && made < 400 {
        let parent = open.last().and_then(Span::id);
        let span = info_span!(parent: parent, "made", otel.name = choices.text().as_ref());
        for _ in 0..choices.byte() % 8 {
            let key = KEYS[usize::from(choices.byte()) % KEYS.len()];
            match choices.byte() % 4 {
                0 => span.set_attribute(key, choices.number()),
                1 => span.set_attribute(key, i64::from(choices.byte())),
                2 => span.set_attribute(key, choices.byte().is_multiple_of(2)),
                _ => span.set_attribute(key, choices.text()),
            }
        }
        made += 1;
        match choices.byte() % 3 {
            // As deep as the test kit looks.
            0 if open.len() < 30 => open.push(span),
            1 if open.len() > 1 => drop(open.pop()),
            _ => drop(span),
        }
    }
    while open.pop().is_some() {}
    made
}

/// Attributes that the writer knows, and others.
const KEYS: [&str; 15] = [
    "",
    "other",
    "annotation.with a\n\"mark",
    "otel.name",
    "annotation.order",
    "annotation.",
    "aws.operation",
    "telemetry.hop",
    "xray.namespace",
    "xray.flag",
    "xray.cause",
    "http.response.status_code",
    "http.request.method",
    "url.full",
    "http.response.body.size",
];
