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
        began: None,
        is_test: false,
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
        elsewhere: None,
        letters: None,
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
        more_changes: 0,
        links: Links {
            dashboard: "https://console.example/dashboards/shopfast".to_owned(),
            runbook: "https://runbooks.example/shopfast-order-service-errors.md".to_owned(),
            page_command: "shopwatch runbooks show shopfast-order-service-errors".to_owned(),
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

            HOPS OF THE CASE
               POST /orders 201 120ms
                 payment-processor failed 3.0s

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

            OK after 14 min, 312 errors for 87 customers: shopfast-order-service is
            well again since Fri 27 Nov 02:17 UTC.

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
        text.len() <= LONGEST_TEXT && text.ends_with("256 KB.)\n"),
        "{}",
        text.len()
    );
}

/// SNS counts a message together with its attributes: `html`, `String` and `failed` are the longest that ours has.
#[test]
fn a_message_has_room_for_its_attributes() {
    let mut long = report(Event::Alarm(alarm()));
    long.lacks = vec!["x".repeat(900); 400];
    let text = text(&document(&long));
    let besides = "html".len() + "String".len() + "failed".len() + LONGEST_SUBJECT;
    assert!(
        text.len() > 200_000 && text.len() + besides <= 262_144,
        "{}",
        text.len()
    );
}

/// A body of 200 KB in every place where others write: what is typed next is all there, above what is cut.
#[test]
fn what_to_type_is_never_cut_away() {
    let body = "x ".repeat(100_000);
    let mut long = report(Event::Alarm(Alarm {
        description: body.clone(),
        reason: body.clone(),
        ..alarm()
    }));
    for group in &mut long.groups {
        group.title.clone_from(&body);
    }
    let sample = long.sample.as_mut().expect("a sample");
    sample.messages = vec![body.clone(); 30];
    sample.story = vec![body.clone(); 300];
    long.changes[0].what.clone_from(&body);
    long.lacks = vec![body; 300];
    let text = text(&document(&long));
    for needed in [
        "\nNOW TYPE\n   shopwatch trace 0199f3a2-7c1e-7d00-8000-0242ac130003\n",
        "\nRUNBOOK\nhttps://runbooks.example/shopfast-order-service-errors.md\n",
        "\n2. Is the payment provider up?\n",
        "and 22 causes more",
        "(199000 characters left out)",
    ] {
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_there = text.contains(needed) || said.contains(needed);
        assert!(is_there, "{needed}: {}", &text[..2_000]);
    }
    let at = |what: &str| text.find(what).unwrap_or(usize::MAX);
    assert!(at("\nRUNBOOK\n") < 30_000 && at("\nNOW TYPE\n") < at("\nHOPS OF THE CASE\n"));
}

