//! Names in commands: queues, functions, tables, alarms and the rest that begin with the group's name, metrics of AWS services, and
//! figures that the template decides.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Refusal, Source, Surroundings, finding, line};
use crate::expectation::Expectation;
use crate::near::suggestion;
use crate::page::{Page, Step};

/// What is known of the group's resources.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// With what their names begin, `-` included: `shopfast-`. Names are not checked when it is empty.
    pub prefix: String,
    /// Names of resources.
    pub names: BTreeSet<String>,
    /// Functions, by name.
    pub functions: BTreeMap<String, Figures>,
}

/// What the template gives a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Seconds.
    pub timeout: u32,
    /// MB.
    pub memory: u32,
}

/// A name in a word that nothing has.
pub(super) fn unknown(words: &[String], known: &Known, alarms: &BTreeSet<&str>) -> Option<Refusal> {
    if known.prefix.is_empty() {
        return None;
    }
    let all = || {
        known
            .names
            .iter()
            .map(String::as_str)
            .chain(alarms.iter().copied())
    };
    let is_known = |name: &str| match name.ends_with('-') {
        // The beginning of several.
        true => all().any(|one| one.starts_with(name)),
        false => known.names.contains(name) || alarms.contains(name),
    };
    words.iter().enumerate().find_map(|(word, text)| {
        let name = names_in(text, &known.prefix).find(|name| !is_known(name))?;
        let near = suggestion(name, all());
        Some(Refusal {
            check: "unknown-name",
            word,
            message: format!("nothing in the template is called `{name}`, and no alarm{near}"),
        })
    })
}

/// The names in a word that begin with the prefix.
pub(super) fn names_in<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(prefix).filter_map(move |(at, _)| {
        let begins = !text[..at].ends_with(is_of_name);
        let rest = &text[at..];
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        begins.then_some(&rest[..end])
    })
}

/// `shopwatch metrics get NAMESPACE NAME`: is there such a metric?
pub(super) fn metric(words: &[String], surroundings: &dyn Surroundings) -> Option<Refusal> {
    let ["shopwatch", "metrics", "get", namespace, name, ..] =
        words.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let message = surroundings.no_metric(namespace, name)?;
    Some(Refusal {
        check: "unknown-metric",
        word: 4,
        message,
    })
}

/// Figures that have become wrong: conditions on a function's time and memory, and changes that change nothing.
pub(super) fn stale_figures(source: &Source, page: &Page, known: &Known) -> Vec<Finding> {
    let steps: Vec<&Step> = page.sections.iter().flat_map(|section| &section.steps).collect();
    let compared: BTreeSet<&str> = steps
        .iter()
        .flat_map(|step| conditions(step))
        .map(|(field, _)| field)
        .collect();
    let of_step = |step: &&Step| {
        let figures = function_of(&step.command).and_then(|name| known.functions.get(name))?;
        let wrong = wrong_condition(step, *figures).or_else(|| wrong_change(step, *figures, &compared))?;
        Some(finding(source, line(step.command_line), "stale-figure", wrong))
    };
    steps.iter().filter_map(of_step).collect()
}

/// What the template says of a field of `get-function-configuration`, as pages call it.
fn figure(figures: Figures, field: &str) -> u32 {
    match field {
        "timeout" => figures.timeout,
        _ => figures.memory,
    }
}

/// `.timeout < 30`: the fields that a step compares, with what.
fn conditions(step: &Step) -> Vec<(&'static str, u32)> {
    let mut found = Vec::new();
    let judged = step
        .expectations
        .iter()
        .chain(step.findings.iter().map(|one| &one.when));
    for judged in judged {
        let Expectation::Jq(expression) = judged else {
            continue;
        };
        for field in ["timeout", "memory"] {
            let number = number_behind(expression, &format!(".{field} < "));
            found.extend(number.map(|number| (field, number)));
        }
    }
    found
}

fn number_behind(text: &str, before: &str) -> Option<u32> {
    let (_, rest) = text.split_once(before)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The function that a command names by an option.
fn function_of(command: &str) -> Option<&str> {
    let (_, rest) = command.split_once("--function-name ")?;
    rest.split_whitespace().next()
}

fn wrong_condition(step: &Step, figures: Figures) -> Option<String> {
    let mut conditions = conditions(step).into_iter();
    let (field, number) = conditions.find(|(field, number)| figure(figures, field) != *number)?;
    let right = figure(figures, field);
    Some(format!("`.{field} < {number}`: the template says {right}"))
}

/// Less than the template gives is no help, and as much only where it was found that somebody took it away.
fn wrong_change(step: &Step, figures: Figures, compared: &BTreeSet<&str>) -> Option<String> {
    if !step.command.contains("update-function-configuration") {
        return None;
    }
    [("timeout", "--timeout "), ("memory", "--memory-size ")]
        .into_iter()
        .find_map(|(field, option)| {
            let number = number_behind(&step.command, option)?;
            let right = figure(figures, field);
            let changes_nothing = number == right && !compared.contains(field);
            (number < right || changes_nothing)
                .then(|| format!("`{}{number}`: the template says {right} already", option))
        })
}
