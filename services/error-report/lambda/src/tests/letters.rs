//! A mail about a dead-letter queue says what lies there.

use super::scope::logged;
use super::*;

fn letter(id: &str) -> Letter {
    Letter {
        message_id: "m-1".to_owned(),
        correlation_id: id.to_owned(),
        request_id: String::new(),
        error: "Rate Exceeded.".to_owned(),
        sent: Some(at("02:01:10")),
        received: 4,
    }
}

fn filled(bench: &Bench, name: &str, state: &str) -> Event {
    let message = json!({"AlarmName": name, "NewStateValue": state, "StateChangeTime": bench.world.now().to_string(),
        "AlarmRule": "ALARM(a)", "TriggeringChildren": []});
    Event::Notifications(vec![Ok(AlarmNotification::read(&message.to_string()).unwrap())])
}

/// Parts of the mail, from a heading to the next one.
fn part(bench: &Bench, title: &str) -> String {
    let mails = bench.world.mails.lock().unwrap();
    let text = &mails.last().expect("a mail").text;
    let part = text.split("\n\n").find_map(|part| part.strip_prefix(title));
    part.unwrap_or_default().trim().to_owned()
}

async fn mailed(bench: &Bench, alarm: &str) {
    bench.handle(filled(bench, alarm, "ALARM")).await.unwrap();
}

/// Not the newest one, which others would show.
#[tokio::test]
async fn the_case_is_one_that_was_given_up() {
    let bench = Bench::new();
    bench.lines(ORDERS, &[("order 7 was changed", 9), ("nobody took it", 1)]);
    *bench.world.letters.lock().unwrap() = vec![letter("c-4"), letter(""), letter("c-unknown")];
    mailed(&bench, "shopfast-order-dlq-filled").await;
    expect![[r#"
        3 messages in shopfast-order-dlq
        correlation ID c-4
           Rate Exceeded.
           sent Fri 27 Nov 02:01 UTC (2 min ago), received 4 times
        message m-1, which names no ID
           Rate Exceeded.
           sent Fri 27 Nov 02:01 UTC (2 min ago), received 4 times
        correlation ID c-unknown
           Rate Exceeded.
           sent Fri 27 Nov 02:01 UTC (2 min ago), received 4 times"#]]
    .assert_eq(&part(&bench, "IN THE QUEUE"));
    assert!(part(&bench, "ONE CASE").contains("correlation ID c-4"));
    assert!(part(&bench, "NOW TYPE").contains("shopwatch trace c-4"));
    expect![[r#"
        POST /orders of c-4
           dead-letter queue shopfast-order-dlq"#]]
    .assert_eq(&part(&bench, "HOPS OF THE CASE"));
}

/// What cannot be read names no story; the function that gave it up names the message.
#[tokio::test]
async fn a_message_without_an_id_is_known_by_its_own() {
    let bench = Bench::new();
    bench.lines(ORDERS, &[("order 7 was changed", 9)]);
    let given_up = json!({"message_id": "m-1", "requestId": "r-poison"});
    logged(
        &bench,
        "shopfast-order-relay",
        "read a message of the queue",
        &given_up,
    );
    let other = json!({"message_id": "m-10", "requestId": "r-other"});
    logged(&bench, "shopfast-order-relay", "read another message", &other);
    *bench.world.letters.lock().unwrap() = vec![letter("")];
    mailed(&bench, "shopfast-order-dlq-filled").await;
    let errors = part(&bench, "THE ERRORS");
    assert!(errors.starts_with("1x read a message of the queue\n"), "{errors}");
    assert!(!errors.contains("another"), "{errors}");
    let case = part(&bench, "ONE CASE");
    assert!(case.contains("r-poison"), "{case}");
    assert!(!case.contains("nothing to do with the alarm"), "{case}");
}

/// The case of another story did not end there.
#[tokio::test]
async fn a_case_that_is_not_in_the_queue_did_not_end_there() {
    let bench = Bench::new();
    bench.lines(ORDERS, &[("order 7 was changed", 9)]);
    *bench.world.letters.lock().unwrap() = vec![letter("c-unknown")];
    mailed(&bench, "shopfast-order-dlq-not-empty").await;
    assert!(part(&bench, "IN THE QUEUE").contains("c-unknown"));
    assert!(!part(&bench, "HOPS OF THE CASE").contains("dead-letter"));
}

#[tokio::test]
async fn a_queue_that_cannot_be_read_is_said_and_the_mail_goes() {
    let bench = Bench::new();
    bench.world.letters_are_denied.store(true, Ordering::Relaxed);
    mailed(&bench, "shopfast-order-dlq-filled").await;
    assert_eq!(part(&bench, "IN THE QUEUE"), "");
    let lacks = part(&bench, "NOT KNOWN").replace('\n', " ");
    assert!(
        lacks.contains("What lies in shopfast-order-dlq could not be read: access denied"),
        "{lacks}"
    );
}

/// Each look is a receipt: only the alarm that says that messages lie there is worth one, and not its end.
#[tokio::test]
async fn no_other_alarm_looks_into_a_queue() {
    let check = async |alarm: &str, is_looked_into: bool| {
        let bench = Bench::new();
        mailed(&bench, alarm).await;
        let expected = if is_looked_into {
            "shopfast-order-dlq showed no message."
        } else {
            ""
        };
        assert_eq!(part(&bench, "IN THE QUEUE"), expected, "{alarm}");
        bench.advance(5);
        bench.handle(filled(&bench, alarm, "OK")).await.unwrap();
        assert_eq!(bench.world.mails.lock().unwrap().len(), 2, "{alarm}");
        assert_eq!(part(&bench, "IN THE QUEUE"), "", "{alarm}");
    };
    check("shopfast-order-dlq-not-empty", true).await;
    check("shopfast-order-dlq-filled", true).await;
    check("shopfast-order-dlq-retention", false).await;
    check("shopfast-other-dlq-filled", false).await;
    check("shopfast-order-service-failing", false).await;
}
