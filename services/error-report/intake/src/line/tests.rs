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

/// Code, messages, request, correlation, customer, origin.
#[track_caller]
fn check(message: &str, expected: &Expect) {
    let found = occurrence("shop", &event(message)).map(|one| {
        let ids = [one.request_id, one.correlation_id, one.customer].map(|id| id.unwrap_or("-".to_owned()));
        format!(
            "{:?} {} {:?} {}",
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
        &expect![[r#"Function  ["Too many database connections"] - - -"#]],
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
        &expect![[r#"Function  ["Too many database connections"] - - -"#]],
    );
    // Text is matched by no pattern of JSON members, and read by nobody.
    check(
        &format!("2026-11-27T02:03:11.120Z\t{ID}\tERROR\tInvoke Error\t{{}}"),
        &expect![["no failure"]],
    );
    check("hello", &expect![["no failure"]]);
}

/// Whatever an ID or a code is made of.
#[test]
fn nobody_s_address_gets_through() {
    check(
        r#"{"level":"ERROR","message":"m","error.code":"no ada@example.com","correlation_id":"ada@example.com","requestId":"r"}"#,
        &expect![[r#"Function no [email] ["m"] r [email] -"#]],
    );
    // Thirteen digits and more are no card where they are an ID.
    check(
        r#"{"level":"ERROR","message":"m","correlation_id":"01999999-9999-7999-8999-999999999999"}"#,
        &expect![[r#"Function  ["m"] - 01999999-9999-7999-8999-999999999999 -"#]],
    );
}

#[test]
fn what_lambda_says() {
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
    // As Lambda writes it of a process that was killed, and of one that ended by itself.
    check(
        &format!(
            r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{ID}","metrics":{{"durationMs":32973.233,"billedDurationMs":32974,"memorySizeMB":128,"maxMemoryUsedMB":125}},"status":"error","errorType":"Runtime.OutOfMemory"}}}}"#
        ),
        &expect![[
            r#"Record Runtime.OutOfMemory ["the process was killed: out of memory"] 4a6c1f0e-1d2b-4c3d-8e9f-0a1b2c3d4e5f - -"#
        ]],
    );
    for (error_type, told) in [
        ("Runtime.ExitError", true),
        ("Sandbox.Failure", true),
        ("Extension.Crash", true),
        ("Runtime.UnhandledError", false),
        ("errors::Declined", false),
    ] {
        let line = format!(
            r#"{{"type":"platform.report","record":{{"requestId":"{ID}","status":"error","errorType":"{error_type}"}}}}"#
        );
        let found = occurrence("shop", &event(&line));
        assert_eq!(found.map(|one| one.code), told.then(|| error_type.to_owned()));
    }
    check(
        r#"{"time":"t","type":"platform.initReport","record":{"status":"error","errorType":"Runtime.ExitError"}}"#,
        &expect![[r#"Record Runtime.ExitError ["the environment did not start"] - - -"#]],
    );
    check(
        r#"{"time":"t","type":"platform.start","record":{}}"#,
        &expect![["no failure"]],
    );
}

proptest! {
    #[test]
    fn any_line_is_taken(text in "\\PC{0,120}", field in "\\PC{0,20}") {
        let _ = occurrence("shop", &event(&text));
        let _ = occurrence("shop", &event(&serde_json::json!({"level": "ERROR", "message": text, field: [1]}).to_string()));
        let _ = occurrence("shop", &event(&format!("t\t{ID}\tERROR\t{text}")));
    }
}
