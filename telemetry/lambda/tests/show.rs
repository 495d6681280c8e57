//! The example that shows what a function leaves, run as a person runs it. What differs from run to run has a name instead.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

use expect_test::expect;
use serde_json::Value;

/// Cargo builds the examples before it runs this, next to the directory of the test's own executable.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples").join(name)
}

fn show(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(example("show")).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

/// Times, durations, places and new IDs by name; columns as narrow as they can be.
fn masked(shown: &str) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = line.strip_suffix(text).unwrap_or_default();
        format!("{indent}{}", masked_line(text))
    };
    shown.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn masked_line(line: &str) -> String {
    let line = match line.split_once(' ') {
        Some((time, rest)) if time.len() == 12 && time.as_bytes().get(8) == Some(&b'.') => {
            format!("<time> {rest}")
        }
        _ => line.to_owned(),
    };
    let mut words: Vec<String> = line.split(' ').map(masked_word).collect();
    if let Some(unit) = words.iter().rposition(|word| word == "ms") {
        // All values of a row, which are as many as were different.
        let is_value = |word: &String| word.starts_with(|c: char| c.is_ascii_digit() || c == '×');
        let values = words[..unit]
            .iter()
            .rev()
            .take_while(|word| is_value(word))
            .count();
        words.splice(unit - values..unit, ["<n>".to_owned()]);
    }
    // Empty words are blanks of a column.
    let mut narrow = words.join(" ");
    while narrow.contains("   ") {
        narrow = narrow.replace("   ", "  ");
    }
    narrow
}

fn masked_word(word: &str) -> String {
    match word.split_once('=') {
        Some((name, _)) if name.ends_with("_ms") => format!("{name}=<n>"),
        Some(("correlation_id", id)) if id.len() == 36 => "correlation_id=<minted>".to_owned(),
        _ => match word.split_once(".rs:") {
            Some((file, place)) => {
                let colon = if place.ends_with(':') { ":" } else { "" };
                format!("{file}.rs:<place>{colon}")
            }
            None => word.to_owned(),
        },
    }
}

