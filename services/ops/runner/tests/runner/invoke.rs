//! Synchronous invocations of a real function binary.

use std::time::Duration;

use crate::support::{FUNCTION, Harness};
use ops_runner::{Invocation, InvokeError, InvokeOutcome, OutcomeKind};
use serde_json::{Value, json};

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

async fn invoke(harness: &Harness, payload: &Value) -> Result<InvokeOutcome, InvokeError> {
    harness
        .runner
        .invoke(FUNCTION, Invocation::request_response(payload.to_string()))
        .await
}

fn json_of(outcome: &InvokeOutcome) -> Value {
    serde_json::from_slice(&outcome.payload).unwrap()
}

#[tokio::test]
async fn an_invocation_is_answered_logged_traced_and_reported() {
    let harness = Harness::start().await;
    let event =
        json!({"do": "print", "lines": ["{\"level\":\"INFO\"}"], "__context__": {"x-amzn-trace-id": TRACE}});
    let outcome = invoke(&harness, &event).await.unwrap();
    assert_eq!((outcome.status, outcome.function_error), (200, false));
    let seen = harness.recorder.until(|seen| seen.reports.len() == 1).await;

    let messages: Vec<&str> = seen.lines.iter().map(|line| line.message.as_str()).collect();
    let kinds: Vec<Value> = messages
        .iter()
        .map(|m| serde_json::from_str::<Value>(m).map_or(Value::Null, |v| v["type"].clone()))
        .collect();
    assert_eq!(kinds[..2], [json!("platform.initStart"), json!("platform.start")]);
    assert_eq!(kinds.last().unwrap(), "platform.report");
    assert!(messages.contains(&"{\"level\":\"INFO\"}") && messages.contains(&"to stderr"));
    assert!(
        seen.lines
            .iter()
            .all(|line| line.request_id.as_ref() == Some(&outcome.request_id))
    );
    assert!(seen.lines.iter().all(|line| line.log_group == "/aws/lambda/shop"));

    let [service, function] = &seen.segments[..] else {
        panic!("{:?}", seen.segments)
    };
    assert_eq!(
        (&service["trace_id"], &service["parent_id"]),
        (
            &json!("1-5759e988-bd862e3fe1be46a994272793"),
            &json!("53995c3f42cd8ad8")
        )
    );
    assert_eq!(function["parent_id"], service["id"]);
    let report: Value = serde_json::from_str(messages.last().unwrap()).unwrap();
    assert_eq!(report["record"]["tracing"]["spanId"], function["id"]);
    assert!(report["record"]["metrics"]["initDurationMs"].as_f64().unwrap() > 0.0);

    let report = &seen.reports[0];
    assert_eq!(
        (report.outcome, report.cold_start, report.concurrent),
        (OutcomeKind::Success, true, 1)
    );
    assert!(report.peak_memory_bytes > 100_000 && report.duration >= report.response);
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn an_environment_is_reused_until_code_or_settings_change() {
    let harness = Harness::start().await;
    let pid = async || json_of(&invoke(&harness, &json!({})).await.unwrap())["pid"].clone();
    let idle = async |n: usize| harness.recorder.until(|seen| seen.reports.len() == n).await;
    let first = pid().await;
    idle(1).await;
    assert_eq!(pid().await, first, "reused");
    idle(2).await;
    assert_eq!(
        *harness.emulator.asked.lock().unwrap(),
        1,
        "settings are read once"
    );

    harness.configure(json!({"RevisionId": "2", "Environment": {"Variables": {"STAGE": "dev"}}}));
    let second = pid().await;
    assert_ne!(second, first, "new settings");
    idle(3).await;
    let variables = json_of(&invoke(&harness, &json!({"do": "environment"})).await.unwrap());
    assert_eq!(variables["STAGE"], "dev");
    assert_eq!(variables["AWS_ENDPOINT_URL"], harness.config.aws_endpoint);
    assert_eq!(variables["SHOPWATCH_PLACE"], "here");
    assert_eq!(variables["AWS_LAMBDA_LOG_FORMAT"], "JSON");
    assert!(
        variables["AWS_SDK_UA_APP_ID"]
            .as_str()
            .unwrap()
            .starts_with("shop~")
    );
    idle(4).await;

    let binary = harness.directory.path().join(FUNCTION);
    let code = std::fs::read(&binary).unwrap();
    std::fs::remove_file(&binary).unwrap();
    std::fs::write(&binary, [code, vec![0]].concat()).unwrap();
    std::fs::set_permissions(&binary, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_ne!(pid().await, second, "new code");
    idle(5).await;
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn errors_keep_their_type() {
    let harness = Harness::start().await;
    harness.configure(json!({"Timeout": 1}));
    let check = async |event: Value, expected_type: &str, expected: OutcomeKind| {
        let outcome = invoke(&harness, &event).await.unwrap();
        assert!(outcome.function_error, "{event}");
        let body = json_of(&outcome);
        assert!(
            body["errorType"].as_str().unwrap().contains(expected_type),
            "{event}: {body}"
        );
        let id = outcome.request_id;
        let seen = harness
            .recorder
            .until(|seen| seen.reports.iter().any(|r| r.request_id == id))
            .await;
        let report = seen
            .reports
            .iter()
            .find(|report| report.request_id == id)
            .unwrap();
        assert_eq!(report.outcome, expected, "{event}");
        seen
    };
    check(json!({"do": "fail"}), "Error", OutcomeKind::FunctionError).await;
    check(json!({"do": "exit"}), "Runtime.ExitError", OutcomeKind::Exited).await;
    let seen = check(json!({"do": "hang"}), "Sandbox.Timedout", OutcomeKind::Timeout).await;
    assert!(
        seen.lines
            .iter()
            .any(|line| line.message.ends_with("Task timed out after 1.00 seconds"))
    );
    assert!(
        seen.segments
            .iter()
            .any(|segment| segment["cause"]["exceptions"][0]["type"] == "Sandbox.Timedout")
    );
    harness.configure(json!({"RevisionId": "3", "Environment": {"Variables": {"PROBE_INIT": "exit"}}}));
    check(json!({}), "Runtime.ExitError", OutcomeKind::InitError).await;
    std::fs::remove_file(harness.directory.path().join(FUNCTION)).unwrap();
    check(json!({}), "Runtime.InvalidEntrypoint", OutcomeKind::InitError).await;
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn what_is_not_invoked_says_why() {
    let harness = Harness::start().await;
    let check = async |function: &str, payload: &str, code: &str| {
        let error = harness
            .runner
            .invoke(function, Invocation::request_response(payload.to_owned()))
            .await
            .unwrap_err();
        assert_eq!(error.code(), code);
    };
    check("nobody", "{}", "ResourceNotFoundException").await;
    check("../../etc/passwd", "{}", "ResourceNotFoundException").await;
    check(FUNCTION, "{", "InvalidRequestContentException").await;
    check(FUNCTION, &"x".repeat(7_000_000), "RequestTooLargeException").await;
    let large = harness
        .runner
        .invoke(FUNCTION, Invocation::event("x".repeat(1_100_000)))
        .await
        .unwrap_err();
    assert_eq!(large.code(), "RequestTooLargeException");
    harness.runner.shutdown().await;
    check(FUNCTION, "{}", "ServiceException").await;
}

#[tokio::test]
async fn five_invocations_run_in_five_environments() {
    let harness = Harness::start().await;
    let wait = json!({"do": "wait", "ms": 300});
    let (a, b, c, d, e) = tokio::join!(
        invoke(&harness, &wait),
        invoke(&harness, &wait),
        invoke(&harness, &wait),
        invoke(&harness, &wait),
        invoke(&harness, &wait)
    );
    let mut pids: Vec<u64> = [a, b, c, d, e]
        .iter()
        .map(|o| json_of(o.as_ref().unwrap())["pid"].as_u64().unwrap())
        .collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 5);
    harness.runner.shutdown().await;
    for pid in pids {
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "{pid} is left"
        );
    }
    assert!(
        std::net::TcpStream::connect(harness.runner.address()).is_err(),
        "the port is left"
    );
}

#[tokio::test]
async fn reserved_concurrency_throttles() {
    let harness = Harness::start().await;
    let reserved = json!({"ReservedConcurrentExecutions": 1});
    harness.emulator.configure(FUNCTION, json!({}), reserved);
    harness.runner.refresh();
    let wait = json!({"do": "wait", "ms": 200});
    let (first, second) = tokio::join!(invoke(&harness, &wait), invoke(&harness, &wait));
    let refused = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].code(), refused[0].status()),
        ("TooManyRequestsException", 429)
    );
    assert_eq!(harness.runner.status()[0].throttles, 1);
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_speaks_the_emulator_s_proxy_mode() {
    let harness = Harness::start().await;
    let address = harness.runner.address();
    let post = async |path: String, headers: &[(&str, &str)], body: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let ok = post(
        "/invoke/shop".into(),
        &[("X-Amzn-Lambda-Request-Id", "r-1")],
        r#"{"a":1}"#,
    )
    .await;
    assert!(
        ok.starts_with("HTTP/1.1 200") && ok.contains("\"requestId\":\"r-1\""),
        "{ok}"
    );
    let failed = post("/invoke/shop".into(), &[], r#"{"do":"fail"}"#).await;
    assert!(
        failed.starts_with("HTTP/1.1 200") && failed.contains("x-amz-function-error: Unhandled"),
        "{failed}"
    );
    let unknown = post("/invoke/nobody".into(), &[], "{}").await;
    assert!(
        unknown.starts_with("HTTP/1.1 404") && unknown.contains("ResourceNotFoundException"),
        "{unknown}"
    );
    let accepted = post(
        "/invoke/shop".into(),
        &[("X-Amzn-Lambda-Invocation-Type", "Event")],
        "{}",
    )
    .await;
    assert!(
        accepted.starts_with("HTTP/1.1 200") && accepted.ends_with("null"),
        "{accepted}"
    );
    harness
        .recorder
        .until(|seen| seen.reports.iter().any(|report| report.async_attempt == Some(1)))
        .await;
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn idle_environments_are_ended() {
    let harness = Harness::with(|config| config.tuning.idle_timeout = Duration::from_millis(40)).await;
    let outcome = invoke(&harness, &json!({})).await.unwrap();
    let pid = json_of(&outcome)["pid"].clone();
    let gone = async {
        while std::path::Path::new(&format!("/proc/{pid}")).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    assert_eq!(harness.runner.status()[0].environments, 0);
    harness.runner.shutdown().await;
}
