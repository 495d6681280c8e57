//! Alarms that are named after no function: whose errors are theirs.

use super::*;

/// An alarm on a table, which no function is named after.
fn table(state: &str, at: Timestamp) -> Event {
    let message = json!({"AlarmName": "shopfast-orders-table-failing", "NewStateValue": state, "StateChangeTime": at.to_string(),
        "Trigger": {"MetricName": "SystemErrors", "Namespace": "AWS/DynamoDB", "Period": 60, "EvaluationPeriods": 5,
            "Dimensions": [{"name": "TableName", "value": "shopfast-orders"}, {"name": "Operation", "value": "GetItem"}]}});
    Event::Notifications(vec![Ok(AlarmNotification::read(&message.to_string()).unwrap())])
}

/// A line of a function, some seconds ago.
pub(super) fn logged(bench: &Bench, function: &str, message: &str, more: &serde_json::Value) {
    let id = bench.world.ids.fetch_add(1, Ordering::Relaxed);
    let mut line = json!({"level": "ERROR", "message": message, "requestId": format!("r-{id}")});
    let members = line.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let at = bench.world.now().as_millisecond() - 5_000;
    let event = json!({"id": id.to_string(), "timestamp": at, "message": line.to_string()});
    let event: LogEvent = serde_json::from_value(event).unwrap();
    bench
        .world
        .lines
        .lock()
        .unwrap()
        .push((function.to_owned(), event));
}

fn last(bench: &Bench) -> String {
    let text = bench
        .world
        .mails
        .lock()
        .unwrap()
        .last()
        .expect("a mail")
        .text
        .clone();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 99 errors of another function are no errors of the table.
#[tokio::test]
async fn errors_of_all_functions_are_not_those_of_a_table() {
    let bench = Bench::new();
    for _ in 0..99 {
        logged(&bench, "shopfast-payment-processor", "card declined", &json!({}));
    }
    let on = table("ALARM", at("02:03:11"));
    bench
        .check(on, (summary(0, 1), &["PAGE shopfast-orders-table-failing"]))
        .await;
    let text = last(&bench);
    assert!(
        text.starts_with("shopfast-orders-table-failing is in trouble since Fri 27 Nov 02:03 UTC. WHAT"),
        "{text}"
    );
    let said = "THE ERRORS The alarm names no function. These are the errors of all 4 functions in its window, 99 in all; they may have nothing to do with it. 99x card declined";
    assert!(text.contains(said), "{text}");
    assert!(
        text.contains("one of these errors, which may have nothing to do with the alarm"),
        "{text}"
    );
    assert!(text.contains("shopwatch logs --level error"), "{text}");
    bench.advance(14);
    let over = table("OK", at("02:17:20"));
    let subject = "OK shopfast-orders-table-failing over after 14 min";
    bench.check(over, (summary(0, 1), &[subject])).await;
    let text = last(&bench);
    assert!(
        text.starts_with(
            "OK after 14 min: shopfast-orders-table-failing is well again since Fri 27 Nov 02:17 UTC."
        ),
        "{text}"
    );
    assert!(!text.contains("card declined"), "{text}");
}

/// What names the table is the table's, with all that its invocation says; `shopfast-orders-dlq` is another one.
#[tokio::test]
async fn errors_that_name_the_table_are_its_own() {
    let bench = Bench::new();
    for _ in 0..3 {
        logged(
            &bench,
            "shopfast-order-relay",
            "queue is full",
            &json!({"queue": "shopfast-orders-dlq"}),
        );
    }
    let named = json!({"aws.table_name": "shopfast-orders", "requestId": "r-one", "correlation_id": "c-one"});
    logged(&bench, ORDERS, "read the order", &named);
    let same = json!({"requestId": "r-one", "correlation_id": "c-one"});
    logged(&bench, ORDERS, "answer the request", &same);
    let arn = json!({"correlation_id": "c-one", "error.chain": ["write", "no item in arn:aws:dynamodb:us-east-1:1:table/shopfast-orders"]});
    logged(&bench, ORDERS, "write", &arn);
    let on = table("ALARM", at("02:03:11"));
    bench
        .check(
            on,
            (summary(2, 1), &["PAGE shopfast-orders-table-failing, 2 errors"]),
        )
        .await;
    let text = last(&bench);
    let (own, others) = text.split_once("MEANWHILE ELSEWHERE").expect("others");
    for of_own in [
        "1x read the order",
        "1x answer the request",
        "1x write",
        "2 errors in 9 min. The lines name no customer.",
    ] {
        assert!(own.contains(of_own), "{of_own}: {own}");
    }
    assert!(others.starts_with(" Other errors of all 4 functions in the alarm's window, 3 in all; they may have nothing to do with it. 3x queue is full"), "{others}");
    assert!(
        own.contains("shopwatch trace c-one") && own.contains("--function shopfast-order-service"),
        "{own}"
    );
}

/// What waited for a mail is told with the others, and is no error of the alarm.
#[tokio::test]
async fn what_waited_is_told_with_the_others() {
    let bench = Bench::new();
    for kind in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let batch = bench.lines(ORDERS, &[(&format!("failure of kind {kind}"), 2)]);
        bench.handle(batch).await.unwrap();
    }
    bench.handle(table("ALARM", bench.world.now())).await.unwrap();
    assert!(last(&bench).contains("and 3 kinds more"), "{}", last(&bench));
}

