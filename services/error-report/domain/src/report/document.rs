//! What is said, in order: sections with lines. Both writers write this, so that text and HTML say the same.

use jiff::Timestamp;

use super::moment::{clock, day, span};
use super::subject::word;
use super::{Customers, Event, Group, Report, Sample};

/// A mail without its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The one sentence that must be read.
    pub lead: String,
    /// The rest, most needed first.
    pub sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Words.
    Words(String),
    /// More about the line before.
    Detail(String),
    /// To be typed, or pasted.
    Code(String),
    /// An address.
    Link(String),
}

/// What is said of a report.
#[must_use]
pub fn document(report: &Report) -> Document {
    let sections = [
        section("WHAT", what(report)),
        section("THE ALARMS", alarms(report)),
        section("THE ERRORS", errors(report)),
        section("ONE CASE", report.sample.as_ref().map(case).unwrap_or_default()),
        section("WHAT CHANGED", changes(report)),
        section(
            "NOW TYPE",
            report.links.commands.iter().cloned().map(Line::Code).collect(),
        ),
        section("RUNBOOK", runbook(report)),
        section("LOOK AT", look_at(report)),
        section(
            "NOT KNOWN",
            report.lacks.iter().cloned().map(Line::Words).collect(),
        ),
        section("NOT MAILED", held(report)),
    ];
    Document {
        lead: lead(report),
        sections: sections.into_iter().flatten().collect(),
    }
}

fn section(title: &'static str, lines: Vec<Line>) -> Option<Section> {
    (!lines.is_empty()).then_some(Section { title, lines })
}

fn lead(report: &Report) -> String {
    let who = if report.service.is_empty() {
        "Several services"
    } else {
        &report.service
    };
    let (from, to) = report.window;
    let count = format!(
        "{} {}{}",
        report.errors,
        plural(report.errors, "error", "errors"),
        for_whom(report.customers)
    );
    match &report.event {
        Event::Alarm(alarm) => format!(
            "{who} is in trouble since {}: {count} in {}.",
            day(alarm.at),
            span(from, to)
        ),
        Event::Recovered { alarm, since } => {
            format!(
                "{who} is well again since {}. It took {}: {count}.",
                day(alarm.at),
                span(*since, alarm.at)
            )
        }
        Event::Failure { .. } => format!("{who} fails in a way that is news: {count}{}.", within(from, to)),
        Event::Digest if report.held_alarms.is_empty() => {
            format!("{who}: {count} from {} to {}.", day(from), day(to))
        }
        Event::Digest => held_lead(report),
    }
}

/// What is still on is said first: it is a page that came late.
fn held_lead(report: &Report) -> String {
    let on: Vec<_> = report
        .held_alarms
        .iter()
        .filter(|alarm| alarm.since.is_some())
        .collect();
    let late = "No mail had room for this before: the mail budget was used up.";
    let Some((first, since)) = on.first().and_then(|first| Some((first, first.since?))) else {
        let all = report.held_alarms.len() as u64 + report.more_held_alarms;
        let were = plural(all, "alarm was on, and is over", "alarms were on, and are over");
        return format!("{all} {were}. {late}");
    };
    let more = match on.len() as u64 - 1 + report.more_held_alarms {
        0 => String::new(),
        more => format!(", and {more} {} more", plural(more, "alarm", "alarms")),
    };
    format!("Alarm {} is on since {}{more}. {late}", first.name, day(since))
}

/// Failures of one second have no span.
fn within(from: Timestamp, to: Timestamp) -> String {
    match to.as_second() - from.as_second() {
        0 => format!(" at {}", clock(from)),
        _ => format!(" in {}", span(from, to)),
    }
}

fn for_whom(customers: Customers) -> String {
    match customers {
        Customers::Unknown => String::new(),
        Customers::Exactly(count) => format!(" for {count} {}", plural(count, "customer", "customers")),
        Customers::About(count) => format!(" for about {count} customers"),
    }
}

fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

fn what(report: &Report) -> Vec<Line> {
    match &report.event {
        Event::Alarm(alarm) | Event::Recovered { alarm, .. } => [
            Line::Words(format!("Alarm {}", alarm.name)),
            Line::Detail(alarm.description.clone()),
            Line::Detail(alarm.reason.clone()),
        ]
        .into_iter()
        .filter(|line| !matches!(line, Line::Detail(text) if text.is_empty()))
        .collect(),
        Event::Failure { .. } | Event::Digest => Vec::new(),
    }
}

