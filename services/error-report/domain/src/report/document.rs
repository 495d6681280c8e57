//! What is said, in order: sections with lines. Both writers write this, so that text and HTML say the same.

use jiff::Timestamp;

use super::moment::{clock, day, span};
use super::subject::word;
use super::{Customers, Event, Group, Report, Sample, letters};

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

/// What is said of a report. What is typed next stands before all that is long, so that no cut takes it away.
#[must_use]
pub fn document(report: &Report) -> Document {
    let sections = match &report.event {
        Event::Recovered { .. } => over(report),
        Event::Alarm(_) | Event::WasOn { .. } | Event::Failure { .. } | Event::Digest => all(report),
    };
    Document {
        lead: lead(report),
        sections: sections.into_iter().flatten().collect(),
    }
}

/// What whoever was woken wants to know when it is over: what it was, and whether that is true. All else stood in the page.
fn over(report: &Report) -> Vec<Option<Section>> {
    vec![
        section("THE ERRORS", own_errors(report)),
        section("IS IT REALLY OVER", runbook(report)),
        section("WHAT", what(report)),
        section("NOT KNOWN", lacks(report)),
        section("NOT MAILED", held(report)),
    ]
}

fn lacks(report: &Report) -> Vec<Line> {
    let lacks = report.lacks.iter();
    lacks.map(|lack| Line::Words(limited(lack))).collect()
}

fn all(report: &Report) -> Vec<Option<Section>> {
    let sample = report.sample.as_ref();
    vec![
        section("WHAT", what(report)),
        section("THE ALARMS", alarms(report)),
        section("THE ERRORS", errors(report)),
        section(
            "IN THE QUEUE",
            report
                .letters
                .as_ref()
                .map(|letters| letters::lines(letters, report.window.1))
                .unwrap_or_default(),
        ),
        section(
            "ONE CASE",
            sample.map(|sample| case(sample, report)).unwrap_or_default(),
        ),
        section("WHAT CHANGED", changes(report)),
        section(
            "NOW TYPE",
            report.links.commands.iter().cloned().map(Line::Code).collect(),
        ),
        section("RUNBOOK", runbook(report)),
        section("HOPS OF THE CASE", sample.map(hops).unwrap_or_default()),
        section("MEANWHILE ELSEWHERE", elsewhere(report)),
        section("LOOK AT", look_at(report)),
        section("NOT KNOWN", lacks(report)),
        section("NOT MAILED", held(report)),
    ]
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
    let count = counted(report);
    let unknown = unknown_customers(report);
    match &report.event {
        Event::Alarm(alarm) | Event::WasOn { alarm, .. } if alarm.is_test => {
            "This is the daily test, and all is well with the way of mails: nothing is wrong, there is nothing to do.".to_owned()
        }
        Event::Recovered { alarm, .. } if alarm.is_test => {
            "The daily test is over. All is well with the way of mails, and nothing was wrong.".to_owned()
        }
        Event::Alarm(alarm) => {
            let counted_from = alarm.began.unwrap_or(from);
            let count = count.map(|count| format!(": {count} in {}", span(counted_from, to)));
            let since = match alarm.began {
                Some(began) => format!("{} (the alarm is on since {})", day(began), clock(alarm.at)),
                None => day(alarm.at),
            };
            format!(
                "{who} is in trouble since {since}{}.{unknown}",
                count.unwrap_or_default()
            )
        }
        Event::WasOn { alarm, over } => {
            let count = count.map(|count| format!(": {count}"));
            format!(
                "{who} was in trouble from {} to {}, for {}{}.{unknown} Nobody was told while it lasted: the notification of its end came first.",
                day(alarm.at),
                day(*over),
                span(alarm.at, *over),
                count.unwrap_or_default()
            )
        }
        Event::Recovered { alarm, since } => {
            let count = count.map(|count| format!(", {count}"));
            format!(
                "OK after {}{}: {who} is well again since {}.{unknown}",
                span(*since, alarm.at),
                count.unwrap_or_default(),
                day(alarm.at)
            )
        }
        Event::Failure { .. } => {
            let count = count.unwrap_or_default();
            format!(
                "{who} fails in a way that is news: {count}{}.{unknown}",
                within(from, to)
            )
        }
        Event::Digest if report.held_alarms.is_empty() => {
            format!(
                "{who}: {} from {} to {}.",
                count.unwrap_or_default(),
                day(from),
                day(to)
            )
        }
        Event::Digest => held_lead(report),
    }
}

