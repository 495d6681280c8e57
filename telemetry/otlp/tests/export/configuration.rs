//! What the standard variables say is done.

use telemetry_testkit::function::Function;

use crate::collector::{Answer, Collector};
use crate::harness::{ENDPOINT, check_answer, config, event, start, told};

/// Spans at the collector, documents at X-Ray, and WARN lines at the start.
async fn check(variables: &[(&str, &str)], spans: usize, documents: usize, warnings: usize) {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, variables).await;
    let left = function.invoke(event("a")).await;
    check_answer(&left, "a");
    assert_eq!(
        (collector.spans().len(), left.documents.len()),
        (spans, documents),
        "{variables:?} {left}"
    );
    let warned = left.lines.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warned, warnings, "{variables:?} {left}");
}

#[tokio::test]
async fn spans_go_where_the_operator_wants_them() {
    const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
    check(&[], 1, 1, 0).await;
    check(&[(EXPORTER, "otlp,xray")], 1, 1, 0).await;
    check(&[(EXPORTER, "otlp")], 1, 0, 0).await;
    check(&[(EXPORTER, "xray")], 0, 1, 0).await;
    check(&[(EXPORTER, "none")], 0, 0, 0).await;
    check(&[(EXPORTER, "zipkin")], 1, 1, 1).await;
}

#[tokio::test]
async fn what_is_not_spoken_is_told_at_the_start() {
    check(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], 0, 1, 1).await;
    check(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")], 1, 1, 1).await;
    for endpoint in ["collector", "ftp://collector", "http://"] {
        let mut function = Function::start(config(&[(ENDPOINT, endpoint)])).await.unwrap();
        let left = function.invoke(event("a")).await;
        check_answer(&left, "a");
        let warned = left.lines.iter().filter(|line| line.contains("WARN")).count();
        assert_eq!(warned, 1, "{endpoint} {left}");
    }
}

#[tokio::test]
async fn headers_arrive_and_are_never_written() {
    let headers = "authorization=Bearer%20s3cret,x-team=a";
    let collector = Collector::start(&[Answer::Status(401, None)]).await;
    let mut function = start(&collector, &[("OTEL_EXPORTER_OTLP_HEADERS", headers)]).await;
    let left = function.invoke(event("a")).await;
    let received = collector.received();
    assert_eq!(received[0].headers["authorization"], "Bearer s3cret");
    assert_eq!(received[0].headers["x-team"], "a");
    assert_eq!(received[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(told(&left).len(), 1, "{left}");
    assert!(!left.lines.concat().contains("s3cret"), "{left}");

    for headers in ["s3cret", "a b=s3cret", "x-key=s3cret%0a"] {
        let collector = Collector::start(&[]).await;
        let mut function = start(&collector, &[("OTEL_EXPORTER_OTLP_HEADERS", headers)]).await;
        let left = function.invoke(event("a")).await;
        check_answer(&left, "a");
        let warned = left.lines.iter().filter(|line| line.contains("WARN")).count();
        assert_eq!(warned, 1, "{left}");
        assert!(!left.lines.concat().contains("s3cret"), "{left}");
    }
}

#[tokio::test]
async fn what_nobody_samples_is_not_sent() {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, &[]).await;
    let mut invocation = event("a");
    invocation.trace_header = invocation
        .trace_header
        .map(|header| header.replace("Sampled=1", "Sampled=0"));
    check_answer(&function.invoke(invocation).await, "a");
    assert_eq!(collector.received().len(), 0);
}
