//! The subject: it reads alone, on a phone's lock screen.

use crate::known::News;

use super::moment;
use super::{Customers, Event, Report, Severity};

/// Characters that SNS takes, ASCII only.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub const LONGEST_SUBJECT: usize = 100;

/// So many messages of a queue are looked at.
const MOST_LETTERS: usize = 3;

/// Severity, service, what, how many: at most [`LONGEST_SUBJECT`] printable ASCII characters, and begun by one.
#[must_use]
pub fn subject(report: &Report) -> String {
    let severity = match report.severity {
        Severity::Page => "PAGE",
        Severity::Ticket => "TICKET",
    };
    let service = if report.service.is_empty() {
        "several services"
    } else {
        &report.service
    };
    let text = match &report.event {
        Event::Alarm(alarm) if alarm.is_test => {
            format!("TEST {}: mails of alarms come, nothing is wrong", alarm.name)
        }
        Event::Recovered { alarm, .. } | Event::WasOn { alarm, .. } if alarm.is_test => {
            format!("TEST {} is over, nothing was wrong", alarm.name)
        }
        Event::Alarm(alarm) => format!(
            "{severity} {}{}{}",
            about(&alarm.name, service),
            errors(report),
            letters(report)
        ),
        Event::Recovered { alarm, since } => format!(
            "OK {} over after {}{}",
            about(&alarm.name, service),
            moment::span(*since, alarm.at),
            errors(report),
        ),
        Event::WasOn { alarm, over } => format!(
            "{severity} {}, over after {}{}",
            about(&alarm.name, service),
            moment::span(alarm.at, *over),
            errors(report),
        ),
        Event::Failure { news } => {
            let title = report
                .groups
                .first()
                .map(|group| group.title.as_str())
                .unwrap_or_default();
            let count = report.groups.first().map_or(0, |group| group.count);
            format!("{} {service}: {count}x {title}", word(*news))
        }
        Event::Digest if !report.held_alarms.is_empty() => held(severity, report),
        Event::Digest => format!(
            "DIGEST {service}: {} kinds of errors{}",
            report.groups.len() as u64 + report.more_groups,
            errors(report)
        ),
    };
    shortened(&text)
}

/// Alarms by name, those that are on first: what is cut away is over, or is in the mail.
fn held(severity: &str, report: &Report) -> String {
    let names = |is_on: bool| {
        let alarms = report
            .held_alarms
            .iter()
            .filter(|alarm| alarm.since.is_some() == is_on);
        alarms
            .map(|alarm| alarm.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let more = match report.more_held_alarms {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match (names(true), names(false)) {
        (on, over) if over.is_empty() => format!("{severity} late: {on}{more}"),
        (on, over) if on.is_empty() => format!("{severity} late: {over}{more}, over"),
        (on, over) => format!("{severity} late: {on}{more}; over: {over}"),
    }
}

/// What is news, in one word.
pub(super) fn word(news: News) -> &'static str {
    match news {
        News::New => "NEW",
        News::Regressed => "BACK",
        News::Burst => "BURST",
    }
}

/// The service, and the alarm's name without the service's before it. An alarm that is no service's is named once.
fn about(name: &str, service: &str) -> String {
    if name == service {
        return name.to_owned();
    }
    let what = name.strip_prefix(service).and_then(|rest| rest.strip_prefix('-'));
    format!("{service}: {}", what.unwrap_or(name))
}

fn errors(report: &Report) -> String {
    if report.errors == 0 {
        return String::new();
    }
    let customers = match report.customers {
        Customers::Unknown | Customers::Exactly(0) => String::new(),
        Customers::Exactly(1) => ", 1 customer".to_owned(),
        Customers::Exactly(count) => format!(", {count} customers"),
        Customers::About(count) => format!(", about {count} customers"),
        Customers::AtLeast(count) => format!(
            ", at least {count} {}",
            if count == 1 { "customer" } else { "customers" }
        ),
    };
    let errors = if report.errors == 1 { "error" } else { "errors" };
    format!(", {} {errors}{customers}", report.errors)
}

/// A queue's alarm often names no function, and so no errors: what lies there is counted, as far as it was looked at.
fn letters(report: &Report) -> String {
    let count = report.letters.as_ref().map_or(0, |letters| letters.some.len());
    match count {
        0 => String::new(),
        1 => ", 1 message".to_owned(),
        MOST_LETTERS.. => format!(", {count} messages or more"),
        _ => format!(", {count} messages"),
    }
}

fn shortened(text: &str) -> String {
    let ascii: String = text
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect();
    let words = ascii.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if words.len() <= LONGEST_SUBJECT {
        return words;
    }
    format!("{}...", words[..LONGEST_SUBJECT - 3].trim_end())
}
