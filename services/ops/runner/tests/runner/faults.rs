//! Faults on order, seen from the caller and from the work that was done.

use crate::support::{FUNCTION, Harness};
use ops_runner::faults::{Action, Caller, Fault};
use ops_runner::{Invocation, InvokeOutcome};
use serde_json::{Value, json};

/// Arms the fault, invokes once, and says what the caller got and how often the work was done.
async fn check(harness: &Harness, fault: Fault) -> (InvokeOutcome, usize) {
    let path = harness.directory.path().join("journal");
    std::fs::write(&path, "").unwrap();
    harness.runner.faults().clear();
    harness.runner.faults().arm(FUNCTION, fault, 1);
    let event = json!({"do": "append", "path": path});
    let outcome = harness
        .runner
        .invoke(FUNCTION, Invocation::request_response(event.to_string()))
        .await
        .unwrap();
    assert_eq!(harness.runner.faults().plans()[0].happened, 1);
    (outcome, std::fs::read_to_string(&path).unwrap().lines().count())
}

fn error_type(outcome: &InvokeOutcome) -> String {
    let body: Value = serde_json::from_slice(&outcome.payload).unwrap();
    body["errorType"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let harness = Harness::start().await;
    let (outcome, done) = check(&harness, Fault::KillBeforeInvoke).await;
    assert_eq!((error_type(&outcome).as_str(), done), ("Runtime.ExitError", 0));
    let (outcome, done) = check(&harness, Fault::KillBeforeResponse).await;
    assert_eq!((error_type(&outcome).as_str(), done), ("Runtime.ExitError", 1));
    let (outcome, done) = check(&harness, Fault::Deliver(3)).await;
    assert_eq!((outcome.function_error, done), (false, 3));
    let ordered = Fault::Error {
        error_type: "payment.timeout".into(),
        message: "no answer".into(),
    };
    let (outcome, done) = check(&harness, ordered).await;
    assert_eq!((error_type(&outcome).as_str(), done), ("payment.timeout", 0));
    let begun = std::time::Instant::now();
    let (_, done) = check(&harness, Fault::Latency(std::time::Duration::from_millis(80))).await;
    assert!(done == 1 && begun.elapsed() >= std::time::Duration::from_millis(80));
    harness.runner.shutdown().await;
}

/// Status and error type of each record of a kind, as Lambda writes them.
async fn told(harness: &Harness, fault: Fault) -> Vec<String> {
    let seen = harness.recorder.until(|_| true).await.lines.len();
    check(harness, fault).await;
    let reported = |line: &str| line.contains("\"platform.report\"");
    let lines = harness
        .recorder
        .until(|recorded| recorded.lines[seen..].iter().any(|line| reported(&line.message)))
        .await
        .lines;
    let records = lines[seen..]
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(&line.message).ok());
    let ends = records.filter(|line| !line["record"]["status"].is_null());
    ends.map(|line| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let record = &line["record"];
        let (kind, status) = (text(&line["type"]), text(&record["status"]));
        format!("{kind} {status} {}", text(&record["errorType"]))
    })
    .collect()
}

#[tokio::test]
async fn platform_lines_are_those_of_lambda() {
    let harness = Harness::start().await;
    for (fault, lines) in [
        (
            // Also the first process of all is ready before it dies.
            Fault::KillBeforeInvoke,
            vec!["platform.report error Runtime.ExitError"],
        ),
        (Fault::Timeout, vec!["platform.report timeout Sandbox.Timedout"]),
        (
            Fault::MemoryKill,
            vec!["platform.report error Runtime.OutOfMemory"],
        ),
        (
            Fault::InitError,
            vec![
                "platform.initReport error Runtime.ExitError",
                "platform.report error Runtime.ExitError",
            ],
        ),
    ] {
        assert_eq!(told(&harness, fault.clone()).await, lines, "{fault:?}");
    }
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn a_function_dies_when_its_call_was_carried_out() {
    let harness = Harness::start().await;
    let faults = harness.runner.faults().clone();
    let kill = Fault::KillAfterCall {
        service: "dynamodb".into(),
        operation: "TransactWriteItems".into(),
    };
    faults.arm(FUNCTION, kill, 1);
    let event = json!({"do": "environment"});
    let outcome = harness
        .runner
        .invoke(FUNCTION, Invocation::request_response(event.to_string()))
        .await
        .unwrap();
    let variables: Value = serde_json::from_slice(&outcome.payload).unwrap();
    let agent = format!(
        "aws-sdk-rust/1 app/{}",
        variables["AWS_SDK_UA_APP_ID"].as_str().unwrap()
    );
    harness.recorder.until(|seen| seen.reports.len() == 1).await;
    let caller = Caller::from_user_agent(&agent).unwrap();

    let hanging = harness
        .runner
        .invoke(FUNCTION, Invocation::request_response(r#"{"do":"hang"}"#));
    tokio::pin!(hanging);
    let call = async {
        harness
            .recorder
            .until(|seen| {
                seen.lines
                    .iter()
                    .filter(|l| l.message.contains("platform.start\""))
                    .count()
                    == 2
            })
            .await;
        assert_eq!(
            faults.on_call(&caller, "dynamodb", "GetItem").await,
            Action::Forward
        );
        assert_eq!(
            faults.on_call(&caller, "DynamoDB", "TransactWriteItems").await,
            Action::Drop
        );
        assert_eq!(
            faults.on_call(&caller, "dynamodb", "TransactWriteItems").await,
            Action::Forward
        );
    };
    let (outcome, ()) = tokio::join!(hanging, call);
    assert_eq!(error_type(&outcome.unwrap()), "Runtime.ExitError");
    let stranger = Caller {
        function: FUNCTION.into(),
        environment: "gone".into(),
    };
    assert_eq!(
        faults.on_call(&stranger, "dynamodb", "TransactWriteItems").await,
        Action::Forward
    );
    harness.runner.shutdown().await;
}
