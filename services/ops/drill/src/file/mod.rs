//! Drill files: YAML with one drill in every document, perhaps many times over (`matrix`). `tests/drills/README.md` is the
//! format for people.

mod fault;
mod load;
mod matrix;
mod may;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use alarms::document::{self, Content, Fields, Node, Place, Wrong};
use alarms::scenario::duration;

use crate::drill::{Drill, Evidence, Expect, Mail, Remedy};

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct FileError {
    /// As the caller calls it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl FileError {
    pub(crate) fn of(file: &str, wrong: Wrong) -> Self {
        Self {
            file: file.to_owned(),
            line: wrong.at.line,
            column: wrong.at.column,
            message: wrong.message,
        }
    }
}

/// The drills of a file, which is called `file` in errors.
///
/// # Errors
/// It is not YAML, or something in it is no drill.
pub fn read(file: &str, text: &str) -> Result<Vec<Drill>, FileError> {
    drills(file, text).map_err(|wrong| FileError::of(file, wrong))
}

fn drills(file: &str, text: &str) -> Result<Vec<Drill>, Wrong> {
    let mut found: Vec<Drill> = Vec::new();
    for document in document::read(text)?.iter().filter(|node| !node.is_null()) {
        for node in matrix::instances(document)? {
            let drill = drill(file, &node)?;
            if found.iter().any(|other| other.name == drill.name) {
                return Err(Wrong::new(
                    node.at,
                    format!("the drill {} is there twice", drill.name),
                ));
            }
            found.push(drill);
        }
    }
    if found.is_empty() {
        return Err(Wrong::new(Place { line: 1, column: 1 }, "the file has no drill"));
    }
    Ok(found)
}

const MEMBERS: [&str; 9] = [
    "name", "summary", "matrix", "faults", "load", "expect", "heal", "needs", "alone",
];

fn drill(file: &str, node: &Node) -> Result<Drill, Wrong> {
    let fields = Fields::of(node, "a drill", &MEMBERS)?;
    let faults = items(&fields, "faults")?
        .iter()
        .map(fault::read)
        .collect::<Result<Vec<_>, _>>()?;
    let load = items(&fields, "load")?
        .iter()
        .map(load::read)
        .collect::<Result<Vec<_>, _>>()?;
    if faults.is_empty() && load.is_empty() {
        return Err(Wrong::new(
            fields.at,
            "a drill has `faults`, a list of what goes wrong, or a `load` that is wrong by itself",
        ));
    }
    let heal = items(&fields, "heal")?
        .iter()
        .map(remedy)
        .collect::<Result<Vec<_>, _>>()?;
    let drill = Drill {
        name: required(&fields, "name", name)?,
        summary: required(&fields, "summary", not_empty)?,
        file: file.to_owned(),
        line: node.at.line,
        faults,
        load,
        expect: expect(required_node(&fields, "expect")?)?,
        heal,
        needs: fields.get("needs")?.unwrap_or_default(),
        is_alone: fields.get("alone")?.unwrap_or(false),
    };
    match may::unfounded(&drill) {
        None => Ok(drill),
        Some(told) => Err(Wrong::new(required_node(&fields, "expect")?.at, told)),
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.len() <= 100 && text.chars().all(is_word) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is no name: expected up to 100 lower case letters, digits and dashes"
    ))
}

fn not_empty(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text.to_owned())
}

