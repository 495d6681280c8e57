//! Lines as they are written, fields and limits.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::process::Settings;
use crate::{CorrelationContext, in_scope};

/// Lines that were written, and the writes that they came in.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Vec<Vec<Value>>>);

impl Sink for Lines {
    fn write(&self, lines: &[u8]) -> u64 {
        assert_eq!(lines.last(), Some(&b'\n'));
        let read = |line: &str| serde_json::from_str(line).unwrap();
        let lines = std::str::from_utf8(lines).unwrap().lines().map(read).collect();
        self.0.lock().unwrap().push(lines);
        0
    }
}

pub(crate) fn process() -> Arc<Process> {
    Arc::new(with_logging(Logging::default()))
}

fn with_logging(logging: Logging) -> Process {
    let settings = Settings {
        service: "order-service",
        namespace: "ShopFast/Application",
        metrics: &[],
        function_name: "shopfast-order-service".into(),
        function_version: "$LATEST".into(),
        level: Level::INFO,
        format: Format::Json,
        secret_fields: &["nickname"],
    };
    Process::new(settings).with_logging(logging)
}

/// What is written while this runs, write by write.
fn writes(work: impl FnOnce(&LogWriter)) -> Vec<Vec<Value>> {
    let lines = Arc::new(Lines::default());
    let writer = LogWriter::new(process(), Arc::clone(&lines) as _);
    let subscriber = crate::TelemetrySubscriber::new(writer.clone());
    tracing::subscriber::with_default(subscriber, || work(&writer));
    std::mem::take(&mut *lines.0.lock().unwrap())
}

fn written(work: impl FnOnce()) -> Vec<Value> {
    writes(|_| work()).concat()
}

fn scope_of(invocation: &Arc<Invocation>, id: &str, debug: bool) -> Arc<Scope> {
    let mut context = CorrelationContext::new(id.parse().unwrap());
    context.debug = debug;
    Arc::new(Scope::new(Arc::clone(invocation), context, tracing::Span::none()))
}

fn invocation() -> Arc<Invocation> {
    Arc::new(Invocation::new(process(), "r-1".into(), true, None))
}

/// Runs the work in a scope.
fn within(scope: &Arc<Scope>, work: impl FnOnce()) {
    let work = in_scope(Arc::clone(scope), async { work() });
    futures_executor(work);
}

fn futures_executor(work: impl Future<Output = ()>) {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(work.as_mut().poll(&mut context).is_ready());
}

fn messages(writes: &[Vec<Value>]) -> Vec<Vec<&str>> {
    writes
        .iter()
        .map(|write| {
            write
                .iter()
                .map(|line| line["message"].as_str().unwrap())
                .collect()
        })
        .collect()
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
        ("function_version", json!("$LATEST")),
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
    assert_eq!(lines[0]["body"].as_str().unwrap().chars().count(), 4096 + 1);
    assert!(lines[0]["truncated_from"].as_u64().unwrap() > 400_000);
}

