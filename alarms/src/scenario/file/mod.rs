//! Scenario files: YAML with one scenario or a list of them in every document.

mod family;
mod scenario;
mod subject;

use std::collections::BTreeMap;

use crate::document::{self, Content, Wrong};
use crate::model::Definition;

use super::Scenario;

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

/// The scenarios of a file. `alarms` are those that it may name by `alarm:`; `file` is for errors.
///
/// # Errors
/// The text is not YAML, or something in it is no scenario. Nothing is evaluated before all of a file is understood.
pub fn read(
    file: &str,
    text: &str,
    alarms: &BTreeMap<String, Definition>,
) -> Result<Vec<Scenario>, FileError> {
    scenarios(text, alarms).map_err(|wrong| FileError {
        file: file.to_owned(),
        line: wrong.at.line,
        column: wrong.at.column,
        message: wrong.message,
    })
}

fn scenarios(text: &str, alarms: &BTreeMap<String, Definition>) -> Result<Vec<Scenario>, Wrong> {
    let mut found = Vec::new();
    for document in document::read(text)? {
        match &document.content {
            Content::List(items) => {
                for item in items {
                    family(item, alarms, &mut found)?;
                }
            }
            _ if document.is_null() => {}
            _ => family(&document, alarms, &mut found)?,
        }
    }
    if found.is_empty() {
        let at = document::Place { line: 1, column: 1 };
        return Err(Wrong::new(at, "the file has no scenario"));
    }
    Ok(found)
}

fn family(
    node: &document::Node,
    alarms: &BTreeMap<String, Definition>,
    found: &mut Vec<Scenario>,
) -> Result<(), Wrong> {
    for one in family::expand(node, alarms)? {
        found.push(scenario::read(&one, alarms)?);
    }
    Ok(())
}
