//! The subject: it reads alone, on a phone's lock screen.

use crate::known::News;

use super::moment;
use super::{Customers, Event, Report, Severity};

/// Characters that SNS takes, ASCII only.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub const LONGEST_SUBJECT: usize = 100;

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
        Event::Alarm(alarm) => format!(
            "{severity} {service}: {}{}",
            of_service(&alarm.name, service),
            errors(report)
        ),
        Event::Recovered { alarm, since } => format!(
            "OK {service}: {} over after {}{}",
            of_service(&alarm.name, service),
            moment::span(*since, alarm.at),
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
        Event::Digest => format!(
            "DIGEST {service}: {} kinds of errors{}",
            report.groups.len() as u64 + report.more_groups,
            errors(report)
        ),
    };
    shortened(&text)
}

/// What is news, in one word.
pub(super) fn word(news: News) -> &'static str {
    match news {
        News::New => "NEW",
        News::Regressed => "BACK",
        News::Burst => "BURST",
    }
}

/// The alarm's name without the service's name before it.
fn of_service<'a>(name: &'a str, service: &str) -> &'a str {
    name.strip_prefix(service)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(name)
}

fn errors(report: &Report) -> String {
    if report.errors == 0 {
        return String::new();
    }
    let customers = match report.customers {
        Customers::Unknown | Customers::Exactly(0) => String::new(),
        Customers::Exactly(count) => format!(", {count} customers"),
        Customers::About(count) => format!(", about {count} customers"),
    };
    format!(", {} errors{customers}", report.errors)
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