/// How many errors, and for whom. Of an alarm that names no function nothing is said where no line names what it watches: errors of
/// all functions are not its errors.
fn counted(report: &Report) -> Option<String> {
    if report.errors == 0 && report.elsewhere.is_some() {
        return None;
    }
    Some(format!(
        "{} {}{}",
        report.errors,
        plural(report.errors, "error", "errors"),
        for_whom(report.customers)
    ))
}

fn unknown_customers(report: &Report) -> &'static str {
    match report.customers {
        Customers::Unknown if report.errors > 0 => " The lines name no customer.",
        _ => "",
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
        Customers::AtLeast(count) => {
            format!(" for at least {count} {}", plural(count, "customer", "customers"))
        }
    }
}

pub(super) fn plural<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

fn what(report: &Report) -> Vec<Line> {
    match &report.event {
        Event::Recovered { alarm, .. } => vec![Line::Words(format!("Alarm {}", alarm.name))],
        Event::Alarm(alarm) | Event::WasOn { alarm, .. } => [
            Line::Words(format!("Alarm {}", alarm.name)),
            Line::Detail(limited(&without_links(&alarm.description))),
            Line::Detail(limited(&alarm.reason)),
        ]
        .into_iter()
        .filter(|line| !matches!(line, Line::Detail(text) if text.is_empty()))
        .collect(),
        Event::Failure { .. } | Event::Digest => Vec::new(),
    }
}

/// What the mail has in places of their own, and as links.
fn without_links(description: &str) -> String {
    let is_link = |line: &str| line.starts_with("Runbook: ") || line.starts_with("Dashboard: ");
    let kept: Vec<&str> = description
        .lines()
        .filter(|line| !is_link(line.trim_start()))
        .collect();
    kept.join("\n").trim_end().to_owned()
}

/// An invocation that fails may write several lines, and each kind counts its own.
fn of_lines(report: &Report) -> Option<Line> {
    let is_alarm = match &report.event {
        Event::Alarm(_) | Event::Recovered { .. } | Event::WasOn { .. } => true,
        Event::Failure { .. } | Event::Digest => false,
    };
    let errors = report.errors;
    let lines: u64 = report.groups.iter().map(|group| group.count).sum();
    (is_alarm && report.more_groups == 0 && lines != errors && errors > 0).then(|| {
        let invocations = plural(errors, "invocation", "invocations");
        Line::Words(format!(
            "{errors} {invocations} failed, and wrote {lines} lines, which are counted above."
        ))
    })
}

fn own_errors(report: &Report) -> Vec<Line> {
    let mut lines = groups(&report.groups, report.more_groups, report);
    if !lines.is_empty() {
        lines.extend(of_lines(report));
    }
    lines
}

fn errors(report: &Report) -> Vec<Line> {
    let mut lines = own_errors(report);
    if let Some(elsewhere) = &report.elsewhere
        && lines.is_empty()
    {
        lines = elsewhere_lines(elsewhere, report);
    }
    lines
}

/// Others of the same time, where some are the alarm's.
fn elsewhere(report: &Report) -> Vec<Line> {
    match &report.elsewhere {
        Some(elsewhere) if !report.groups.is_empty() => elsewhere_lines(elsewhere, report),
        _ => Vec::new(),
    }
}

