//! What is wrong with a template, for the person who mends it. All that is found is told, not only the first.

use std::fmt;

use crate::document::ReadError;
use crate::node::Place;

/// More than this many are not told: the first ones explain the rest.
const MOST: usize = 50;

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As the caller or its loader named it.
    pub file: String,
    /// Where in the file.
    pub at: Place,
    /// Logical ID of the resource; none when it is in another section.
    pub resource: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

/// Everything wrong, at least one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problem {
    pub(crate) fn of_reading(file: &str, error: &ReadError, resource: Option<String>) -> Self {
        let text = error.to_string();
        let what = match text.strip_prefix(&format!("line {}: ", error.at().line)) {
            Some(what) => what.to_owned(),
            None => text,
        };
        Self {
            file: file.to_owned(),
            at: error.at(),
            resource,
            what,
            cure: "write it as YAML or JSON that CloudFormation reads".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.at)?;
        if let Some(resource) = &self.resource {
            write!(f, "{resource}: ")?;
        }
        write!(f, "{}; {}", self.what, self.cure)
    }
}

impl std::error::Error for Problem {}

impl Problems {
    /// In the order of their discovery.
    #[must_use]
    pub fn all(&self) -> &[Problem] {
        &self.0
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        if self.0.len() < MOST && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One line each.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
