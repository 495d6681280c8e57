//! What is wrong with a definition: every limit that it breaks, with the property at fault.

use std::fmt;

/// One thing that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The property, with CloudFormation's names: `Metrics[1].Expression`.
    pub property: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.message)
    }
}

/// A definition that CloudWatch would refuse, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Gathers problems.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Problem>);

impl Findings {
    pub(crate) fn say(&mut self, property: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            property: property.into(),
            message: message.into(),
        });
    }

    pub(crate) fn say_if(&mut self, wrong: bool, property: &str, message: impl FnOnce() -> String) {
        if wrong {
            self.say(property, message());
        }
    }

    pub(crate) fn into_result(self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Invalid { problems: self.0 })
        }
    }
}
