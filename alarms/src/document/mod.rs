//! YAML with the place of every value, and values of it through serde whose errors say where and what was expected.
//!
//! JSON is read too: it is YAML. What a document means is its reader's business; here are no alarms.

mod deserializer;
mod fields;
mod read;

#[cfg(test)]
mod tests;

pub(crate) use deserializer::value;
pub(crate) use fields::Fields;
pub(crate) use read::{Content, Name, Node, read};

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) at: Place,
    pub(crate) message: String,
}

impl Wrong {
    pub(crate) fn new(at: Place, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}