/// The daily test has a function's metric for its clock, and says that it is a test.
#[tokio::test]
async fn the_daily_test_is_no_trouble_of_a_function() {
    let bench = Bench::new();
    logged(&bench, ORDERS, "card declined", &json!({}));
    let name = "shopfast-alarms-self-test";
    let subject = "TEST shopfast-alarms-self-test: mails of alarms come, nothing is wrong";
    let on = alarm(name, "ALARM", at("02:03:11"));
    bench.check(on, (summary(0, 1), &[subject])).await;
    assert!(!last(&bench).contains("card declined"), "{}", last(&bench));
    bench.advance(6);
    let over = alarm(name, "OK", at("02:09:11"));
    bench
        .check(
            over,
            (
                summary(0, 1),
                &["TEST shopfast-alarms-self-test is over, nothing was wrong"],
            ),
        )
        .await;
}

/// Lambda's record says how an invocation ended, whatever the function said before; the invocation failed once.
#[tokio::test]
async fn a_record_of_lambda_s_is_told_beside_the_function_s_words() {
    let bench = Bench::new();
    logged(
        &bench,
        ORDERS,
        "time is running out",
        &json!({"requestId": "r-one", "correlation_id": "c-one"}),
    );
    let record = json!({"type": "platform.report", "record": {"requestId": "r-one", "status": "timeout"}});
    logged(&bench, ORDERS, "", &record);
    let on = alarm("shopfast-order-service-errors", "ALARM", at("02:03:11"));
    let subject = "PAGE shopfast-order-service: errors, 1 error";
    bench.check(on, (summary(1, 1), &[subject])).await;
    let text = last(&bench);
    let said = text
        .find("1x time is running out")
        .zip(text.find("1x Sandbox.Timedout"));
    assert!(said.is_some_and(|(function, record)| function < record), "{text}");
}

/// On AWS each command names the region: on somebody's machine nothing runs.
#[tokio::test]
async fn commands_name_the_region_on_aws() {
    let bench = Bench::with(|settings| settings.region = Some("eu-west-1".to_owned()));
    logged(
        &bench,
        ORDERS,
        "card declined",
        &json!({"correlation_id": "c-one"}),
    );
    let on = alarm("shopfast-order-service-errors", "ALARM", at("02:03:11"));
    bench.handle(on).await.unwrap();
    let text = last(&bench);
    for typed in [
        "shopwatch --region eu-west-1 trace c-one",
        "shopwatch --region eu-west-1 runbooks run shopfast-order-service-errors",
        "shopwatch --region eu-west-1 logs --function shopfast-order-service --level error --since 1h",
        "shopwatch --region eu-west-1 alarms explain shopfast-order-service-errors",
    ] {
        assert!(text.contains(typed), "{typed}: {text}");
    }
}

/// A burst is what its window has, and not the line that made it one.
#[tokio::test]
async fn a_burst_counts_its_window() {
    let bench = Bench::new();
    for count in [1, 48, 1] {
        let batch = bench.lines(ORDERS, &[("order 7 was changed", count)]);
        bench.handle(batch).await.unwrap();
    }
    let mails = bench.world.mails.lock().unwrap();
    let burst = mails.last().expect("a mail");
    assert_eq!(
        burst.subject,
        "BURST shopfast-order-service: 50x order <n> was changed"
    );
    assert!(
        burst.text.contains("50x conflict: order <n> was changed"),
        "{}",
        burst.text
    );
    let lead = burst.text.replace('\n', " ");
    assert!(lead.contains("50 errors for at least 1 customer in"), "{lead}");
}