#[test]
fn it_shows_what_each_invocation_leaves() {
    let function = example("orders-function");
    let (output, shown) = show(&["--function", function.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert!(!shown.contains('\u{1b}'), "colour is for terminals");
    expect![[r###"
        A cold start: an order over the HTTP API
          answer
            {"body":"{\"order\":\"o-1001\",\"total\":2500}","statusCode":201}
          log
            <time> INFO  order received  contact=[email] items=2 order_id=o-1001 correlation_id=checkout-o-1001
            <time> INFO  order priced  order_id=o-1001 total_cents=2500 correlation_id=checkout-o-1001
            <time> INFO  order placed  order_id=o-1001 correlation_id=checkout-o-1001
          metrics
            Shop
              ColdStart  1 Count  Service=orders
              HandlerDuration  <n> ms  Service=orders
              InitDuration  <n> ms  Service=orders
              OrderItems  2 Count  Service=orders
              OrdersPlaced  1 Count  Service=orders
              OrdersPlaced  1 Count  Channel=web Service=orders
          trace
            ## handler  <n> ms
            │  cold_start=true correlation_id=checkout-o-1001 order_id=o-1001 service=orders
            ├─ price  <n> ms
            │  └─ load prices  <n> ms
            └─ charge  <n> ms
               └─ call bank  <n> ms

        Warm: another order
          answer
            {"body":"{\"order\":\"o-1002\",\"total\":1250}","statusCode":201}
          log
            <time> INFO  order received  contact=[email] items=1 order_id=o-1002 correlation_id=checkout-o-1002
            <time> INFO  order priced  order_id=o-1002 total_cents=1250 correlation_id=checkout-o-1002
            <time> INFO  order placed  order_id=o-1002 correlation_id=checkout-o-1002
          metrics
            Shop
              HandlerDuration  <n> ms  Service=orders
              OrderItems  1 Count  Service=orders
              OrdersPlaced  1 Count  Service=orders
              OrdersPlaced  1 Count  Channel=web Service=orders
          trace
            ## handler  <n> ms
            │  cold_start=false correlation_id=checkout-o-1002 order_id=o-1002 service=orders
            ├─ price  <n> ms
            │  └─ load prices  <n> ms
            └─ charge  <n> ms
               └─ call bank  <n> ms

        A batch of a queue: one message of three fails, and its held debug lines appear
          answer
            {"batchItemFailures":[{"itemIdentifier":"message-2"}]}
          log
            <time> INFO  stock reserved  items=3 order_id=o-2001 correlation_id=checkout-o-2001
            <time> DEBUG stock looked up  order_id=o-2002 stock=40 wanted=70 correlation_id=checkout-o-2002
            <time> ERROR reserve 70 items for order o-2002  error.code=out-of-stock error.fingerprint=6c8b875edb4bfd10 correlation_id=checkout-o-2002
                         because "40 items are left"
            <time> INFO  stock reserved  items=5 order_id=o-2003 correlation_id=checkout-o-2003
          metrics
            Shop
              Attempts  2 ×3 Count  Service=orders
              HandlerDuration  <n> ms  Service=orders
              QueueDelay  <n> ms  Service=orders
              StockReserved  8 Count  Service=orders
              Errors  1 Count  Service=orders
              Errors  1 Count  ErrorCode=out-of-stock Service=orders
              BatchRecords  1 Count  Service=orders
              BatchRecords  1 Count  Outcome=failed Service=orders
              BatchRecords  2 Count  Service=orders
              BatchRecords  2 Count  Outcome=processed Service=orders
          trace
            ## handler  <n> ms
            │  cold_start=false correlation_id=<minted> service=orders
            ├─ ## record  <n> ms
            │  correlation_id=checkout-o-2001
            │  sent by span 00000000000000a1 of trace 1-5759e980-000000000000000000000001
            ├─ ## record  <n> ms  FAULT
            │  correlation_id=checkout-o-2002
            │  because out-of-stock: reserve 70 items for order o-2002
            │  because cause: 40 items are left
            │  sent by span 00000000000000a2 of trace 1-5759e980-000000000000000000000002
            └─ ## record  <n> ms
                   correlation_id=checkout-o-2003
                   sent by span 00000000000000a3 of trace 1-5759e980-000000000000000000000003

        A panic: an order without items
          answer
            error &alloc::boxed::Box<dyn core::any::Any + core::marker::Send>: Lambda panicked: order o-1003 has no items
          log
            <time> INFO  order received  contact=[email] items=0 order_id=o-1003 correlation_id=checkout-o-1003
            <time> DEBUG prices loaded  price_cents=1250 correlation_id=checkout-o-1003
            <time> ERROR panicked: order o-1003 has no items  error.code=panic error.fingerprint=4e7e94e1306c2249 panic.location=telemetry/lambda/examples/orders-function.rs:<place> severity=CRITICAL correlation_id=checkout-o-1003
          metrics
            Shop
              HandlerDuration  <n> ms  Service=orders
              Errors  1 Count  Service=orders
              Errors  1 Count  ErrorCode=panic Service=orders
              Faults  1 Count  Service=orders
              Faults  1 Count  Kind=panic Service=orders
          trace
            ## handler  <n> ms  FAULT
            │  cold_start=false correlation_id=checkout-o-1003 order_id=o-1003 service=orders
            │  because panic: panicked at telemetry/lambda/examples/orders-function.rs:<place>: order o-1003 has no items
            └─ price  <n> ms
               └─ load prices  <n> ms

        A timeout: the bank does not answer
          answer
            none: killed at the time limit
          log
            <time> INFO  order received  contact=[email] items=1 order_id=o-1004 correlation_id=checkout-o-1004
            <time> DEBUG prices loaded  price_cents=1250 correlation_id=checkout-o-1004
            <time> INFO  order priced  order_id=o-1004 total_cents=1250 correlation_id=checkout-o-1004
            <time> ERROR the time limit is near, and call bank has not ended  error.code=timeout severity=CRITICAL timeout.elapsed_ms=<n> timeout.left_ms=<n> timeout.path="## handler > charge > call bank" timeout.span="call bank" timeout.state=waiting correlation_id=checkout-o-1004
          metrics
            Shop
              Errors  1 Count  Service=orders
              Errors  1 Count  ErrorCode=timeout Service=orders
              Faults  1 Count  Service=orders
              Faults  1 Count  Kind=timeout Service=orders
          trace
            ## handler  FAULT  IN PROGRESS
            │  cold_start=false correlation_id=checkout-o-1004 order_id=o-1004 service=orders
            │  because timeout: call bank below it had not ended when the time limit was near
            ├─ price  <n> ms
            │  └─ load prices  <n> ms
            └─ charge  FAULT  IN PROGRESS
               │  because timeout: call bank below it had not ended when the time limit was near
               └─ call bank  FAULT  IN PROGRESS
                      because timeout: call bank had not ended when the time limit was near
    "###]].assert_eq(&masked(&shown));
}

#[test]
fn programs_get_what_was_written_as_it_was_written() {
    let function = example("orders-function");
    let (output, shown) = show(&["--json", "--function", function.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let told: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 5);
    let cold = &told[0]["left"];
    assert_eq!(cold["lines"][2]["message"], "order placed");
    assert_eq!(cold["metrics"][0]["ColdStart"], 1);
    assert_eq!(cold["documents"][0]["name"], "## handler");
    assert_eq!(cold["violations"], Value::Array(Vec::new()));
    assert_eq!(told[4]["left"]["outcome"], "timeout");
}

#[test]
fn arguments_and_their_exit_codes() {
    let check = |arguments: &[&str], code: i32, told: &str| {
        let (output, shown) = show(arguments);
        let all = format!("{shown}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {all}");
        assert!(all.contains(told), "{arguments:?}: {all}");
    };
    check(
        &["--help"],
        0,
        "Usage: cargo run -p telemetry-lambda --example show",
    );
    check(&["--loud"], 64, "unknown argument \"--loud\"");
    check(&["--function"], 64, "--function needs a path");
    check(&["--function", "/nowhere/function"], 69, "run /nowhere/function");
}
