//! YAML with the place of every value, and values of it through serde whose errors say where and what was expected.
//!
//! JSON is read too: it is YAML. What a document means is its reader's business; here are no alarms.

mod deserializer;
mod fields;
mod read;

#[cfg(test)]
mod tests;

pub use deserializer::{Error, value};
pub use fields::Fields;
pub use read::{Content, Name, Node, read};

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Its line.
    pub line: usize,
    /// Its column.
    pub column: usize,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub at: Place,
    /// What, and what is expected.
    pub message: String,
}

impl Wrong {
    /// Something wrong at a place.
    pub fn new(at: Place, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}
