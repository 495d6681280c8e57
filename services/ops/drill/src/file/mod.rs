//! Drill files: YAML with one drill in every document, perhaps many times over (`matrix`). `tests/drills/README.md` is the
//! format for people.

mod expect;
mod fault;
mod load;
mod matrix;
mod may;
#[cfg(test)]
pub(crate) mod tests;

use alarms::document::{self, Content, Fields, Node, Place, Wrong};

use crate::drill::{Drill, Remedy};

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
        expect: expect::read(required_node(&fields, "expect")?)?,
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

fn remedy(node: &Node) -> Result<Remedy, Wrong> {
    let known = ["redrive", "purge", "stop-executions", "step"];
    let fields = Fields::of(node, "a step of healing", &[&known[..], &["page"]].concat())?;
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
        "step" => Remedy::Step {
            page: required(&fields, "page", not_empty)?,
            step: of,
        },
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