/// An alarm that names no function: errors of all functions are nobody's trouble until somebody has looked.
#[test]
fn errors_of_others_are_not_the_alarm_s() {
    let alarm = Alarm {
        name: "shopfast-orders-table-failing".to_owned(),
        reason: String::new(),
        description: String::new(),
        ..alarm()
    };
    let all = report(Event::Alarm(alarm.clone()));
    let elsewhere = Elsewhere {
        functions: 12,
        errors: all.errors,
        groups: all.groups.clone(),
        more_groups: 1,
    };
    let none = Report {
        service: alarm.name.clone(),
        errors: 0,
        customers: Customers::Unknown,
        groups: Vec::new(),
        more_groups: 0,
        elsewhere: Some(elsewhere.clone()),
        links: Links::default(),
        steps: Vec::new(),
        changes: Vec::new(),
        lacks: Vec::new(),
        held: 0,
        held_alarms: Vec::new(),
        ..all.clone()
    };
    check(
        &none,
        &expect![[r#"
        Subject: PAGE shopfast-orders-table-failing

        shopfast-orders-table-failing is in trouble since Fri 27 Nov 02:03 UTC.

        WHAT
        Alarm shopfast-orders-table-failing

        THE ERRORS
        The alarm names no function. These are the errors of all 12 functions in
        its window, 312 in all; they may have nothing to do with it.
        290x payment-timeout: charge order <id>: the provider did not answer
        within <duration>
           NEW, shopfast-order-service, first seen Fri 27 Nov 02:01 UTC,
           fingerprint 9f3c000000000001
        22x reserve <n> of <id>
           shopfast-inventory-service, first seen Fri 27 Nov 02:01 UTC,
           fingerprint 9f3c000000000001
        and 1 kind more

        ONE CASE
        02:02:41 correlation ID 0199f3a2-7c1e-7d00-8000-0242ac130003
           one of these errors, which may have nothing to do with the alarm
           charge order 01JD8Z
           because the provider did not answer within 3s

        HOPS OF THE CASE
           POST /orders 201 120ms
             payment-processor failed 3.0s
    "#]],
    );
    let some = Report {
        errors: 22,
        groups: vec![all.groups[1].clone()],
        elsewhere: Some(Elsewhere {
            errors: 290,
            groups: vec![all.groups[0].clone()],
            ..elsewhere
        }),
        ..none.clone()
    };
    check(
        &some,
        &expect![[r#"
        Subject: PAGE shopfast-orders-table-failing, 22 errors

        shopfast-orders-table-failing is in trouble since Fri 27 Nov 02:03 UTC:
        22 errors in 7 min. The lines name no customer.

        WHAT
        Alarm shopfast-orders-table-failing

        THE ERRORS
        22x reserve <n> of <id>
           shopfast-inventory-service, first seen Fri 27 Nov 02:01 UTC,
           fingerprint 9f3c000000000001

        ONE CASE
        02:02:41 correlation ID 0199f3a2-7c1e-7d00-8000-0242ac130003
           charge order 01JD8Z
           because the provider did not answer within 3s

        HOPS OF THE CASE
           POST /orders 201 120ms
             payment-processor failed 3.0s

        MEANWHILE ELSEWHERE
        Other errors of all 12 functions in the alarm's window, 290 in all; they
        may have nothing to do with it.
        290x payment-timeout: charge order <id>: the provider did not answer
        within <duration>
           NEW, shopfast-order-service, first seen Fri 27 Nov 02:01 UTC,
           fingerprint 9f3c000000000001
        and 1 kind more
    "#]],
    );
    let over = Report {
        event: Event::Recovered {
            since: alarm.at,
            alarm: Alarm {
                at: at("2026-11-27T02:17:20Z"),
                ..alarm
            },
        },
        ..none
    };
    assert_eq!(
        subject(&over),
        "OK shopfast-orders-table-failing over after 14 min"
    );
    assert!(
        !document(&over).lead.contains("error"),
        "{}",
        document(&over).lead
    );
}

/// Its end overtook it.
#[test]
fn what_was_over_before_it_was_told() {
    let was_on = Report {
        customers: Customers::Unknown,
        ..report(Event::WasOn {
            alarm: alarm(),
            over: at("2026-11-27T02:17:20Z"),
        })
    };
    assert_eq!(
        (subject(&was_on).as_str(), document(&was_on).lead.as_str()),
        (
            "PAGE shopfast-order-service: errors, over after 14 min, 312 errors",
            "shopfast-order-service was in trouble from Fri 27 Nov 02:03 UTC to Fri 27 Nov 02:17 UTC, for 14 min: 312 errors. The lines name no customer. Nobody was told while it lasted: the notification of its end came first."
        )
    );
}

/// Every morning.
#[test]
fn the_daily_test_says_that_it_is_one() {
    let alarm = Alarm {
        name: "shopfast-alarms-self-test".to_owned(),
        is_test: true,
        ..alarm()
    };
    let of = |event| {
        let report = report(event);
        (subject(&report), document(&report).lead)
    };
    let (subject, lead) = of(Event::Alarm(alarm.clone()));
    assert_eq!(
        subject,
        "TEST shopfast-alarms-self-test: mails of alarms come, nothing is wrong"
    );
    assert!(
        lead.starts_with("This is the daily test, and all is well with the way of mails"),
        "{lead}"
    );
    let since = alarm.at;
    let (subject, lead) = of(Event::Recovered { alarm, since });
    assert_eq!(
        subject,
        "TEST shopfast-alarms-self-test is over, nothing was wrong"
    );
    assert!(lead.starts_with("The daily test is over."), "{lead}");
}

#[test]
fn whoever_is_not_named_is_said_to_be_so() {
    let lead = |customers, errors| {
        document(&Report {
            customers,
            errors,
            ..report(Event::Alarm(alarm()))
        })
        .lead
    };
    assert!(lead(Customers::Unknown, 7).ends_with("7 errors in 7 min. The lines name no customer."));
    assert!(lead(Customers::Unknown, 0).ends_with("0 errors in 7 min."));
    assert!(lead(Customers::AtLeast(1), 7).ends_with("7 errors for at least 1 customer in 7 min."));
}
