//! Whatever fails, hangs or is killed: what is news is told, and once.

use super::*;

const ALARM: &str = "shopfast-order-service-errors";
/// Calls that one event makes at most; the loops end when there are no more.
const MANY: u64 = 200;

/// What goes wrong with one call.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    /// It fails.
    Fails,
    /// It never ends, and the function is stopped.
    Hangs,
}

/// Somebody waits for a mail already; then there is room for one.
async fn with_somebody_waiting() -> Bench {
    let bench = Bench::new();
    for kind in ["a", "b", "c", "d", "e", "f", "g"] {
        let batch = bench.lines(ORDERS, &[(&format!("failure of kind {kind}"), 2)]);
        bench.handle(batch).await.unwrap();
    }
    bench.advance(61);
    bench
}

/// One event with the trouble at its n-th call, tried as Lambda tries it, with a tick every minute. `None`: it has no such call.
/// Else the mails, and whether one had gone when the function was stopped.
async fn lived_through(
    event: impl Fn(&Bench) -> Event,
    n: u64,
    trouble: Trouble,
) -> Option<(Vec<Mail>, bool)> {
    let bench = with_somebody_waiting().await;
    let event = event(&bench);
    let before = bench.world.mails.lock().unwrap().len();
    bench.world.calls.store(0, Ordering::Relaxed);
    bench.world.failing.store(n, Ordering::Relaxed);
    bench
        .world
        .hangs
        .store(trouble == Trouble::Hangs, Ordering::Relaxed);
    let mut outcome = tokio::time::timeout(LIMIT, bench.handle(event.clone())).await;
    if bench.world.calls.load(Ordering::Relaxed) < n {
        return None;
    }
    let had_gone = outcome.is_err() && bench.world.mails.lock().unwrap().len() > before;
    for pause in [1, 2] {
        if !matches!(outcome, Ok(Ok(_))) {
            bench.advance(i64::from(outcome.is_err()));
            for _ in 0..pause {
                bench.advance(1);
                bench.handle(Event::Tick).await.unwrap();
            }
            outcome = tokio::time::timeout(LIMIT, bench.handle(event.clone())).await;
        }
    }
    outcome.expect("it ends").expect("it is dealt with");
    for _ in 0..5 {
        bench.advance(1);
        bench.handle(Event::Tick).await.unwrap();
    }
    let mails = bench.world.mails.lock().unwrap();
    Some((mails[before..].to_vec(), had_gone))
}

/// Each of these is told once, whichever call has trouble. What went and could not be noted any more is told again.
async fn check(event: fn(&Bench) -> Event, told: &[&str], trouble: Trouble) {
    for n in 1..MANY {
        let Some((mails, had_gone)) = lived_through(event, n, trouble).await else {
            assert!(n > 8, "an event makes more calls than {n}");
            return;
        };
        for what in told {
            let tells = |mail: &&Mail| what.split('|').any(|what| mail.text.contains(what));
            let times = mails.iter().filter(tells).count();
            let texts: Vec<&str> = mails.iter().map(|mail| mail.text.as_str()).collect();
            assert!(
                times == 1 || (had_gone && times == 2),
                "{what} was told {times} times when call {n} had trouble: {texts:#?}"
            );
        }
    }
    panic!("an event makes {MANY} calls");
}

fn news(bench: &Bench) -> Event {
    bench.lines(ORDERS, &[("order 7 was changed", 4), ("card 1 declined", 1)])
}

fn page(bench: &Bench) -> Event {
    alarm(ALARM, "ALARM", bench.world.now())
}

