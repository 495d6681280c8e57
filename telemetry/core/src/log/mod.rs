//! `tracing` events as lines on standard output: flat JSON in the shape that Lambda's own log level and format settings
//! understand, or text for people. Each line is written when it happens, with one `write`: a line survives whatever happens next.

mod fields;
mod redact;
mod text;

use std::io::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

pub use redact::redact;

use crate::drops::{DropReason, count_dropped};
use crate::error::fingerprint;
use crate::invocation::current_scope;
use crate::process::Process;
use fields::Fields;

/// Bytes of a line: Lambda hands longer ones on in pieces that are no JSON any more. 256 KiB (CloudWatch Logs before 2025,
/// Lambda's advanced logging controls), less what is stored around it.
const LONGEST_LINE: usize = 256 * 1024 - 1024;
/// Characters that a text keeps in a line that is too long otherwise.
const SHORT_TEXT: usize = 4096;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per line.
    #[default]
    Json,
    /// Time, level, message, fields: for people.
    Text,
}

/// Where lines go. Writing never fails a caller: what cannot be written is lost, and counted where that still helps.
pub trait Sink: Send + Sync + 'static {
    /// Writes one line; `line` ends with a line feed.
    fn write_line(&self, line: &[u8]);
}

/// Standard output, as Lambda reads it.
#[derive(Debug, Default)]
pub struct Stdout;

impl Sink for Stdout {
    fn write_line(&self, line: &[u8]) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(line).and_then(|()| stdout.flush());
    }
}

/// The layer that writes lines.
pub struct LogLines {
    process: Arc<Process>,
    sink: Arc<dyn Sink>,
}

impl std::fmt::Debug for LogLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogLines").finish_non_exhaustive()
    }
}

impl LogLines {
    /// Lines of this process, to this sink.
    #[must_use]
    pub fn new(process: Arc<Process>, sink: Arc<dyn Sink>) -> Self {
        Self { process, sink }
    }

    fn line(&self, event: &Event<'_>) -> Vec<u8> {
        let mut fields = self.fields(event);
        let mut line = self.written(&fields);
        if line.len() > LONGEST_LINE {
            count_dropped(DropReason::LogLineSize, 1);
            shorten(&mut fields, line.len());
            line = self.written(&fields);
        }
        line.push(b'\n');
        line
    }

    fn written(&self, fields: &Map<String, Value>) -> Vec<u8> {
        match self.process.settings().format {
            Format::Json => serde_json::to_vec(fields).unwrap_or_default(),
            Format::Text => text::line(fields).into_bytes(),
        }
    }

    fn fields(&self, event: &Event<'_>) -> Map<String, Value> {
        let settings = self.process.settings();
        let mut fields = Fields::new(settings.secret_fields);
        event.record(&mut fields);
        let (message, mut fields, error) = fields.into_parts();
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| drop(line.insert(key.to_owned(), value));
        put("timestamp", json!(timestamp()));
        put("level", json!(event.metadata().level().as_str()));
        put("message", json!(message));
        put("service", json!(settings.service));
        put("function_name", json!(settings.function_name));
        put("function_version", json!(settings.function_version));
        if let Some(scope) = current_scope() {
            put("requestId", json!(scope.invocation.request_id));
            put("correlation_id", json!(scope.context.id.as_str()));
            put("cold_start", json!(scope.invocation.cold_start));
            let (trace, span) = scope.ids();
            put("xray_trace_id", json!(trace));
            put("span_id", json!(span));
        }
        if let Some(chain) = error {
            let code = fields
                .get("error.code")
                .and_then(Value::as_str)
                .unwrap_or("unknown")
                .to_owned();
            put("error.code", json!(code));
            put("error.message", json!(chain.first()));
            put("error.fingerprint", json!(fingerprint(&code, &chain)));
            put(
                "error.chain",
                json!(chain.iter().map(|text| redact(text)).collect::<Vec<_>>()),
            );
        }
        line.append(&mut fields);
        line.retain(|_, value| !value.is_null());
        line
    }
}

/// Cuts long texts, and leaves out what is no text and long; `bytes` is told as `truncated_from`.
fn shorten(fields: &mut Map<String, Value>, bytes: usize) {
    for value in fields.values_mut() {
        match value {
            Value::String(text) if text.len() > SHORT_TEXT => {
                *text = text.chars().take(SHORT_TEXT).chain(['…']).collect();
            }
            Value::Array(_) | Value::Object(_) if value.to_string().len() > SHORT_TEXT => {
                *value = Value::Null
            }
            _ => {}
        }
    }
    fields.retain(|_, value| !value.is_null());
    fields.insert("truncated_from".to_owned(), json!(bytes));
}