fn elsewhere_lines(elsewhere: &super::Elsewhere, report: &Report) -> Vec<Line> {
    let lines = groups(&elsewhere.groups, elsewhere.more_groups, report);
    if lines.is_empty() {
        return lines;
    }
    let functions = elsewhere.functions;
    let whose = match report.groups.is_empty() {
        true => format!(
            "The alarm names no function. These are the errors of all {functions} functions in its window"
        ),
        false => format!("Other errors of all {functions} functions in the alarm's window"),
    };
    let count = format!(
        "{whose}, {} in all; they may have nothing to do with it.",
        elsewhere.errors
    );
    std::iter::once(Line::Words(count)).chain(lines).collect()
}

fn groups(groups: &[Group], more: u64, report: &Report) -> Vec<Line> {
    let mut lines: Vec<Line> = groups
        .iter()
        .flat_map(|group| group_lines(group, report))
        .collect();
    if more > 0 {
        let kinds = plural(more, "kind", "kinds");
        lines.push(Line::Words(format!("and {more} {kinds} more")));
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
        Line::Words(limited(&format!("{}x {}", group.count, what.join(": ")))),
        Line::Detail(format!(
            "{news}{service}first seen {}, fingerprint {}",
            day(group.first),
            group.fingerprint
        )),
    ]
}

/// Characters of one text of others that are shown: a body of 200 KB is no message.
const SHOWN: usize = 1_000;
/// Messages of a case that are shown: the first and its causes.
const CAUSES: usize = 8;

/// Not longer than is shown, and how much is left out.
pub(super) fn limited(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{} ... ({left} characters left out)", &text[..end])
        }
    }
}

fn case(sample: &Sample, report: &Report) -> Vec<Line> {
    let id = match (sample.correlation_id.as_str(), sample.request_id.as_str()) {
        ("", "") => "without a correlation ID".to_owned(),
        ("", request) => format!("request ID {request}, without a correlation ID"),
        (id, _) => format!("correlation ID {id}"),
    };
    let mut lines = vec![Line::Words(format!("{} {}", clock(sample.at), limited(&id)))];
    if report.elsewhere.is_some() && report.groups.is_empty() {
        let unsure = "one of these errors, which may have nothing to do with the alarm";
        lines.push(Line::Detail(unsure.to_owned()));
    }
    let mut messages = sample.messages.iter().take(CAUSES);
    lines.extend(messages.next().map(|message| Line::Detail(limited(message))));
    lines.extend(messages.map(|cause| Line::Detail(format!("because {}", limited(cause)))));
    if let more @ 1.. = sample.messages.len().saturating_sub(CAUSES) {
        let causes = plural(more as u64, "cause", "causes");
        lines.push(Line::Detail(format!("and {more} {causes} more")));
    }
    lines
}

fn hops(sample: &Sample) -> Vec<Line> {
    sample.story.iter().map(|hop| Line::Code(limited(hop))).collect()
}

fn changes(report: &Report) -> Vec<Line> {
    let line =
        |change: &super::Change| Line::Words(format!("{} {}", clock(change.at), limited(&change.what)));
    let more = (report.more_changes > 0).then(|| Line::Words(format!("and {} more", report.more_changes)));
    report.changes.iter().map(line).chain(more).collect()
}

fn runbook(report: &Report) -> Vec<Line> {
    let links = &report.links;
    let page = match (links.runbook.as_str(), links.page_command.as_str()) {
        ("", "") => None,
        ("", command) => Some(Line::Code(command.to_owned())),
        (address, _) => Some(Line::Link(address.to_owned())),
    };
    let steps = report.steps.iter().enumerate().flat_map(|(n, step)| {
        let command = (!step.command.is_empty()).then(|| Line::Code(step.command.clone()));
        std::iter::once(Line::Words(format!("{}. {}", n + 1, step.what))).chain(command)
    });
    page.into_iter().chain(steps).collect()
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
        Event::Alarm(_) | Event::Recovered { .. } | Event::WasOn { .. } | Event::Failure { .. } => Vec::new(),
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
        Event::Alarm(_) | Event::Recovered { .. } | Event::WasOn { .. } | Event::Failure { .. } => {
            alarm_lines(report)
        }
    };
    held.into_iter().chain(alarms).collect()
}