#[tokio::test(start_paused = true)]
async fn news_is_told_once_whatever_fails() {
    check(
        news,
        &["order <n> was changed", "card <n> declined", "kind g"],
        Trouble::Fails,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn news_is_told_when_the_function_is_stopped() {
    check(
        news,
        &["order <n> was changed", "card <n> declined", "kind g"],
        Trouble::Hangs,
    )
    .await;
}

/// A failure that waited is one kind more in the mail about an alarm.
#[tokio::test(start_paused = true)]
async fn a_page_is_told_once_whatever_fails() {
    check(page, &[ALARM, "kind g|and 1 kind more"], Trouble::Fails).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_is_told_when_the_function_is_stopped() {
    check(page, &[ALARM, "kind g|and 1 kind more"], Trouble::Hangs).await;
}

/// Nobody knows whether a mail went whose answer is lost: it is told again.
#[tokio::test(start_paused = true)]
async fn a_mail_whose_answer_is_lost_goes_again() {
    let bench = Bench::new();
    bench.world.answer_is_lost.store(true, Ordering::Relaxed);
    bench.handle(news(&bench)).await.unwrap_err();
    bench.world.answer_is_lost.store(false, Ordering::Relaxed);
    for _ in 0..3 {
        bench.advance(1);
        bench.handle(Event::Tick).await.unwrap();
    }
    assert_eq!(bench.world.mails.lock().unwrap().len(), 2);
}

/// Lines, traces and deployments never answer: the mail goes before the function is stopped, and says what it lacks.
#[tokio::test(start_paused = true)]
async fn a_mail_goes_when_nobody_answers() {
    let bench = Bench::new();
    let (page, news) = (page(&bench), news(&bench));
    bench.world.is_silent.store(true, Ordering::Relaxed);
    for event in [page, news] {
        let started = tokio::time::Instant::now();
        let outcome = tokio::time::timeout(LIMIT, bench.handle(event)).await;
        assert_eq!(outcome.expect("it ends in time").unwrap().sent, 1);
        assert!(
            started.elapsed() <= LIMIT - Duration::from_secs(10),
            "{:?}",
            started.elapsed()
        );
    }
    let mails = bench.world.mails.lock().unwrap();
    let text = mails[0].text.replace('\n', " ");
    assert!(
        text.contains("The log lines of shopfast-order-service could not be read: there was no time left"),
        "{text}"
    );
    assert!(
        text.contains("What else changed could not be found out: there was no time"),
        "{text}"
    );
    let text = mails[1].text.replace('\n', " ");
    assert!(
        text.contains("The story of the case could not be read: there was no time left"),
        "{text}"
    );
}

/// Whoever is told at most so much in an hour is paged late, by name, and as a page.
#[tokio::test]
async fn a_page_that_found_no_room_is_a_page_when_it_comes() {
    let bench = Bench::new();
    let at = |minute: i64| {
        bench
            .world
            .now()
            .checked_add(SignedDuration::from_secs(minute))
            .unwrap()
    };
    for n in 0..10 {
        let subject = format!("PAGE shopfast-order-service: shopfast-alarm-{n}");
        let event = alarm(&format!("shopfast-alarm-{n}"), "ALARM", at(n));
        bench.check(event, (summary(0, 1), &[&subject])).await;
    }
    let held = Summary {
        held: 1,
        ..Summary::default()
    };
    bench
        .check(alarm("shopfast-still-on", "ALARM", at(20)), (held, &[]))
        .await;
    bench
        .check(alarm("shopfast-soon-over", "ALARM", at(21)), (held, &[]))
        .await;
    bench
        .check(alarm("shopfast-soon-over", "OK", at(30)), (held, &[]))
        .await;
    bench.check(Event::Tick, (Summary::default(), &[])).await;
    bench.advance(61);
    let subject = "PAGE late: shopfast-still-on; over: shopfast-soon-over";
    bench.check(Event::Tick, (summary(0, 1), &[subject])).await;
    bench.check(Event::Tick, (Summary::default(), &[])).await;
    let text = bench.world.mails.lock().unwrap().last().unwrap().text.clone();
    assert!(
        text.starts_with("Alarm shopfast-still-on is on since Fri 27 Nov 02:03 UTC."),
        "{text}"
    );
    // Its end is told as any other.
    let over = alarm("shopfast-still-on", "OK", bench.world.now());
    let subject = "OK shopfast-order-service: shopfast-still-on over after 1 h";
    bench.check(over, (summary(0, 1), &[subject])).await;
}