#[test]
fn many_long_values_fit_a_line_too() {
    let long = "\u{1}".repeat(100_000);
    let l = long.as_str();
    let lines = written(|| {
        tracing::info!(
            a = l,
            b = l,
            c = l,
            d = l,
            e = l,
            f = l,
            g = l,
            h = l,
            i = l,
            j = l,
            k = l,
            m = l,
            n = l,
            o = l,
            p = l,
            "full"
        );
    });
    assert!(lines[0].to_string().len() <= LONGEST_LINE);
    assert_eq!(lines[0]["p"].as_str().unwrap().chars().count(), 256 + 1);
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
    #[derive(Debug, thiserror::Error)]
    #[error("mail to bob@example.com")]
    struct Failed(#[source] std::io::Error);
    let lines = written(|| {
        tracing::info!(
            password = "hunter2",
            nickname = ?["countess"],
            to = "ada@example.com",
            header = %"Bearer abc.def",
            "mail for ada@example.com"
        );
        let error = Failed(std::io::Error::other("card 4111111111111111 of eve@example.com"));
        crate::record_error(&error, "not-sent");
    });
    let text = json!(lines).to_string();
    for secret in ["hunter2", "countess", "@example", "abc.def", "4111"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn a_line_of_an_error_says_what_the_work_is_about() {
    let invocation = invocation();
    let scope = scope_of(&invocation, "c-1", false);
    let writes = writes(|writer| {
        within(&scope, || {
            crate::about("order_id", "o-1");
            crate::about("customer_id", "ada@example.com");
            crate::about("order_id", "o-2");
            tracing::info!("it goes on");
            crate::record_error(&std::fmt::Error, "not-stored");
        });
        within(&scope_of(&invocation, "c-2", false), || {
            tracing::error!("another record")
        });
        writer.write(&writer.take(&invocation));
    });
    let lines: Vec<Value> = writes.concat();
    let about = |message: &str| {
        let line = lines
            .iter()
            .find(|line| line["message"].as_str().unwrap().contains(message));
        let line = line.unwrap();
        (line["order_id"].clone(), line["customer_id"].clone())
    };
    assert_eq!(about("it goes on"), (Value::Null, Value::Null));
    assert_eq!(about("another record"), (Value::Null, Value::Null));
    let (order, customer) = about(&std::fmt::Error.to_string());
    assert_eq!(order, "o-2");
    // A person's address is no pseudonym, and is not written.
    assert!(!customer.to_string().contains("ada"), "{customer}");
}

#[test]
fn a_line_in_an_invocation_names_it() {
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-1", false), || tracing::warn!("slow"));
        writer.write(&writer.take(&invocation));
    });
    let line = &writes[0][0];
    assert_eq!(
        (&line["requestId"], &line["correlation_id"], &line["cold_start"]),
        (&json!("r-1"), &json!("c-1"), &json!(true))
    );
}

#[test]
fn lines_are_written_together_and_an_error_at_once() {
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-1", false), || {
            tracing::info!("one");
            tracing::info!("two");
            tracing::error!("three");
            tracing::info!("four");
        });
        writer.write(&writer.take(&invocation));
        invocation.pending.end();
        within(&scope_of(&invocation, "c-1", false), || tracing::info!("late"));
    });
    assert_eq!(
        messages(&writes),
        [vec!["one", "two", "three"], vec!["four"], vec!["late"]]
    );
}

#[test]
fn each_line_is_written_by_itself_where_that_is_wanted() {
    let lines = Arc::new(Lines::default());
    let process = Arc::new(with_logging(Logging {
        together: false,
        ..Logging::default()
    }));
    let invocation = Arc::new(Invocation::new(Arc::clone(&process), "r-1".into(), true, None));
    let writer = LogWriter::new(process, Arc::clone(&lines) as _);
    let subscriber = crate::TelemetrySubscriber::new(writer);
    tracing::subscriber::with_default(subscriber, || {
        within(&scope_of(&invocation, "c-1", false), || {
            tracing::info!("one");
            tracing::info!("two");
        });
    });
    assert_eq!(messages(&lines.0.lock().unwrap()), [["one"], ["two"]]);
}

