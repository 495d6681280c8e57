//! Mails as they arrive, and that nobody's text gets out of its place.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn alarm() -> Alarm {
    Alarm {
        name: "shopfast-order-service-errors".to_owned(),
        at: at("2026-11-27T02:03:11Z"),
        description: "More than 5 % of the calls of shopfast-order-service failed in 3 of 5 minutes.".to_owned(),
        reason: "Threshold Crossed: 3 out of the last 5 datapoints [38.2 (27/11/26 02:02:00)] were greater than the threshold (5.0)."
            .to_owned(),
    }
}

fn group(title: &str, count: u64, news: Option<News>) -> Group {
    Group {
        fingerprint: "9f3c000000000001".parse().expect("a fingerprint"),
        service: "shopfast-order-service".to_owned(),
        code: "payment-timeout".to_owned(),
        title: title.to_owned(),
        count,
        first: at("2026-11-27T02:01:10Z"),
        news,
    }
}

fn report(event: Event) -> Report {
    Report {
        severity: Severity::Page,
        service: "shopfast-order-service".to_owned(),
        event,
        window: (at("2026-11-27T01:56:00Z"), at("2026-11-27T02:03:00Z")),
        errors: 312,
        customers: Customers::Exactly(87),
        groups: vec![
            group(
                "charge order <id>: the provider did not answer within <duration>",
                290,
                Some(News::New),
            ),
            Group {
                service: "shopfast-inventory-service".to_owned(),
                code: String::new(),
                ..group("reserve <n> of <id>", 22, None)
            },
        ],
        more_groups: 1,
        sample: Some(Sample {
            request_id: String::new(),
            at: at("2026-11-27T02:02:41.120Z"),
            correlation_id: "0199f3a2-7c1e-7d00-8000-0242ac130003".to_owned(),
            messages: vec![
                "charge order 01JD8Z".to_owned(),
                "the provider did not answer within 3s".to_owned(),
            ],
            story: vec![
                "POST /orders 201 120ms".to_owned(),
                "  payment-processor failed 3.0s".to_owned(),
            ],
        }),
        changes: vec![Change {
            at: at("2026-11-27T02:00:02Z"),
            what: "shopfast-payment-processor: version 42 was deployed".to_owned(),
        }],
        links: Links {
            dashboard: "https://console.example/dashboards/shopfast".to_owned(),
            runbook: "https://runbooks.example/shopfast-order-service-errors.md".to_owned(),
            commands: vec![
                "shopwatch trace 0199f3a2-7c1e-7d00-8000-0242ac130003".to_owned(),
                "shopwatch runbooks run shopfast-order-service-errors".to_owned(),
            ],
            query: "fields @timestamp, message\n| filter level = \"ERROR\"".to_owned(),
        },
        steps: vec![
            Step {
                what: "See which error leads".to_owned(),
                command: "shopwatch logs --function shopfast-order-service --level error".to_owned(),
            },
            Step {
                what: "Is the payment provider up?".to_owned(),
                command: String::new(),
            },
        ],
        lacks: vec!["The lines of shopfast-order-relay could not be read: access denied.".to_owned()],
        held: 3,
        held_alarms: vec![HeldAlarm {
            name: "shopfast-order-relay-errors".to_owned(),
            since: None,
        }],
        more_held_alarms: 0,
    }
}

#[track_caller]
fn check(report: &Report, expected: &Expect) {
    expected.assert_eq(&format!(
        "Subject: {}\n\n{}",
        subject(report),
        text(&document(report))
    ));
}

