//! Lines as they are written, and what is read of them.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

const ID: &str = "4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f";

fn event(message: &str) -> LogEvent {
    LogEvent {
        id: "1".to_owned(),
        timestamp: 7,
        message: message.to_owned(),
    }
}

/// Code, messages, request, correlation, customer, critical, origin.
#[track_caller]
fn check(message: &str, expected: &Expect) {
    let found = occurrence("shop", &event(message)).map(|one| {
        let ids = [one.request_id, one.correlation_id, one.customer].map(|id| id.unwrap_or("-".to_owned()));
        let critical = if one.is_critical { " CRITICAL" } else { "" };
        format!(
            "{:?} {} {:?} {}{critical}",
            one.origin,
            one.code,
            one.messages,
            ids.join(" ")
        )
    });
    expected.assert_eq(&found.unwrap_or_else(|| "no failure".to_owned()));
}

#[test]
fn lines_of_ours() {
    check(
        r#"{"timestamp":"2026-11-27T02:03:11.120Z","level":"ERROR","message":"charge order 7","service":"payment-processor","requestId":"r","correlation_id":"c","error.code":"payment-timeout","error.chain":["charge order 7","no answer from ada@example.com"],"error.fingerprint":"00","customer_id":"u-1"}"#,
        &expect![[r#"Function payment-timeout ["charge order 7", "no answer from [email]"] r c u-1"#]],
    );
    check(r#"{"level":"INFO","message":"ok"}"#, &expect![["no failure"]]);
    check(
        r#"{"level":"WARN","severity":"CRITICAL","message":"Too many database connections"}"#,
        &expect![[r#"Function  ["Too many database connections"] - - - CRITICAL"#]],
    );
    check(r#"{"_aws":{"Timestamp":1},"Errors":1}"#, &expect![["no failure"]]);
    check(r#"{"level":7,"message":"odd"}"#, &expect![["no failure"]]);
    check(
        r#"{"level":"ERROR","message":{"a":1}}"#,
        &expect![[r#"Function  ["{\"a\":1}"] - - -"#]],
    );
}

#[test]
fn lines_of_other_runtimes() {
    check(
        &format!(
            r#"{{"timestamp":"t","level":"ERROR","requestId":"{ID}","message":{{"errorType":"TypeError","errorMessage":"Cannot read properties of undefined","stackTrace":[]}}}}"#
        ),
        &expect![[
            r#"Function TypeError ["Cannot read properties of undefined"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        &format!(
            r#"{{"timestamp":"t","level":"ERROR","requestId":"{ID}","errorType":"KeyError","errorMessage":"'a'","stackTrace":[]}}"#
        ),
        &expect![[r#"Function KeyError ["'a'"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#]],
    );
    check(
        r#"{"app_name":"Notes","type":"CRITICAL","message":"Too many database connections","payload":{}}"#,
        &expect![[r#"Function  ["Too many database connections"] - - - CRITICAL"#]],
    );
    check(
        &format!(
            "2026-11-27T02:03:11.120Z\t{ID}\tERROR\tInvoke Error\t{{\"errorType\":\"TypeError\",\"errorMessage\":\"x is not a function\",\"stack\":[]}}"
        ),
        &expect![[r#"Function TypeError ["x is not a function"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#]],
    );
    check(
        &format!("2026-11-27T02:03:11.120Z\t{ID}\tINFO\thello"),
        &expect![["no failure"]],
    );
    check(
        &format!("[ERROR] KeyError: 'EndingAt'\nTraceback (most recent call last):\n  File {ID}"),
        &expect![[r#"Function KeyError ["'EndingAt'"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#]],
    );
    check(
        &format!("[ERROR]\t2026-11-27T02:03:11.120Z\t{ID}\tbid refused: too low"),
        &expect![[r#"Function  ["bid refused: too low"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#]],
    );
    check("hello", &expect![["no failure"]]);
}

#[test]
fn what_lambda_says() {
    check(
        &format!("2026-11-27T02:03:11.120Z {ID} Task timed out after 3.00 seconds"),
        &expect![[
            r#"Sentence Sandbox.Timedout ["the invocation did not end within the function's timeout"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        &format!("RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"),
        &expect![[
            r#"Sentence Runtime.OutOfMemory ["the process was killed: out of memory"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        &format!("RequestId: {ID} Error: Runtime exited with error: exit status 101"),
        &expect![[
            r#"Sentence Runtime.ExitError ["the process ended"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout",
        &expect![[r#"Sentence Runtime.InitError ["the environment did not start"] - - -"#]],
    );
    check(
        &format!(
            r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{ID}","status":"timeout"}}}}"#
        ),
        &expect![[
            r#"Record Sandbox.Timedout ["the invocation did not end within the function's timeout"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        &format!(
            r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{ID}","status":"failure","errorType":"Runtime.OutOfMemory"}}}}"#
        ),
        &expect![[
            r#"Record Runtime.OutOfMemory ["the process was killed: out of memory"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    check(
        &format!(
            r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{ID}","status":"error","errorType":"Error"}}}}"#
        ),
        &expect![["no failure"]],
    );
    check(
        r#"{"time":"t","type":"platform.initReport","record":{"status":"error","errorType":"Runtime.ExitError"}}"#,
        &expect![[r#"Record Runtime.ExitError ["the environment did not start"] - - -"#]],
    );
    check(
        r#"{"time":"t","type":"platform.start","record":{}}"#,
        &expect![["no failure"]],
    );
}

#[test]
fn an_invocation_s_end_is_told_once() {
    let of = |message: &str| occurrence("shop", &event(message)).expect("a failure");
    let record = of(&format!(
        r#"{{"type":"platform.report","record":{{"requestId":"{ID}","status":"timeout"}}}}"#
    ));
    let sentence = of(&format!("t {ID} Task timed out after 3.00 seconds"));
    let ours = of(&format!(
        r#"{{"level":"ERROR","message":"time is running out","requestId":"{ID}"}}"#
    ));
    let other = of(r#"{"level":"ERROR","message":"no ID"}"#);
    let check = |all: &[&Occurrence], expected: &[&Occurrence]| {
        let told = once_per_request(all.iter().map(|one| (*one).clone()).collect());
        assert_eq!(told.iter().collect::<Vec<_>>(), expected);
    };
    check(
        &[&record, &sentence, &ours, &ours, &other],
        &[&ours, &ours, &other],
    );
    check(&[&record, &sentence], &[&sentence]);
    check(&[&record, &other, &other], &[&record, &other, &other]);
}

proptest! {
    #[test]
    fn any_line_is_taken(text in "\\PC{0,120}", field in "\\PC{0,20}") {
        let _ = occurrence("shop", &event(&text));
        let _ = occurrence("shop", &event(&serde_json::json!({"level": "ERROR", "message": text, field: [1]}).to_string()));
        let _ = occurrence("shop", &event(&format!("t\t{ID}\tERROR\t{text}")));
    }
}
