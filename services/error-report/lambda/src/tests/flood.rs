//! A hundred thousand lines in a minute, as CloudWatch Logs would hand them over: the budget holds, nothing is lost in the counts,
//! and the mail about it names those that matter.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::*;

const LINES: usize = 100_000;
/// Of these kinds there are so many lines in a thousand; the rest is of thirty-five others.
const TOP: [(&str, usize); 5] = [
    ("card declined by the provider", 200),
    ("stock was taken meanwhile", 150),
    ("no answer from the carrier", 120),
    ("the address has no city", 90),
    ("the cache is away", 70),
];
const OTHERS: usize = 35;
/// Lines of one stream that come together.
const BATCH: usize = 2_000;
/// Environments of the function at the same time.
const AT_ONCE: usize = 5;

/// The kind of a line: spread, so that every batch has many.
fn kind(n: usize) -> String {
    let mut place = n * 7_919 % 1_000;
    for (kind, share) in TOP {
        if place < share {
            return kind.to_owned();
        }
        place -= share;
    }
    // Names without digits, which would be taken for numbers.
    let letters: Vec<char> = ('a'..='z').collect();
    let n = place % OTHERS;
    format!("failure of kind {}{}", letters[n / 26], letters[n % 26])
}

/// A kind belongs to a function: fingerprints have one.
fn function(kind: &str) -> &'static str {
    FUNCTIONS[kind.len() % FUNCTIONS.len()]
}

fn line(n: usize, kind: &str, from_ms: i64) -> Value {
    let message = json!({"level": "ERROR", "message": format!("{kind}, order {n}"), "error.code": "conflict",
        "correlation_id": format!("c-{n}"), "requestId": format!("r-{n}"), "customer_id": format!("u-{}", n % 5_000)});
    json!({"id": format!("{n:056}"), "timestamp": from_ms + (n * 60_000 / LINES) as i64, "message": message.to_string()})
}

/// What a subscription filter invokes a function with.
fn delivered(function: &str, stream: usize, lines: &[Value]) -> Event {
    let envelope = json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": format!("/aws/lambda/{function}"),
        "logStream": format!("2026/11/27/[$LATEST]{stream}"), "subscriptionFilters": ["error-report"], "logEvents": lines});
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(envelope.to_string().as_bytes()).unwrap();
    let data = STANDARD.encode(packed.finish().unwrap());
    Event::read(&json!({"awslogs": {"data": data}})).unwrap()
}

/// All batches, in the order of their lines; the lines are in CloudWatch Logs too.
fn flood(world: &World) -> Vec<Event> {
    let from_ms = world.now().as_millisecond() - 60_000;
    let mut waiting: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut events = Vec::new();
    let mut stored = world.lines.lock().unwrap();
    for n in 0..LINES {
        let kind = kind(n);
        let function = function(&kind);
        let line = line(n, &kind, from_ms);
        stored.push((function.to_owned(), serde_json::from_value(line.clone()).unwrap()));
        let lines = waiting.entry(function).or_default();
        lines.push(line);
        if lines.len() == BATCH {
            events.push(delivered(function, n % 20, &std::mem::take(lines)));
        }
    }
    events.extend(
        waiting
            .into_iter()
            .map(|(function, lines)| delivered(function, 20, &lines)),
    );
    events
}

/// As Lambda does it: what finds too many others at the table is tried twice more, and then is lost to the dead letters.
async fn handled(report: &ErrorReport, event: &Event) -> u64 {
    for _ in 0..2 {
        match report.handle(event.clone(), LIMIT).await {
            Ok(summary) => return summary.failures,
            Err(error) => assert!(error.to_string().contains("others wrote it"), "{error}"),
        }
    }
    report.handle(event.clone(), LIMIT).await.unwrap().failures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_stays_in_the_budget_and_the_mail_names_the_top_five() {
    let bench = Bench::new();
    let events = flood(&bench.world);
    assert!(events.len() >= 50, "{}", events.len());
    let mut running = tokio::task::JoinSet::new();
    for n in 0..AT_ONCE {
        let report = bench.report.clone();
        let mine: Vec<Event> = events.iter().skip(n).step_by(AT_ONCE).cloned().collect();
        running.spawn(async move {
            let mut failures = 0;
            for event in mine {
                failures += handled(&report, &event).await;
                tokio::task::yield_now().await;
            }
            failures
        });
    }
    let counted: u64 = running.join_all().await.into_iter().sum();
    assert_eq!(counted, LINES as u64);
    // Delivered once more, they are known.
    for event in events.iter().take(10) {
        bench.check(event.clone(), (REPEATED, &[])).await;
    }
    let sent = bench.world.mails.lock().unwrap().len();
    assert!(
        (1..=6).contains(&sent),
        "{sent} mails, and 6 of the budget are not kept for alarms"
    );
    let top = TOP.map(|(kind, share)| format!("{}x conflict: {kind}, order <n>", share * LINES / 1_000));
    // All lines are read, or of each function some: the rest was counted when it came.
    for (most, alarm, customers) in [
        (0, "shopfast-checkout-down", 4904),
        (500, "shopfast-checkout-slow", 1511),
    ] {
        bench.world.most_lines.store(most, Ordering::Relaxed);
        let message = json!({"AlarmName": alarm, "NewStateValue": "ALARM", "StateChangeTime": bench.world.now().to_string(),
            "AlarmRule": "ALARM(shopfast-order-service-errors) OR ALARM(shopfast-payment-processor-errors)",
            "TriggeringChildren": FUNCTIONS.map(|function| json!({"Arn": format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{function}-errors")}))});
        let page = Event::Notifications(vec![Ok(AlarmNotification::read(&message.to_string()).unwrap())]);
        let expected = Summary {
            failures: LINES as u64,
            sent: 1,
            ..Summary::default()
        };
        let subject = format!("PAGE {alarm}, 100000 errors, about {customers} customers");
        bench.check(page, (expected, &[&subject])).await;
        let mail = bench.world.mails.lock().unwrap().last().unwrap().text.clone();
        let told: Vec<&str> = mail
            .lines()
            .filter(|line| line.contains("x conflict: "))
            .collect();
        assert_eq!(told, top);
        assert!(mail.contains("and 35 kinds more"), "{mail}");
    }
}

/// Counts of an hour are kept: of a longer flood the mail about its end says from when on it is counted.
#[tokio::test]
async fn a_long_flood_says_since_when_it_is_counted() {
    let bench = Bench::new();
    let name = "shopfast-order-service-errors";
    let on = alarm(name, "ALARM", bench.world.now());
    bench.handle(on).await.unwrap();
    for _ in 0..20 {
        bench.advance(5);
        let batch = bench.lines(ORDERS, &[("order 7 was changed", 10)]);
        bench.handle(batch).await.unwrap();
    }
    bench.world.most_lines.store(15, Ordering::Relaxed);
    let over = alarm(name, "OK", bench.world.now());
    bench.handle(over).await.unwrap();
    let mail = bench.world.mails.lock().unwrap().last().unwrap().clone();
    let subject = "OK shopfast-order-service: errors over after 1 h 40 min, 130 errors, 3 customers";
    assert_eq!(mail.subject, subject);
    let text = mail.text.replace('\n', " ");
    let said = "Of shopfast-order-service the errors since Fri 27 Nov 02:40 UTC are counted, and of those before only what was read.";
    assert!(text.contains(said), "{text}");
}