#[test]
fn an_alarm() {
    check(
        &report(Event::Alarm(alarm())),
        &expect![[r#"
            Subject: PAGE shopfast-order-service: errors, 312 errors, 87 customers

            shopfast-order-service is in trouble since Fri 27 Nov 02:03 UTC: 312
            errors for 87 customers in 7 min.

            WHAT
            Alarm shopfast-order-service-errors
               More than 5 % of the calls of shopfast-order-service failed in 3 of 5
               minutes.
               Threshold Crossed: 3 out of the last 5 datapoints [38.2 (27/11/26
               02:02:00)] were greater than the threshold (5.0).

            THE ERRORS
            290x payment-timeout: charge order <id>: the provider did not answer
            within <duration>
               NEW, first seen Fri 27 Nov 02:01 UTC, fingerprint 9f3c000000000001
            22x reserve <n> of <id>
               shopfast-inventory-service, first seen Fri 27 Nov 02:01 UTC,
               fingerprint 9f3c000000000001
            and 1 kind more

            ONE CASE
            02:02:41 correlation ID 0199f3a2-7c1e-7d00-8000-0242ac130003
               charge order 01JD8Z
               because the provider did not answer within 3s
               POST /orders 201 120ms
                 payment-processor failed 3.0s

            WHAT CHANGED
            02:00:02 shopfast-payment-processor: version 42 was deployed

            NOW TYPE
               shopwatch trace 0199f3a2-7c1e-7d00-8000-0242ac130003
               shopwatch runbooks run shopfast-order-service-errors

            RUNBOOK
            https://runbooks.example/shopfast-order-service-errors.md
            1. See which error leads
               shopwatch logs --function shopfast-order-service --level error
            2. Is the payment provider up?

            LOOK AT
            https://console.example/dashboards/shopfast
               fields @timestamp, message
               | filter level = "ERROR"

            NOT KNOWN
            The lines of shopfast-order-relay could not be read: access denied.

            NOT MAILED
            3 mails were not sent since the last one: the mail budget was used up.
            Alarm shopfast-order-relay-errors was on, and is over.
        "#]],
    );
}

#[test]
fn it_is_over() {
    let recovered = Event::Recovered {
        alarm: Alarm {
            at: at("2026-11-27T02:17:20Z"),
            reason: String::new(),
            description: String::new(),
            ..alarm()
        },
        since: at("2026-11-27T02:03:11Z"),
    };
    let short = Report {
        groups: Vec::new(),
        more_groups: 0,
        sample: None,
        changes: Vec::new(),
        links: Links::default(),
        steps: Vec::new(),
        lacks: Vec::new(),
        held: 0,
        held_alarms: Vec::new(),
        ..report(recovered)
    };
    check(
        &short,
        &expect![[r#"
        Subject: OK shopfast-order-service: errors over after 14 min, 312 errors, 87 customers

        shopfast-order-service is well again since Fri 27 Nov 02:17 UTC. It took
        14 min: 312 errors for 87 customers.

        WHAT
        Alarm shopfast-order-service-errors
    "#]],
    );
}

fn late(alarms: &[(&str, bool)], more_held_alarms: u64) -> Report {
    let held = alarms.iter().map(|(name, is_on)| HeldAlarm {
        name: (*name).to_owned(),
        since: is_on.then(|| at("2026-11-27T02:03:11Z")),
    });
    Report {
        service: String::new(),
        errors: 0,
        groups: Vec::new(),
        more_groups: 0,
        sample: None,
        changes: Vec::new(),
        links: Links::default(),
        steps: Vec::new(),
        lacks: Vec::new(),
        held_alarms: held.collect(),
        more_held_alarms,
        ..report(Event::Digest)
    }
}

/// A page that found no room comes late, and is a page all the same.
#[test]
fn a_digest_of_alarms_names_them() {
    check(
        &late(
            &[
                ("shopfast-order-service-errors", true),
                ("shopfast-order-relay-errors", false),
            ],
            0,
        ),
        &expect![[r#"
            Subject: PAGE late: shopfast-order-service-errors; over: shopfast-order-relay-errors

            Alarm shopfast-order-service-errors is on since Fri 27 Nov 02:03 UTC. No
            mail had room for this before: the mail budget was used up.

            THE ALARMS
            Alarm shopfast-order-service-errors is on since Fri 27 Nov 02:03 UTC.
            Alarm shopfast-order-relay-errors was on, and is over.

            NOT MAILED
            3 mails were not sent since the last one: the mail budget was used up.
        "#]],
    );
    let subject_of = |alarms: &[(&str, bool)], more| subject(&late(alarms, more));
    assert_eq!(
        subject_of(&[("a", true), ("b", true)], 2),
        "PAGE late: a, b and 2 more"
    );
    assert_eq!(
        subject_of(&[("a", false), ("b", false)], 0),
        "PAGE late: a, b, over"
    );
    let lead = |alarms: &[(&str, bool)], more| document(&late(alarms, more)).lead;
    assert!(lead(&[("a", true), ("b", true)], 2).contains("02:03 UTC, and 3 alarms more. No mail"));
    assert!(lead(&[("a", false), ("b", false)], 0).starts_with("2 alarms were on, and are over. No mail"));
}

#[test]
fn subjects_read_alone() {
    let check = |report: &Report, expected: Expect| expected.assert_eq(&subject(report));
    let of = |event| report(event);
    check(
        &of(Event::Failure { news: News::Burst }),
        expect![
            "BURST shopfast-order-service: 290x charge order <id>: the provider did not answer within <duration>"
        ],
    );
    check(
        &Report {
            service: String::new(),
            held_alarms: Vec::new(),
            ..of(Event::Digest)
        },
        expect!["DIGEST several services: 3 kinds of errors, 312 errors, 87 customers"],
    );
    let ticket = Report {
        severity: Severity::Ticket,
        customers: Customers::About(1_200),
        service: "größe".to_owned(),
        ..of(Event::Alarm(alarm()))
    };
    check(
        &ticket,
        expect!["TICKET gr??e: shopfast-order-service-errors, 312 errors, about 1200 customers"],
    );
    check(
        &Report {
            errors: 0,
            ..of(Event::Alarm(alarm()))
        },
        expect!["PAGE shopfast-order-service: errors"],
    );
}

#[test]
fn html_says_the_same_and_nothing_gets_out() {
    let mut evil = report(Event::Alarm(alarm()));
    evil.groups[0].title = "<script>alert('x')</script>\u{202e}\u{1b}[2J & \"quotes\"".to_owned();
    evil.links.runbook = "javascript:alert(1)".to_owned();
    let html = html(&document(&evil));
    assert!(
        html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;[2J &amp; &quot;quotes&quot;"),
        "{html}"
    );
    assert!(
        html.contains(">javascript:alert(1)<") && !html.contains("href=\"javascript"),
        "{html}"
    );
    assert!(html.contains("<a href=\"https://console.example/dashboards/shopfast\">"));
}

proptest! {
    #[test]
    fn whatever_others_wrote(title in "\\PC{0,300}", message in any::<String>(), service in ".{0,40}") {
        let mut report = report(Event::Failure { news: News::New });
        report.service = service;
        report.groups[0].title = title;
        report.sample.as_mut().expect("a sample").messages = vec![message];
        let subject = subject(&report);
        prop_assert!(subject.len() <= LONGEST_SUBJECT && subject.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{}", subject);
        prop_assert!(subject.starts_with("NEW "));
        let document = document(&report);
        prop_assert!(!text(&document).contains(|c: char| c != '\n' && is_odd(c)));
        let html = html(&document);
        prop_assert!(!html.contains(|c: char| c != '\n' && is_odd(c)));
        // Only our own tags.
        prop_assert_eq!(html.matches("<p").count(), html.matches("</p>").count());
        prop_assert!(!html.contains("<script"));
    }
}

#[test]
fn a_text_fits_into_a_message() {
    let mut long = report(Event::Alarm(alarm()));
    long.lacks = vec!["ü".repeat(1_000); 200];
    let text = text(&document(&long));
    assert!(
        text.len() <= 256 * 1_024 && text.ends_with("256 KB.)\n"),
        "{}",
        text.len()
    );
}
