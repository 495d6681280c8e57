//! Mails of the error report: which ones a drill must bring, and what one lacks of that.
//!
//! Every page and every ticket is told in a mail, and its end in another. That follows from the drill's alarms; what such a mail shows
//! of a real case is the drill's to say ([`Evidence`](crate::Evidence)). A file may name further mails.

mod surplus;
#[cfg(test)]
mod tests;

pub(crate) use surplus::surplus;

use std::collections::BTreeSet;

use crate::drill::Drill;
use crate::expect::Mail;
use crate::observed::ReceivedMail;

/// Before the ID of a case, in a mail.
const NAMES_OF_IDS: [&str; 2] = ["correlation ID ", "request ID "];
/// Characters of a fingerprint, hexadecimal.
const FINGERPRINT: usize = 16;

/// Those that must come while it is broken.
pub(crate) fn while_broken(drill: &Drill) -> Vec<Mail> {
    let mut mails = going_off(drill, |alarm| !drill.expect.mailed_late.contains(alarm));
    mails.extend(drill.expect.mails.iter().cloned());
    mails
}

/// Of those of its pages and tickets that went off.
fn going_off(drill: &Drill, which: impl Fn(&str) -> bool) -> Vec<Mail> {
    let of = |begin: &'static str, names: &BTreeSet<String>| {
        let which = names.iter().filter(|alarm| which(alarm));
        which.map(|alarm| about(drill, begin, alarm)).collect::<Vec<_>>()
    };
    [
        of("PAGE ", &drill.expect.pages),
        of("TICKET ", &drill.expect.tickets),
    ]
    .concat()
}

/// Those that must come when all is OK again.
pub(crate) fn when_over(drill: &Drill) -> Vec<Mail> {
    let expect = &drill.expect;
    let told = expect.pages.union(&expect.tickets);
    let closed = told.filter(|alarm| !expect.stays.contains(*alarm));
    let mut mails = going_off(drill, |alarm| expect.mailed_late.contains(alarm));
    mails.extend(closed.map(|alarm| match expect.direct.contains(alarm) {
        true => of_topic("OK", alarm),
        false => of_alarm("OK ", alarm),
    }));
    mails
}

/// As SNS mails what CloudWatch tells a topic.
fn of_topic(state: &str, alarm: &str) -> Mail {
    Mail {
        subject: vec![format!("{state}: \"{alarm}\"")],
        runbook: Some(alarm.to_owned()),
        ..Mail::default()
    }
}

fn of_alarm(begin: &str, alarm: &str) -> Mail {
    Mail {
        subject: vec![begin.to_owned()],
        alarm: Some(alarm.to_owned()),
        runbook: Some(alarm.to_owned()),
        ..Mail::default()
    }
}

/// The mail of an alarm that went off, with the evidence that the drill is about.
fn about(drill: &Drill, begin: &str, alarm: &str) -> Mail {
    if drill.expect.direct.contains(alarm) {
        return of_topic("ALARM", alarm);
    }
    let mail = of_alarm(begin, alarm);
    let evidence = drill.expect.evidence.as_ref();
    match evidence.filter(|evidence| !evidence.except.contains(alarm)) {
        None => mail,
        Some(evidence) => Mail {
            error: Some(evidence.error.clone()),
            has_fingerprint: true,
            has_case: true,
            ..mail
        },
    }
}

/// What is missing of the expected mails; each is another one. `failed` are the IDs under which something really failed.
pub(crate) fn missing(
    expected: &[Mail],
    received: &[ReceivedMail],
    failed: &BTreeSet<String>,
) -> Vec<String> {
    let mut left: Vec<&ReceivedMail> = received.iter().collect();
    let mut failures = Vec::new();
    for mail in expected {
        match left
            .iter()
            .position(|received| lacks(mail, received, failed).is_none())
        {
            Some(at) => drop(left.remove(at)),
            None => failures.push(told(mail, received, failed)),
        }
    }
    failures
}

/// What came instead: the mail about the same alarm if there is one.
fn told(mail: &Mail, received: &[ReceivedMail], failed: &BTreeSet<String>) -> String {
    let begin = mail.subject.join(" … ");
    let what = match &mail.alarm {
        Some(alarm) => format!("no mail {begin}about {alarm}"),
        None => format!("no mail with the subject {begin}"),
    };
    let is_near = |received: &&ReceivedMail| match &mail.alarm {
        Some(alarm) => {
            received.subject.starts_with(&begin) && Letter::of(received).alarm() == Some(alarm.as_str())
        }
        None => true,
    };
    let mut near = received.iter().filter(is_near);
    let lack = near.find_map(|received| lacks(mail, received, failed));
    format!("{what}: {}", lack.unwrap_or_else(|| "none came".to_owned()))
}

/// Is a mail of this drill's time its own? It tells of one of its alarms, or names what its faults touch. Whoever reads the mails of a drill
/// that ran beside others sees these.
#[must_use]
pub fn concerns(mail: &ReceivedMail, drill: &Drill) -> bool {
    let broken = drill.faults.iter().filter_map(crate::drill::Fault::touches);
    let mut names = broken.filter(|name| mail.subject.contains(name));
    tells_of(mail, drill) || names.next().is_some()
}

