//! What is found, and what is left as it is.

use proptest::prelude::*;
use serde_json::Value;

use super::redacted;

/// The message afterwards, and how many of its texts and values were changed.
fn check(message: &str, expected: &str, places: u64) {
    let safe = redacted(message);
    assert_eq!((&*safe.text, safe.places), (expected, places), "{message}");
    let again = redacted(&safe.text);
    assert_eq!(
        (&*again.text, again.places),
        (expected, 0),
        "once more: {message}"
    );
}

fn untouched(message: &str) {
    check(message, message, 0);
}

#[test]
fn secrets_are_known_by_their_names() {
    check(
        r#"{"user":{"password":"hunter2"}, "n":1}"#,
        r#"{"user":{"password":"[redacted]"}, "n":1}"#,
        1,
    );
    check(
        r#"{"access_token" : 12345}"#,
        r#"{"access_token" : "[redacted]"}"#,
        1,
    );
    check(
        r#"{"customer.email":["a","b"],"cookie":{"a":"}"},"b":2}"#,
        r#"{"customer.email":"[redacted]","cookie":"[redacted]","b":2}"#,
        2,
    );
    check(r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"[redacted]"}"#, 1);
    untouched(r#"{"password":null,"secret":"","token":true,"card":{},"tokens":["a"],"authorizations":1}"#);
}

#[test]
fn secrets_are_known_by_their_shapes() {
    check(
        r#"{"message":"sent to ada@example.com"}"#,
        r#"{"message":"sent to [email]"}"#,
        1,
    );
    check(r#"{"ada@example.com":1}"#, r#"{"[email]":1}"#, 1);
    check(r#"["4111 1111 1111 1111"]"#, r#"["[card]"]"#, 1);
    check(
        r#"{"order_id":"4111111111111111"}"#,
        r#"{"order_id":"[card]"}"#,
        1,
    );
    check(r#"{"span_id":"ada@example.com"}"#, r#"{"span_id":"[email]"}"#, 1);
    check(r#"{"n":4111111111111111}"#, r#"{"n":"[card]"}"#, 1);
    check(
        "2026-11-21T19:00:00Z\tx\tINFO\tcard 4111111111111111",
        "2026-11-21T19:00:00Z\tx\tINFO\tcard [card]",
        1,
    );
}

/// The letter of an escape stands right before what follows it, and must not hide it.
#[test]
fn escapes_hide_nothing() {
    check(
        r#"{"stack":"paid with\n4111111111111111\nby\tada@example.com"}"#,
        r#"{"stack":"paid with\n[card]\nby\t[email]"}"#,
        1,
    );
    check(r#"{"to":"ada\u0040example.com"}"#, r#"{"to":"[email]"}"#, 1);
}

#[test]
fn one_text_in_another_is_read_too() {
    let inner = r#"{"password":"hunter2","at":"9\"5"}"#;
    let outer = |inner: &str| serde_json::json!({ "message": inner }).to_string();
    let safe = inner.replace("hunter2", "[redacted]");
    check(&outer(inner), &outer(&safe), 1);
    check(&outer(&outer(inner)), &outer(&outer(&safe)), 1);
    check(
        &format!("2026-11-21T19:00:00Z\tx\tINFO\t{inner}"),
        &format!("2026-11-21T19:00:00Z\tx\tINFO\t{safe}"),
        1,
    );
}

#[test]
fn a_text_may_give_values_to_names() {
    check("password=hunter2, user=ada", "password=[redacted], user=ada", 1);
    check(
        "GET /cb?access_token=a.b-c&state=1",
        "GET /cb?access_token=[redacted]&state=1",
        1,
    );
    check("api_key='a b'; x", "api_key='[redacted]'; x", 1);
    // A piece of JSON that was cut.
    check(
        r#"…","password": "hunter2","card":"4"#,
        r#"…","password": "[redacted]","card":"[redacted]"#,
        1,
    );
    check(
        r#"{"message":"{\"secret\":\"abc\",\"n"#,
        r#"{"message":"{\"secret\":\"[redacted]\",\"n"#,
        1,
    );
    untouched("token: expected `}`, password= ");
}

#[test]
fn ids_and_measures_are_left_alone() {
    for message in [
        "",
        "{}",
        "plain words",
        r#"{"ratio":0.4111111111111111,"price":4.111111111111111e15,"n":-4111111111111111}"#,
        r#"{"requestId":"41111111-1111-1111-8111-111111111111","xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793"}"#,
        "REPORT RequestId: 41111111-1111-1111-8111-111111111111\tDuration: 0.4111111111111111 ms",
        r#"{"span_id":"4111111111111111","error.fingerprint":"4111111111111111"}"#,
        r#"{"type":"platform.report","record":{"tracing":{"spanId":"4111111111111111","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=4111111111111111;Sampled=1"}}}"#,
        r#"{"at":1732151234567,"ns":1732151234567123456}"#,
        " { \"a\" : [ 1.0 , 1e2 ] , \"b\" : \"\\u00e9\" }\n",
    ] {
        untouched(message);
    }
}

proptest! {
    #[test]
    fn any_text_is_taken(text in ".{0,200}", json in r#"[{]("(token|a)"|:|,|1|\\|"|[{]|[}]|\[|\]| |=){0,40}"#) {
        for text in [text, json] {
            let once = redacted(&text).text.into_owned();
            prop_assert_eq!(redacted(&once).places, 0, "{}", once);
        }
    }

    #[test]
    fn json_stays_json_and_no_secret_survives(
        secret in "[a-z]{12}",
        name in "(password|db\\.secret|x_token|[a-f]{1,5})",
        around in ".{0,40}",
        number in any::<f64>(),
    ) {
        let line = serde_json::json!({
            "around": around, "number": number, "deep": [{ &name: [&secret] }], "text": format!("{around} token={secret}"),
        });
        let line = line.to_string();
        let safe = redacted(&line).text.into_owned();
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (line, read) = (read(&line), read(&safe));
        prop_assert_eq!(&read["number"], &line["number"]);
        let is_secret = telemetry_core::log::is_secret_name(&name);
        prop_assert_eq!(read["deep"][0][&name] == "[redacted]", is_secret);
        prop_assert!(!read["text"].as_str().unwrap_or_default().contains(&secret), "{}", safe);
    }
}