fn expect(node: &Node) -> Result<Expect, Wrong> {
    let known = [
        "alarms",
        "shared",
        "stays",
        "may",
        "pages",
        "tickets",
        "within",
        "cleared-within",
        "evidence",
        "mails",
        "direct",
        "mailed-late",
    ];
    let fields = Fields::of(node, "what is expected", &known)?;
    let names = |name: &str| -> Result<BTreeSet<String>, Wrong> {
        let listed: Vec<String> = fields.get(name)?.unwrap_or_default();
        let mut names = BTreeSet::new();
        for listed in listed {
            if !names.insert(listed.clone()) {
                let at = fields.node(name).map_or(node.at, |node| node.at);
                return Err(Wrong::new(at, format!("{listed} is there twice")));
            }
        }
        Ok(names)
    };
    let shared = names("shared")?;
    let mut alarms = names("alarms")?;
    if let Some(twice) = shared.iter().find(|name| alarms.contains(*name)) {
        let at = fields.node("shared").map_or(node.at, |node| node.at);
        return Err(Wrong::new(at, format!("{twice} is shared and among the alarms")));
    }
    alarms.extend(shared.iter().cloned());
    let expect = Expect {
        alarms,
        shared,
        stays: names("stays")?,
        may: names("may")?,
        pages: names("pages")?,
        tickets: names("tickets")?,
        within: required(&fields, "within", duration::seconds)?,
        cleared_within: required(&fields, "cleared-within", duration::seconds)?,
        evidence: fields.node("evidence").map(evidence).transpose()?,
        mails: items(&fields, "mails")?
            .iter()
            .map(mail)
            .collect::<Result<_, _>>()?,
        direct: names("direct")?,
        mailed_late: names("mailed-late")?,
    };
    let excepted = expect
        .evidence
        .as_ref()
        .map_or_else(BTreeSet::new, |evidence| evidence.except.clone());
    let parts = [
        ("stays", &expect.stays),
        ("pages", &expect.pages),
        ("tickets", &expect.tickets),
        ("the evidence's except", &excepted),
    ];
    for (set, names) in parts {
        if let Some(other) = names.difference(&expect.alarms).next() {
            let at = fields.node(set).map_or(node.at, |node| node.at);
            let message = format!("{other} is in {set} and not among the alarms");
            return Err(Wrong::new(at, message));
        }
    }
    let told = &expect.pages | &expect.tickets;
    for (set, names) in [("direct", &expect.direct), ("mailed-late", &expect.mailed_late)] {
        if let Some(other) = names.difference(&told).next() {
            let at = fields.node(set).map_or(node.at, |node| node.at);
            let message = format!("{other} is in {set} and neither among the pages nor the tickets");
            return Err(Wrong::new(at, message));
        }
    }
    Ok(expect)
}

fn evidence(node: &Node) -> Result<Evidence, Wrong> {
    let fields = Fields::of(node, "the evidence", &["error", "except"])?;
    Ok(Evidence {
        error: required(&fields, "error", not_empty)?,
        except: fields.get("except")?.unwrap_or_default(),
    })
}

fn mail(node: &Node) -> Result<Mail, Wrong> {
    let known = [
        "subject",
        "alarm",
        "text",
        "error",
        "fingerprint",
        "case",
        "runbook",
    ];
    let fields = Fields::of(node, "a mail", &known)?;
    Ok(Mail {
        subject: fields.get("subject")?.unwrap_or_default(),
        alarm: fields.get("alarm")?,
        text: fields.get("text")?.unwrap_or_default(),
        error: fields.get("error")?,
        has_fingerprint: fields.get("fingerprint")?.unwrap_or(false),
        has_case: fields.get("case")?.unwrap_or(false),
        runbook: fields.get("runbook")?,
    })
}

fn remedy(node: &Node) -> Result<Remedy, Wrong> {
    let known = ["redrive", "purge", "stop-executions"];
    let fields = Fields::of(node, "a step of healing", &known)?;
    let given: Vec<&str> = known
        .into_iter()
        .filter(|name| fields.node(name).is_some())
        .collect();
    let [name] = given[..] else {
        return Err(Wrong::new(
            node.at,
            format!("expected one of {}", known.join(", ")),
        ));
    };
    let of = required(&fields, name, not_empty)?;
    Ok(match name {
        "redrive" => Remedy::Redrive(of),
        "purge" => Remedy::Purge(of),
        _ => Remedy::StopExecutions(of),
    })
}

/// The items of a list; none when the member is not there.
fn items<'a>(fields: &Fields<'a>, name: &str) -> Result<&'a [Node], Wrong> {
    match fields.node(name) {
        None => Ok(&[]),
        Some(Node {
            content: Content::List(items),
            ..
        }) => Ok(items),
        Some(node) => Err(Wrong::new(
            node.at,
            format!("{name} is a list, not {}", node.kind()),
        )),
    }
}

fn required_node<'a>(fields: &Fields<'a>, name: &str) -> Result<&'a Node, Wrong> {
    fields
        .node(name)
        .ok_or_else(|| Wrong::new(fields.at, format!("`{name}` is missing")))
}

fn required<T, E: std::fmt::Display>(
    fields: &Fields<'_>,
    name: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<T, Wrong> {
    required_node(fields, name)?;
    let found = fields.parse(name, read)?;
    found.ok_or_else(|| Wrong::new(fields.at, format!("`{name}` is missing")))
}

/// Text as it is written.
fn text(written: &str) -> Result<String, String> {
    Ok(written.to_owned())
}
