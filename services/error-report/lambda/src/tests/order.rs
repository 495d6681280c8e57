//! Notifications in any order: SNS keeps none, and an invocation that was throttled is tried again minutes later.

use super::*;

const ALARM: &str = "shopfast-order-service-errors";

#[tokio::test]
async fn a_page_whose_end_overtook_it_is_told_once() {
    let bench = Bench::new();
    bench.lines(ORDERS, &[("order 7 was changed", 3)]);
    bench.advance(20);
    let on = alarm(ALARM, "ALARM", at("02:03:11"));
    let over = alarm(ALARM, "OK", at("02:17:20"));
    bench.check(over.clone(), (REPEATED, &[])).await;
    let subject = "PAGE shopfast-order-service: errors, over after 14 min, 3 errors, 3 customers";
    bench.check(on.clone(), (summary(3, 1), &[subject])).await;
    let text = bench.world.mails.lock().unwrap()[0].text.replace('\n', " ");
    assert!(
        text.starts_with("shopfast-order-service was in trouble from Fri 27 Nov 02:03 UTC to Fri 27 Nov 02:17 UTC, for 14 min: 3 errors for 3 customers. Nobody was told while it lasted"),
        "{text}"
    );
    for again in [&on, &over, &on] {
        bench.check(again.clone(), (REPEATED, &[])).await;
    }
    // The next time is a time of its own.
    bench.advance(20);
    let again = alarm(ALARM, "ALARM", at("02:40:00"));
    bench
        .check(again, (summary(0, 1), &["PAGE shopfast-order-service: errors"]))
        .await;
}

/// The mail fails, and the event is tried again; or there is no room, and the digest tells it.
#[tokio::test]
async fn what_is_late_waits_for_a_mail_as_everything_does() {
    let on = || alarm(ALARM, "ALARM", at("02:03:11"));
    let over = || alarm(ALARM, "OK", at("02:17:20"));
    let bench = Bench::new();
    bench.check(over(), (REPEATED, &[])).await;
    bench.world.post_is_closed.store(true, Ordering::Relaxed);
    bench.handle(on()).await.unwrap_err();
    bench.world.post_is_closed.store(false, Ordering::Relaxed);
    let subject = "PAGE shopfast-order-service: errors, over after 14 min";
    bench.check(on(), (summary(0, 1), &[subject])).await;
    bench.check(Event::Tick, (Summary::default(), &[])).await;

    let bench = Bench::new();
    for n in 0..10 {
        let event = alarm(&format!("shopfast-alarm-{n}"), "ALARM", at("02:03:11"));
        bench.handle(event).await.unwrap();
    }
    bench.check(over(), (REPEATED, &[])).await;
    let held = Summary {
        held: 1,
        ..Summary::default()
    };
    bench.check(on(), (held, &[])).await;
    bench.check(on(), (REPEATED, &[])).await;
    bench.advance(61);
    let subject = format!("PAGE late: {ALARM}, over");
    bench.check(Event::Tick, (summary(0, 1), &[&subject])).await;
    bench.check(on(), (REPEATED, &[])).await;
}
