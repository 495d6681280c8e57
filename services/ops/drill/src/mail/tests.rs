//! What a mail must say, on the mail as the error report writes it.

use jiff::Timestamp;

use super::*;
use crate::file::tests::drill;

const ID: &str = "01a1ffc6-1d4b-7367-8bad-324a8e028dc8";
const SUBJECT: &str = "TICKET shopfast-mailer: errors, 4 errors";
const TEXT: &str = "\
shopfast-mailer is in trouble since Sun 22 Nov 01:24 UTC:
4 errors in 5 min.

WHAT
Alarm shopfast-mailer-errors
   An invocation failed. Runbook:
   https://runbooks.example/shopfast/shopfast-mailer-errors.md

THE ERRORS
2x aws-call-failed: send a
   mail
   NEW, first seen Sun 22 Nov 01:23 UTC, fingerprint 09e1554217bdab18
2x other: thing
   fingerprint 746da49c58f52f16

ONE CASE
01:23:15 correlation ID 01a1ffc6-1d4b-7367-8bad-324a8e028dc8
   send a mail
";

const DRILL: &str = "name: d\nsummary: s\nfaults: [{ fault: crash, function: shopfast-mailer }]\n\
    expect: { within: 5m, cleared-within: 5m, alarms: [shopfast-mailer-errors, b], tickets: [shopfast-mailer-errors], \
    evidence: { error: send a mail } }\n";

fn mail(subject: &str, text: &str) -> ReceivedMail {
    ReceivedMail {
        at: Timestamp::UNIX_EPOCH,
        subject: subject.to_owned(),
        text: text.to_owned(),
    }
}

/// What is missing when the mail came with one change.
#[track_caller]
fn check(from: &str, to: &str, expect: &[&str]) {
    let changed = mail(&SUBJECT.replace(from, to), &TEXT.replace(from, to));
    let failed = BTreeSet::from([ID.to_owned()]);
    let missing = missing(&while_broken(&drill(DRILL)), &[changed], &failed);
    assert_eq!(missing, expect, "{from} -> {to}");
}

#[test]
fn a_mail_is_told_by_what_it_says() {
    check("", "", &[]);
    check(
        "TICKET",
        "PAGE",
        &["no mail TICKET about shopfast-mailer-errors: none came"],
    );
    check(
        "Alarm shopfast-mailer-errors",
        "Alarm shopfast-mailer-errors-too",
        &["no mail TICKET about shopfast-mailer-errors: none came"],
    );
    let lacks = |what: &str| format!("no mail TICKET about shopfast-mailer-errors: \"{SUBJECT}\" {what}");
    check(
        "aws-call-failed: send a",
        "records-failed: two of",
        &[&lacks(
            "begins its errors with \"2x records-failed: two of mail NEW, first seen Sun 22 Nov 01:23 UTC,\" and not \"send a mail\"",
        )],
    );
    check("THE ERRORS", "NO ERRORS", &[&lacks("names no error")]);
    check("09e1554217bdab18", "none", &[&lacks("names no fingerprint")]);
    check("ONE CASE", "NO CASE", &[&lacks("shows no case with an ID")]);
    check(
        "324a8e028dc8",
        "324a8e028dc9",
        &[&lacks(
            "shows the case 01a1ffc6-1d4b-7367-8bad-324a8e028dc9, under which no line tells of a failure",
        )],
    );
    check(
        "shopfast-mailer-errors.md",
        "other.md",
        &[&lacks("does not lead to shopfast-mailer-errors.md")],
    );
    check(
        "mailer: errors,",
        "mailer: throttles,",
        &[
            "no mail TICKET about shopfast-mailer-errors: \"TICKET shopfast-mailer: throttles, 4 errors\" does not name shopfast-mailer-errors in its subject",
        ],
    );
}

#[test]
fn the_end_is_told_too() {
    let over = when_over(&drill(DRILL));
    let none = BTreeSet::new();
    assert_eq!(
        missing(&over, &[mail(SUBJECT, TEXT)], &none),
        ["no mail OK about shopfast-mailer-errors: none came"]
    );
    let end = mail("OK shopfast-mailer: errors over after 7 min, 12 errors", TEXT);
    assert_eq!(missing(&over, &[end], &none), [""; 0]);
    let stays = DRILL.replace("alarms:", "stays: [shopfast-mailer-errors], alarms:");
    assert!(when_over(&drill(&stays)).is_empty(), "its end is not waited for");
}

#[test]
fn of_what_reports_the_topic_tells() {
    let direct = DRILL.replace("alarms:", "direct: [shopfast-mailer-errors], alarms:");
    let expected = while_broken(&drill(&direct));
    let none = BTreeSet::new();
    let subject = "ALARM: \"shopfast-mailer-errors\" in US East (N. Virginia)";
    let raw = mail(
        subject,
        "{\"AlarmDescription\":\"Runbook: https://r.example/shopfast-mailer-errors.md\"}",
    );
    assert_eq!(missing(&expected, std::slice::from_ref(&raw), &none), [""; 0]);
    assert!(tells_of(&raw, &drill(&direct)));
    assert!(
        !tells_of(&raw, &drill(DRILL)),
        "the error report is to tell of it"
    );
    assert_eq!(
        missing(&expected, &[mail(SUBJECT, TEXT)], &none).len(),
        1,
        "the error report's mail is none of the topic's"
    );
}

#[test]
fn where_mailing_is_broken_mails_come_late() {
    let late = DRILL.replace("alarms:", "mailed-late: [shopfast-mailer-errors], alarms:");
    let late = drill(&late);
    assert_eq!(while_broken(&late), []);
    let begin = |mail: &Mail| mail.subject[0].clone();
    let over: Vec<String> = when_over(&late).iter().map(begin).collect();
    assert_eq!(over, ["TICKET ", "OK "]);
}

#[test]
fn one_mail_is_no_two() {
    let twice = DRILL.replace("evidence:", "mails: [{ subject: [shopfast-mailer] }], evidence:");
    let expected = while_broken(&drill(&twice));
    let failed = BTreeSet::from([ID.to_owned()]);
    let one = [mail(SUBJECT, TEXT)];
    assert_eq!(missing(&expected, &one, &failed).len(), 1);
    let two = [
        mail(SUBJECT, TEXT),
        mail("NEW shopfast-mailer: 1x send a mail", ""),
    ];
    assert_eq!(missing(&expected, &two, &failed), [""; 0]);
}

#[test]
fn an_alarm_that_is_no_functions_is_its_own_service() {
    let letter = |subject: &str, alarm: &str| Letter::of(&mail(subject, "")).subject_names(alarm);
    assert!(letter("PAGE shop-dlq-filled, 3 errors", "shop-dlq-filled"));
    assert!(letter("OK shop-dlq-filled over after 7 min", "shop-dlq-filled"));
    assert!(letter(
        "PAGE several services: shop-dlq-filled",
        "shop-dlq-filled"
    ));
    assert!(letter(
        "OK shop-relay: errors over after 7 min",
        "shop-relay-errors"
    ));
    assert!(!letter("PAGE several services", "shop-relay-errors"));
    assert!(!letter("PAGE", "shop-relay-errors"));
}