fn errors(report: &Report) -> Vec<Line> {
    let mut lines: Vec<Line> = report
        .groups
        .iter()
        .flat_map(|group| group_lines(group, report))
        .collect();
    if report.more_groups > 0 {
        let kinds = plural(report.more_groups, "kind", "kinds");
        lines.push(Line::Words(format!("and {} {kinds} more", report.more_groups)));
    }
    lines
}

fn group_lines(group: &Group, report: &Report) -> [Line; 2] {
    let what: Vec<&str> = [group.code.as_str(), group.title.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let news = group
        .news
        .map(|news| format!("{}, ", word(news)))
        .unwrap_or_default();
    let service = if group.service == report.service {
        String::new()
    } else {
        format!("{}, ", group.service)
    };
    [
        Line::Words(format!("{}x {}", group.count, what.join(": "))),
        Line::Detail(format!(
            "{news}{service}first seen {}, fingerprint {}",
            day(group.first),
            group.fingerprint
        )),
    ]
}

fn case(sample: &Sample) -> Vec<Line> {
    let id = match (sample.correlation_id.as_str(), sample.request_id.as_str()) {
        ("", "") => "without a correlation ID".to_owned(),
        ("", request) => format!("request ID {request}, without a correlation ID"),
        (id, _) => format!("correlation ID {id}"),
    };
    let mut lines = vec![Line::Words(format!("{} {id}", clock(sample.at)))];
    let mut messages = sample.messages.iter();
    lines.extend(messages.next().map(|message| Line::Detail(message.clone())));
    lines.extend(messages.map(|cause| Line::Detail(format!("because {cause}"))));
    lines.extend(sample.story.iter().cloned().map(Line::Code));
    lines
}

fn changes(report: &Report) -> Vec<Line> {
    let line = |change: &super::Change| Line::Words(format!("{} {}", clock(change.at), change.what));
    report.changes.iter().map(line).collect()
}

fn runbook(report: &Report) -> Vec<Line> {
    let link = (!report.links.runbook.is_empty()).then(|| Line::Link(report.links.runbook.clone()));
    let steps = report.steps.iter().enumerate().flat_map(|(n, step)| {
        let command = (!step.command.is_empty()).then(|| Line::Code(step.command.clone()));
        std::iter::once(Line::Words(format!("{}. {}", n + 1, step.what))).chain(command)
    });
    link.into_iter().chain(steps).collect()
}

fn look_at(report: &Report) -> Vec<Line> {
    let dashboard = (!report.links.dashboard.is_empty()).then(|| Line::Link(report.links.dashboard.clone()));
    let query = report.links.query.lines().map(|line| Line::Code(line.to_owned()));
    dashboard.into_iter().chain(query).collect()
}

/// Alarms that come late have a part of their own; in a mail about something else they stand at its end.
fn alarms(report: &Report) -> Vec<Line> {
    match report.event {
        Event::Digest => alarm_lines(report),
        Event::Alarm(_) | Event::Recovered { .. } | Event::Failure { .. } => Vec::new(),
    }
}

fn alarm_lines(report: &Report) -> Vec<Line> {
    let line = |alarm: &super::HeldAlarm| {
        Line::Words(match alarm.since {
            Some(since) => format!("Alarm {} is on since {}.", alarm.name, day(since)),
            None => format!("Alarm {} was on, and is over.", alarm.name),
        })
    };
    let more = (report.more_held_alarms > 0).then(|| {
        let alarms = plural(report.more_held_alarms, "alarm", "alarms");
        Line::Words(format!("and {} {alarms} more", report.more_held_alarms))
    });
    report.held_alarms.iter().map(line).chain(more).collect()
}

fn held(report: &Report) -> Vec<Line> {
    let held = (report.held > 0).then(|| {
        Line::Words(format!(
            "{} {} not sent since the last one: the mail budget was used up.",
            report.held,
            plural(report.held, "mail was", "mails were")
        ))
    });
    let alarms = match report.event {
        Event::Digest => Vec::new(),
        Event::Alarm(_) | Event::Recovered { .. } | Event::Failure { .. } => alarm_lines(report),
    };
    held.into_iter().chain(alarms).collect()
}