/// Does a mail tell of an alarm of the drill, in the words of whoever is to tell of it?
pub(crate) fn tells_of(mail: &ReceivedMail, drill: &Drill) -> bool {
    let letter = Letter::of(mail);
    let is_reported = letter
        .alarm()
        .is_some_and(|alarm| drill.expect.alarms.contains(alarm));
    is_reported
        || letter
            .alarm_of_topic()
            .is_some_and(|alarm| drill.expect.direct.contains(alarm))
}

/// What a mail lacks of what is expected.
fn lacks(expected: &Mail, mail: &ReceivedMail, failed: &BTreeSet<String>) -> Option<String> {
    let told = |what: String| Some(format!("\"{}\" {what}", mail.subject));
    let letter = Letter::of(mail);
    if let Some(part) = expected.subject.iter().find(|part| !mail.subject.contains(*part)) {
        return told(format!("does not say {part}"));
    }
    if let Some(alarm) = &expected.alarm {
        if letter.alarm() != Some(alarm) {
            return told(format!("is not about {alarm}"));
        }
        if !letter.subject_names(alarm) {
            return told(format!("does not name {alarm} in its subject"));
        }
    }
    if let Some(part) = expected.text.iter().find(|part| !letter.text.contains(*part)) {
        return told(format!("does not say \"{part}\" in its text"));
    }
    if let Some(error) = &expected.error {
        match letter.top_error() {
            None => return told("names no error".to_owned()),
            Some(top) if !top.contains(error) => {
                return told(format!("begins its errors with \"{top}\" and not \"{error}\""));
            }
            Some(_) => {}
        }
    }
    if expected.has_fingerprint && letter.fingerprint().is_none() {
        return told("names no fingerprint".to_owned());
    }
    if expected.has_case {
        match letter.case() {
            None => return told("shows no case with an ID".to_owned()),
            Some(id) if !failed.contains(id) => {
                return told(format!(
                    "shows the case {id}, under which no line tells of a failure"
                ));
            }
            Some(_) => {}
        }
    }
    // A link of the platform's, or the command where whoever mails knows no address: the topic tells an alarm's own words.
    let leads_to = |alarm: &&String| {
        [format!("/{alarm}.md"), format!("runbooks show {alarm}")]
            .iter()
            .any(|way| letter.text.contains(way))
    };
    let missing = expected.runbook.as_ref().filter(|alarm| !leads_to(alarm))?;
    told(format!("does not lead to {missing}.md"))
}

/// Is it one that wakes somebody, of the error report or, of an alarm over that, in CloudWatch's words?
pub(crate) fn is_page(mail: &ReceivedMail) -> bool {
    mail.subject.starts_with("PAGE ") || mail.subject.starts_with("ALARM: ")
}

/// The ID of the case that a mail shows.
#[must_use]
pub fn case_of(mail: &ReceivedMail) -> Option<String> {
    Letter::of(mail).case().map(str::to_owned)
}

/// A mail without the line ends that a phone needs.
struct Letter<'a> {
    subject: &'a str,
    text: String,
}

impl<'a> Letter<'a> {
    fn of(mail: &'a ReceivedMail) -> Self {
        Self {
            subject: &mail.subject,
            text: mail.text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    fn after(&self, heading: &str) -> Option<&str> {
        self.text.split_once(heading).map(|(_, rest)| rest)
    }

    /// The alarm that it is about.
    fn alarm(&self) -> Option<&str> {
        self.after(" WHAT Alarm ")?.split(' ').next()
    }

    /// The alarm of a mail that SNS sent, `ALARM: "name" in US East (N. Virginia)`.
    fn alarm_of_topic(&self) -> Option<&'a str> {
        self.subject.strip_prefix("ALARM: \"")?.split('"').next()
    }

    /// Severity, service, and what of it: `PAGE shopfast-x: failing, 3 errors`, or the alarm alone. What was cut names nothing.
    fn subject_names(&self, alarm: &str) -> bool {
        let Some((_, rest)) = self.subject.split_once(' ') else {
            return false;
        };
        let first = |text: &'a str| text.split([',', ' ']).next().unwrap_or_default();
        let Some((service, what)) = rest.split_once(": ") else {
            return first(rest) == alarm;
        };
        let what = first(what);
        let of_service = alarm
            .strip_prefix(service)
            .and_then(|rest| rest.strip_prefix('-'));
        what == alarm || of_service == Some(what)
    }

    /// The first of its errors: how often, code and title.
    fn top_error(&self) -> Option<&str> {
        self.after(" THE ERRORS ")?.split(" fingerprint ").next()
    }

    fn fingerprint(&self) -> Option<&str> {
        let word = self.after(" fingerprint ")?.split(' ').next()?;
        let is_one = word.len() == FINGERPRINT && word.chars().all(|c| c.is_ascii_hexdigit());
        is_one.then_some(word)
    }

    fn case(&self) -> Option<&str> {
        // `02:03:11 correlation ID …`
        let (_, case) = self.after(" ONE CASE ")?.split_once(' ')?;
        let id = NAMES_OF_IDS.iter().find_map(|name| case.strip_prefix(name))?;
        id.split([' ', ',']).next()
    }
}