impl<S> Layer<S> for LogLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        self.sink.write_line(&self.line(event));
    }
}

/// Now, as RFC 3339 in UTC with milliseconds: without it Lambda takes every line for INFO.
fn timestamp() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::process::Settings;

    #[derive(Debug, Default)]
    pub(crate) struct Lines(Mutex<Vec<Value>>);

    impl Sink for Lines {
        fn write_line(&self, line: &[u8]) {
            assert_eq!(line.last(), Some(&b'\n'));
            self.0.lock().unwrap().push(serde_json::from_slice(line).unwrap());
        }
    }

    pub(crate) fn process() -> Arc<Process> {
        Arc::new(Process::new(Settings {
            service: "order-service",
            namespace: "ShopFast/Application",
            metrics: &[],
            function_name: "shopfast-order-service".into(),
            function_version: "$LATEST".into(),
            level: tracing::Level::INFO,
            format: Format::Json,
            secret_fields: &["password"],
        }))
    }

    fn written(work: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn Sink> = Arc::clone(&lines) as _;
        let subscriber = tracing_subscriber::registry().with(LogLines::new(process(), sink));
        tracing::subscriber::with_default(subscriber, work);
        std::mem::take(&mut *lines.0.lock().unwrap())
    }

    #[test]
    fn a_line_is_flat_and_complete() {
        let lines = written(|| tracing::info!(order_id = "o-1", lines = 3, "order placed"));
        let line = &lines[0];
        for (key, value) in [
            ("level", json!("INFO")),
            ("message", json!("order placed")),
            ("service", json!("order-service")),
            ("function_name", json!("shopfast-order-service")),
            ("order_id", json!("o-1")),
            ("lines", json!(3)),
        ] {
            assert_eq!(line[key], value, "{key}");
        }
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut() {
        let long = "ü".repeat(200_000);
        let lines = written(|| tracing::info!(order_id = "o-1", body = long, "order placed"));
        assert_eq!(
            (&lines[0]["order_id"], &lines[0]["message"]),
            (&json!("o-1"), &json!("order placed"))
        );
        assert_eq!(lines[0]["body"].as_str().unwrap().chars().count(), SHORT_TEXT + 1);
        assert!(lines[0]["truncated_from"].as_u64().unwrap() > 400_000);
    }

    #[test]
    fn an_error_brings_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("read the order")]
        struct Failed(#[source] std::fmt::Error);
        let error = Failed(std::fmt::Error);
        let lines = written(|| crate::record_error(&error, "read-failed"));
        assert_eq!(lines[0]["error.code"], "read-failed");
        assert_eq!(lines[0]["error.message"], "read the order");
        assert_eq!(lines[0]["error.chain"][1], std::fmt::Error.to_string());
        assert_eq!(lines[0]["error.fingerprint"].as_str().unwrap().len(), 16);
    }

    #[test]
    fn secrets_and_personal_data_are_not_written() {
        let lines = written(|| {
            tracing::info!(
                password = "hunter2",
                to = "ada@example.com",
                "mail for ada@example.com"
            );
        });
        let text = lines[0].to_string();
        assert!(!text.contains("hunter2") && !text.contains("ada@"), "{text}");
    }

    #[tokio::test]
    async fn a_line_in_an_invocation_names_it() {
        let invocation = Arc::new(crate::Invocation::new(process(), "r-1".into(), true, None));
        let context = crate::CorrelationContext::new("c-1".parse().unwrap());
        let scope = Arc::new(crate::Scope::new(invocation, context, tracing::Span::none()));
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn Sink> = Arc::clone(&lines) as _;
        let subscriber = tracing_subscriber::registry().with(LogLines::new(process(), sink));
        let _guard = tracing::subscriber::set_default(subscriber);
        crate::in_scope(scope, async { tracing::warn!("slow") }).await;
        let line = lines.0.lock().unwrap().remove(0);
        assert_eq!(
            (&line["requestId"], &line["correlation_id"], &line["cold_start"]),
            (&json!("r-1"), &json!("c-1"), &json!(true))
        );
    }
}
