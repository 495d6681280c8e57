//! The middleware on a real client and a real server: what arrives, and which subsegments are left.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use axum::Router;
use http::{HeaderMap, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::Value;
use telemetry_core::{CorrelationContext, Invocation, W3cTrace};
use telemetry_http::TelemetryMiddleware;
use telemetry_testkit::in_process;

const TRACE: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1";
const W3C: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A server that answers with the status in the path, and keeps the headers of what arrives.
async fn server() -> (String, Arc<Mutex<Vec<HeaderMap>>>) {
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&arrived);
    let answer = move |axum::extract::Path(status): axum::extract::Path<u16>, headers: HeaderMap| {
        keep.lock().unwrap().push(headers);
        async move { (StatusCode::from_u16(status).unwrap(), "hello") }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/status/{status}", axum::routing::any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), arrived)
}

fn client(middleware: TelemetryMiddleware) -> ClientWithMiddleware {
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    ClientBuilder::new(plain).with(middleware).build()
}

fn invocation(trace: Option<&str>, w3c: Option<W3cTrace>) -> Invocation {
    in_process::invocation(trace.map(|text| text.parse().unwrap())).with_w3c(w3c)
}

/// Runs a call in an invocation with correlation ID `c-1`; returns the subsegments of its handler.
async fn in_invocation(invocation: Invocation, call: impl Future<Output = ()>) -> Vec<Value> {
    let mut context = CorrelationContext::new("c-1".parse().unwrap());
    context.debug = true;
    context.set_baggage("shop", "north");
    in_process::run(invocation, context, call)
        .await
        .subsegments()
        .to_vec()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_request_carries_the_context_and_leaves_a_subsegment() {
    let (url, arrived) = server().await;
    let spans = in_invocation(invocation(Some(TRACE), None), async {
        let url = format!(
            "{}/status/200?token=secret#part",
            url.replace("//", "//user:pass@")
        );
        let response = client(TelemetryMiddleware::new()).get(url).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
    })
    .await;
    assert_eq!(spans.len(), 1, "{spans:?}");
    let span = &spans[0];
    assert_eq!(
        (&span["name"], &span["namespace"]),
        (&"127.0.0.1".into(), &"remote".into())
    );
    let expected = serde_json::json!({
        "request": {"method": "GET", "url": format!("{url}/status/200")},
        "response": {"status": 200, "content_length": 5},
    });
    assert_eq!(span["http"], expected);
    assert!(span["fault"].is_null() && span["error"].is_null());
    let headers = arrived.lock().unwrap().remove(0);
    assert_eq!(text(&headers, "x-correlation-id"), Some("c-1"));
    assert_eq!(text(&headers, "x-call-chain-length"), Some("1"));
    assert_eq!(text(&headers, "x-debug-log-enabled"), Some("true"));
    let id = span["id"].as_str().unwrap();
    let trace = TRACE.replace("53995c3f42cd8ad8", id);
    assert_eq!(text(&headers, "x-amzn-trace-id"), Some(trace.as_str()));
    let parent = format!("00-5759e988bd862e3fe1be46a994272793-{id}-01");
    assert_eq!(text(&headers, "traceparent"), Some(parent.as_str()));
    assert_eq!(text(&headers, "tracestate"), None);
    assert!(!format!("{headers:?}").contains("north"), "baggage stays");
}

#[tokio::test]
async fn a_w3c_trace_goes_on_beside_x_rays() {
    let state = "vendor=a b,other@x=1";
    let w3c: W3cTrace = W3C.parse().unwrap();
    let w3c = w3c.with_state(state).unwrap();
    let (url, arrived) = server().await;
    let send = async || {
        drop(
            client(TelemetryMiddleware::new())
                .get(format!("{url}/status/200"))
                .send()
                .await,
        )
    };
    let spans = in_invocation(invocation(Some(TRACE), Some(w3c.clone())), send()).await;
    let id = spans[0]["id"].as_str().unwrap();
    let headers = arrived.lock().unwrap().remove(0);
    let parent = W3C.replace("00f067aa0ba902b7", id);
    assert_eq!(text(&headers, "traceparent"), Some(parent.as_str()));
    assert_eq!(text(&headers, "tracestate"), Some(state));
    assert!(
        text(&headers, "x-amzn-trace-id")
            .unwrap()
            .starts_with("Root=1-5759e988-")
    );
    // Of a trace that is not recorded here the caller's span stays the parent.
    for trace in [
        None,
        Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"),
    ] {
        in_invocation(invocation(trace, Some(w3c.clone())), send()).await;
        let headers = arrived.lock().unwrap().remove(0);
        assert_eq!(text(&headers, "traceparent"), Some(W3C));
        assert_eq!(text(&headers, "tracestate"), Some(state));
        assert_eq!(text(&headers, "x-amzn-trace-id"), trace);
    }
}

#[tokio::test]
async fn answers_are_throttles_errors_and_faults() {
    let (url, _arrived) = server().await;
    for (status, flags) in [
        (204, [false, false, false]),
        (302, [false, false, false]),
        (404, [false, true, false]),
        (429, [true, true, false]),
        (503, [false, false, true]),
    ] {
        let spans = in_invocation(invocation(Some(TRACE), None), async {
            let url = format!("{url}/status/{status}");
            let response = client(TelemetryMiddleware::new()).post(url).send().await.unwrap();
            assert_eq!(response.status().as_u16(), status);
        })
        .await;
        let seen = ["throttle", "error", "fault"].map(|flag| spans[0][flag] == true);
        assert_eq!(seen, flags, "{status}");
        assert_eq!(spans[0]["http"]["response"]["status"], status);
    }
}

#[tokio::test]
async fn no_answer_is_a_fault_that_tells_no_secret() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?token=secret", listener.local_addr().unwrap());
    drop(listener);
    let spans = in_invocation(invocation(Some(TRACE), None), async {
        assert!(client(TelemetryMiddleware::new()).get(&url).send().await.is_err());
    })
    .await;
    assert_eq!(spans[0]["fault"], true);
    assert_eq!(spans[0]["cause"]["exceptions"][0]["type"], "Connect");
    assert!(!spans[0].to_string().contains("secret"), "{}", spans[0]);
}

#[tokio::test]
async fn what_the_caller_set_stays_and_strangers_are_told_nothing() {
    let (url, arrived) = server().await;
    let url = format!("{url}/status/200");
    let spans = in_invocation(invocation(Some(TRACE), None), async {
        let ours = client(TelemetryMiddleware::new())
            .get(&url)
            .header("X-Correlation-ID", "own");
        ours.send().await.unwrap();
        client(TelemetryMiddleware::observing())
            .get(&url)
            .send()
            .await
            .unwrap();
    })
    .await;
    assert_eq!(spans.len(), 2);
    client(TelemetryMiddleware::default())
        .get(&url)
        .send()
        .await
        .unwrap();
    let arrived = arrived.lock().unwrap();
    assert_eq!(
        arrived[0].get_all("x-correlation-id").iter().collect::<Vec<_>>(),
        ["own"]
    );
    assert!(arrived[0].contains_key("traceparent"));
    for headers in &arrived[1..] {
        let told = headers
            .keys()
            .any(|name| name.as_str().starts_with("x-") || name.as_str().starts_with("trace"));
        assert!(!told, "{headers:?}");
    }
}

/// A middleware behind ours, which writes a line.
struct Writes;

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Writes {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        tracing::info!("about to send");
        next.run(request, extensions).await
    }
}

#[tokio::test]
async fn what_happens_in_a_request_belongs_to_its_subsegment() {
    let (url, _arrived) = server().await;
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = ClientBuilder::new(plain)
        .with(TelemetryMiddleware::new())
        .with(Writes)
        .build();
    let context = CorrelationContext::new("c-1".parse().unwrap());
    let told = in_process::run(invocation(Some(TRACE), None), context, async {
        client.get(format!("{url}/status/200")).send().await.unwrap();
    })
    .await;
    assert_eq!(told.lines[0]["span_id"], told.subsegments()[0]["id"]);
}
