//! Gathers what checks find.

use ::alarms::lint::{Check, Finding};

use super::places::Places;

/// What was found so far in one dashboard.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    resource: String,
    places: Places,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(file: &str, resource: &str, places: Places) -> Self {
        Self {
            file: file.to_owned(),
            resource: resource.to_owned(),
            places,
            findings: Vec::new(),
        }
    }

    /// A finding at a path of the body.
    pub(super) fn say(&mut self, check: &Check, path: &str, message: impl AsRef<str>) {
        let at = self.places.of_path(path);
        let message = message.as_ref();
        let message = if path.is_empty() {
            message.to_owned()
        } else {
            format!("{path}: {message}")
        };
        self.at(check, at, message);
    }

    /// A finding at a place of the file.
    pub(super) fn at(&mut self, check: &Check, (line, column): (usize, usize), message: String) {
        self.findings.push(Finding {
            file: self.file.clone(),
            line: line.max(1),
            column: column.max(1),
            check: check.name,
            severity: check.severity,
            resource: self.resource.clone(),
            message,
        });
    }
}
