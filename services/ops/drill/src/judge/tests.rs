//! What passes and what fails, from events in short words.

use proptest::prelude::*;

use super::*;
use crate::file::tests::drill;
use crate::observed::{Change, Told};

const FILE: &str = "\
name: d
summary: s
faults: [{ fault: throttle, function: f }]
load: [{ load: orders, per-minute: 1 }]
expect: { within: 5m, cleared-within: 5m, alarms: [a, b], pages: [b], may: [t-latency] }
";

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_744_800 + minute * 60).unwrap()
}

/// What the error report mails about an alarm.
fn mail(at: Timestamp, word: &str, alarm: &str) -> ReceivedMail {
    ReceivedMail {
        at,
        subject: format!("{word} {alarm}: {alarm}"),
        text: format!("lead.\n\nWHAT\nAlarm {alarm}\n   runbooks/shopfast/{alarm}.md\n"),
    }
}

/// Words like `1a` (a goes to ALARM in minute 1), `4a-` (to OK), `1b!` (b pages, and a mail tells of it). `4b-` is mailed too.
fn observed(events: &str) -> Observed {
    let mut observed = Observed {
        broken: at(0),
        healed: Some(at(4)),
        until: at(20),
        changes: Vec::new(),
        told: Vec::new(),
        mails: Vec::new(),
        failed: BTreeSet::new(),
        healed_by: Vec::new(),
        steps: 0,
        findings: 0,
        diagnosed: BTreeMap::new(),
        problems: Vec::new(),
    };
    for word in events.split_whitespace() {
        let name = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let minute = at(word[..word.len() - name.len()].parse().unwrap());
        let alarm = name.trim_end_matches(['!', '-']).to_owned();
        if name.ends_with('!') {
            observed.mails.push(mail(minute, "PAGE", &alarm));
            observed.told.push(Told {
                at: minute,
                alarm,
                loudness: Loudness::Page,
                state: State::Alarm,
                is_delivered: true,
            });
        } else {
            if name.ends_with('-') {
                observed.mails.push(mail(minute, "OK", &alarm));
            }
            observed.changes.push(Change {
                at: minute,
                alarm,
                to: if name.ends_with('-') {
                    State::Ok
                } else {
                    State::Alarm
                },
                reason: format!("it is {minute}"),
            });
        }
    }
    observed
}

fn check(events: &str, expect: &[&str]) {
    let outcome = judge(
        &drill(FILE),
        &BTreeSet::from(["beside".to_owned()]),
        &observed(events),
    );
    assert_eq!(outcome.failures, expect, "{events}");
}

#[test]
fn what_is_as_expected_passes() {
    let events = "1a 2b 2b! 6a- 7b-";
    check(events, &[]);
    let outcome = judge(&drill(FILE), &BTreeSet::new(), &observed(events));
    let times = (
        outcome.to_detect,
        outcome.to_tell,
        outcome.to_mail,
        outcome.to_page,
        outcome.to_clear,
    );
    assert_eq!(times, (Some(60), Some(120), Some(120), Some(120), Some(180)));
    assert_eq!(
        (outcome.pages, outcome.tickets, outcome.verdict()),
        (1, 0, Verdict::Passed)
    );
}

#[test]
fn everything_that_differs_is_named() {
    check(
        "1a 6a-",
        &[
            "b did not go to ALARM",
            "b paged nobody",
            "no mail PAGE about b: none came",
            "no mail OK about b: none came",
        ],
    );
    check(
        "1a 2b 2b! 3b! 6a- 7b-",
        &["b paged 2 times", "2 mails tell of ALARM of b; changes to it: 1"],
    );
    check(
        "1a 1c 2b 2b! 6a- 7b-",
        &["c went to ALARM, which nothing here expects: it is 2026-11-27T02:01:00Z"],
    );
    check("1a 2b 2b! 3c! 6a- 7b-", &["c paged, which nothing here expects"]);
    check(
        "1a 6b 6b! 8a- 8b-",
        &[
            "b went to ALARM after 6m, expected within 5m",
            "not all mails came within 5m",
        ],
    );
    check(
        "1a 2b 2b! 7b-",
        &["a is still in ALARM 16m after the healing, expected OK within 5m"],
    );
}

