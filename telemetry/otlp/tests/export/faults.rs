//! What is wrong with an endpoint changes no answer, costs no more than the timeout, is counted, and told once.

use std::time::{Duration, Instant};

use telemetry_testkit::function::{Function, Left};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::collector::{Answer, Collector};
use crate::harness::{ENDPOINT, check_answer, config, event, lost, sampled, start, told};

/// More than any of the timeouts here, on a machine that is busy.
const LONG: Duration = Duration::from_secs(8);

/// Two invocations, while the first request is answered like this: what they left, and how many requests there were.
async fn two(answer: Answer, variables: &[(&str, &str)]) -> ([Left; 2], usize) {
    let collector = Collector::start(&[answer]).await;
    let mut function = start(&collector, variables).await;
    let left = [
        function.invoke(event("a")).await,
        function.invoke(event("b")).await,
    ];
    check_answer(&left[0], "a");
    check_answer(&left[1], "b");
    (left, collector.received().len())
}

#[tokio::test]
async fn an_endpoint_that_asks_for_time_gets_it() {
    for (status, kind) in [(429, "throttled"), (503, "unavailable")] {
        let ([one, two], requests) = two(Answer::Status(status, Some("60")), &[]).await;
        assert_eq!(requests, 1, "the second one waits for nothing");
        assert_eq!(told(&one), [(kind.to_owned(), 1)], "{one}");
        assert_eq!(told(&two), [], "{two}");
        // The metrics of the first were written before.
        assert_eq!((lost(&one), lost(&two)), (0.0, 1.0), "{two}");
        assert_eq!(two.documents.len(), 1, "X-Ray gets them all the same");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_ready_again_at_once_is_asked_again() {
    let ([_, two], requests) = two(Answer::Status(503, Some("0")), &[]).await;
    assert_eq!((requests, lost(&two)), (2, 1.0), "{two}");
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_told_by_what_it_answers() {
    for (status, kind) in [
        (400, "refused"),
        (401, "unauthorized"),
        (302, "refused"),
        (500, "refused"),
    ] {
        let ([one, _], _) = two(Answer::Status(status, None), &[]).await;
        assert_eq!(told(&one), [(kind.to_owned(), 1)], "{one}");
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_costs_its_timeout() {
    let began = Instant::now();
    let ([one, two], _) = two(Answer::Hang, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "150")]).await;
    assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
    assert_eq!(told(&one), [("timeout".to_owned(), 1)], "{one}");
    assert_eq!(lost(&two), 1.0, "{two}");
}

#[tokio::test]
async fn the_time_limit_counts_before_the_timeout() {
    let collector = Collector::start(&[Answer::Hang]).await;
    let mut function = start(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")]).await;
    function.environment().initialized().await.unwrap();
    let mut invocation = event("a");
    invocation.timeout = Duration::from_millis(1_500);
    let began = Instant::now();
    let left = function.invoke(invocation).await;
    // A tenth of the limit is left.
    assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
    check_answer(&left, "a");
    assert_eq!(told(&left), [("timeout".to_owned(), 1)], "{left}");
}

#[tokio::test]
async fn spans_that_are_refused_in_part_are_counted_and_the_next_ones_go() {
    let collector = Collector::start(&[Answer::Partial(2, "too old")]).await;
    let mut function = start(&collector, &[]).await;
    let one = function
        .invoke(sampled(&serde_json::json!({"do": "many", "n": 4})))
        .await;
    assert_eq!(told(&one), [("rejected".to_owned(), 2)], "{one}");
    assert!(one.lines.concat().contains("too old"), "{one}");
    let two = function.invoke(event("b")).await;
    assert_eq!((lost(&two), told(&two)), (2.0, vec![]), "{two}");
    assert_eq!(collector.received().len(), 2);
}

#[tokio::test]
async fn an_endpoint_may_take_all_and_warn() {
    let ([one, two], requests) = two(Answer::Partial(0, "ada@example.com knows a better one"), &[]).await;
    assert_eq!(told(&one), [("warned".to_owned(), 0)], "{one}");
    assert!(!one.lines.concat().contains("ada@"), "{one}");
    assert_eq!((lost(&two), requests), (0.0, 2), "{two}");
}

#[tokio::test]
async fn what_a_good_answer_says_may_be_nothing() {
    for answer in [Answer::Endless, Answer::Nonsense] {
        let ([one, two], requests) = two(answer, &[]).await;
        assert_eq!(
            (told(&one), lost(&two), requests),
            (vec![], 0.0, 2),
            "{answer:?} {one}"
        );
    }
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_told_once() {
    let encrypted = Collector::start(&[]).await;
    for endpoint in [
        format!("http://user:s3cret@{}", nobody().await),
        format!("https://{}", nobody().await),
        // It speaks no TLS.
        format!("https://{}", encrypted.address),
    ] {
        let mut function = Function::start(config(&[(ENDPOINT, &endpoint)])).await.unwrap();
        let mut all = Vec::new();
        let mut counted = 0.0;
        for what in ["a", "b", "c"] {
            let left = function.invoke(event(what)).await;
            check_answer(&left, what);
            counted += lost(&left);
            all.extend(told(&left));
            assert!(!left.lines.concat().contains("s3cret"), "{left}");
        }
        // A machine without certificates does not get as far as to connect.
        let kinds = ["connection", "certificates"];
        assert!(
            matches!(&all[..], [(kind, 1)] if kinds.contains(&kind.as_str())),
            "{endpoint} {all:?}"
        );
        assert_eq!(counted, 2.0, "{endpoint}");
    }
}

/// Between invocations an environment is frozen: its connection is closed while it sleeps.
#[tokio::test]
async fn a_connection_that_was_closed_in_the_meantime_is_opened_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request is small; the answer promises to go on, and the end of the connection breaks that.
            let mut request = [0; 65_536];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let mut function = Function::start(config(&[(ENDPOINT, &endpoint)])).await.unwrap();
    for what in ["a", "b", "c"] {
        let left = function.invoke(event(what)).await;
        check_answer(&left, what);
        assert_eq!((told(&left), lost(&left)), (vec![], 0.0), "{left}");
    }
    served.await.unwrap();
}