#[test]
fn held_lines_are_written_in_their_order_when_the_invocation_fails() {
    let invocation = invocation();
    let writes = writes(|writer| {
        let scope = scope_of(&invocation, "c-1", false);
        within(&scope, || {
            tracing::debug!(
                step = 1,
                price = 1.5,
                paid = false,
                lines = -2,
                who = "ada@example.com",
                "looked up"
            );
            tracing::info!("one");
            let error: &(dyn std::error::Error + 'static) = &std::fmt::Error;
            tracing::debug!({ items = ?["a", "b"], error = error }, "tried {}", 2);
        });
        writer.write(&writer.take(&invocation));
        within(&scope, || {
            tracing::debug!("again");
            crate::record_error(&std::fmt::Error, "not-formatted");
            tracing::debug!("after");
        });
        writer.write(&writer.take(&invocation));
    });
    let error = std::fmt::Error.to_string();
    assert_eq!(
        messages(&writes),
        [
            vec!["one"],
            vec!["looked up", "tried 2", "again", &error],
            vec!["after"]
        ]
    );
    let first = &writes[1][0];
    for (key, value) in [
        ("level", json!("DEBUG")),
        ("step", json!(1)),
        ("price", json!(1.5)),
        ("paid", json!(false)),
        ("lines", json!(-2)),
        ("who", json!("[email]")),
        ("requestId", json!("r-1")),
        ("correlation_id", json!("c-1")),
    ] {
        assert_eq!(first[key], value, "{key}");
    }
    assert_eq!(writes[1][1]["items"], "[\"a\", \"b\"]");
    assert_eq!(writes[1][1]["error.message"], error);
}

#[test]
fn held_lines_stay_in_their_place_among_those_that_wait() {
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-1", false), || {
            tracing::debug!("1");
            tracing::info!("2");
            tracing::debug!("3");
            tracing::info!("4");
        });
        invocation.pending.fail(0);
        writer.write(&writer.take(&invocation));
    });
    assert_eq!(messages(&writes), [["1", "2", "3", "4"]]);
}

#[test]
fn nothing_held_is_written_when_nothing_fails() {
    struct Never;
    impl std::fmt::Display for Never {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("formatted")
        }
    }
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-1", false), || {
            tracing::debug!("held");
            // Outside of invocations nobody could ever want it.
        });
        tracing::debug!("of no invocation: {Never}");
        writer.write(&writer.take(&invocation));
    });
    assert_eq!(messages(&writes), Vec::<Vec<&str>>::new());
}

#[test]
fn the_debug_decision_of_the_context_writes_them_at_once() {
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-1", true), || tracing::debug!("of c-1"));
        within(&scope_of(&invocation, "c-2", false), || tracing::debug!("of c-2"));
        writer.write(&writer.take(&invocation));
    });
    assert_eq!(messages(&writes), [["of c-1"]]);
}

#[test]
fn a_record_that_fails_tells_its_own_lines_and_the_invocation_s() {
    let invocation = invocation();
    let writes = writes(|writer| {
        within(&scope_of(&invocation, "c-0", false), || tracing::debug!("batch"));
        for id in ["c-1", "c-2", "c-3"] {
            within(&scope_of(&invocation, id, false), || {
                tracing::debug!("{id}");
                if id == "c-2" {
                    current_scope().unwrap().fail(&std::fmt::Error, "no");
                    tracing::debug!("{id} failed");
                }
            });
        }
        writer.write(&writer.take(&invocation));
    });
    assert_eq!(messages(&writes), [["batch", "c-2", "c-2 failed"]]);
}

#[test]
fn memory_for_held_lines_is_bounded_and_what_was_dropped_is_counted() {
    let invocation = invocation();
    let writes = writes(|writer| {
        let scope = scope_of(&invocation, "c-1", false);
        within(&scope, || {
            for n in 0..10_000 {
                tracing::debug!(n, "step");
            }
        });
        scope.fail(&std::fmt::Error, "no");
        writer.write(&writer.take(&invocation));
    });
    let written = writes[0].len() as u64;
    assert_eq!(invocation.dropped(), [(DropReason::HeldLines, 10_000 - written)]);
    assert!(written > 200, "{written}");
    assert_eq!(writes[0].last().unwrap()["n"], 9_999);
}

#[test]
fn lines_that_were_not_taken_are_counted() {
    struct Full;
    impl Sink for Full {
        fn write(&self, lines: &[u8]) -> u64 {
            lines.iter().filter(|b| **b == b'\n').count() as u64
        }
    }
    let invocation = invocation();
    let writer = LogWriter::new(process(), Arc::new(Full));
    let subscriber = crate::TelemetrySubscriber::new(writer.clone());
    tracing::subscriber::with_default(subscriber, || {
        within(&scope_of(&invocation, "c-1", false), || {
            tracing::info!("one");
            tracing::error!("two");
        });
    });
    assert_eq!((writer.take_lost(), writer.take_lost()), (2, 0));
}