#[test]
fn what_others_expect_or_a_slow_machine_does_is_not_its_own() {
    check("1a 1beside 1beside! 1t-latency 2b 2b! 6a- 7b-", &[]);
}

/// What is said of a drill in which the page of `b` is read, with more in its file.
fn check_diagnosis(found: &[(&str, usize)], more: &str, expect: &[&str]) {
    let file = FILE.replace("may:", &format!("{more} may:"));
    let mut observed = observed("1a 2b 2b! 6a- 7b-");
    observed.diagnosed = found
        .iter()
        .map(|(alarm, found)| ((*alarm).to_owned(), *found))
        .collect();
    let outcome = judge(&drill(&file), &BTreeSet::new(), &observed);
    assert_eq!(outcome.failures, expect, "{found:?} {more}");
}

#[test]
fn a_diagnosis_that_finds_nothing_fails_the_drill() {
    check_diagnosis(&[("b", 1)], "", &[]);
    check_diagnosis(&[("b", 0)], "", &["the diagnosis of b found no cause"]);
    // Without runbooks, and pages of drills beside it.
    check_diagnosis(&[], "", &[]);
    check_diagnosis(&[("b", 1), ("beside", 0)], "", &[]);
    let excused = "undiagnosed: [{ page: b, because: it is drilled so }],";
    check_diagnosis(&[("b", 0)], excused, &[]);
    check_diagnosis(
        &[("b", 2)],
        excused,
        &["the diagnosis of b finds a cause, which `undiagnosed` says it cannot"],
    );
}

/// What is said when these mails came besides.
fn check_mails(more: &[(i64, &str, &str)], expect: &[&str]) {
    let mut observed = observed("1a 2b 2b! 6a- 7b-");
    let mails = more
        .iter()
        .map(|(minute, word, alarm)| mail(at(*minute), word, alarm));
    observed.mails.extend(mails);
    let outcome = judge(&drill(FILE), &BTreeSet::new(), &observed);
    assert_eq!(outcome.failures, expect, "{more:?}");
}

#[test]
fn a_change_of_state_is_mailed_once() {
    check_mails(
        &[(3, "PAGE", "b")],
        &["2 mails tell of ALARM of b; changes to it: 1"],
    );
    check_mails(&[(8, "OK", "b")], &["2 mails tell of OK of b; changes to it: 1"]);
    // Of alarms that are not its own, and digests.
    check_mails(&[(3, "PAGE", "beside"), (3, "DIGEST", "b"), (3, "NEW", "b")], &[]);
    let mut again = observed("1a 2b 2b! 3b- 4b 4b! 6a- 7b-");
    again.told.pop();
    let outcome = judge(&drill(FILE), &BTreeSet::new(), &again);
    assert_eq!(outcome.failures, [""; 0], "two changes, two mails");
}

proptest! {
    /// Whatever alarms do: passed means that exactly the expected ones fired, and those that page did so once.
    #[test]
    fn passed_means_exactly_these(events in proptest::collection::vec((0_i64..20, 0_usize..3, 0_usize..3), 0..12)) {
        let mut events = events;
        events.sort_by_key(|(minute, ..)| *minute);
        let text: Vec<String> = events
            .iter()
            .map(|(minute, name, mark)| format!("{minute}{}{}", ["a", "b", "c"][*name], ["", "-", "!"][*mark]))
            .collect();
        let observed = observed(&text.join(" "));
        let outcome = judge(&drill(FILE), &BTreeSet::new(), &observed);
        let fired: BTreeSet<&str> = observed
            .changes
            .iter()
            .filter(|change| change.to == State::Alarm)
            .map(|change| change.alarm.as_str())
            .collect();
        let pages: Vec<&str> = observed.told.iter().map(|told| told.alarm.as_str()).collect();
        if outcome.verdict() == Verdict::Passed {
            prop_assert_eq!(fired, BTreeSet::from(["a", "b"]));
            prop_assert_eq!(pages, ["b"]);
        }
    }
}
