//! A mapping with known names, taken entry by entry.

use serde::de::DeserializeOwned;

use super::{Content, Node, Place, Wrong, value};

/// The entries of a mapping that has only known names.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// Where the mapping begins.
    pub at: Place,
    node: &'a Node,
}

impl<'a> Fields<'a> {
    /// `what` it is, for errors.
    ///
    /// # Errors
    /// It is no mapping, or has a name that is not `known`.
    pub fn of(node: &'a Node, what: &str, known: &[&str]) -> Result<Self, Wrong> {
        let Content::Map(entries) = &node.content else {
            let message = format!(
                "expected {what}: a mapping of {}, not {}",
                known.join(", "),
                node.kind()
            );
            return Err(Wrong::new(node.at, message));
        };
        if let Some((name, _)) = entries
            .iter()
            .find(|(name, _)| !known.contains(&name.text.as_str()))
        {
            let message = format!(
                "`{}` is not known in {what}, expected one of {}",
                name.text,
                known.join(", ")
            );
            return Err(Wrong::new(name.at, message));
        }
        Ok(Self { at: node.at, node })
    }

    /// The value of this name; an empty one is none.
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        let Content::Map(entries) = &self.node.content else {
            return None;
        };
        let (_, value) = entries.iter().find(|(found, _)| found.text == name)?;
        (!value.is_null()).then_some(value)
    }

    /// The value of this name as a type.
    ///
    /// # Errors
    /// It is something else.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Wrong> {
        self.node(name).map(value).transpose()
    }

    /// The value of this name, read from its text; `read` says what is wrong with it.
    ///
    /// # Errors
    /// It is no text, or `read` refuses it.
    pub fn parse<T, E: std::fmt::Display>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Wrong> {
        let Some(node) = self.node(name) else {
            return Ok(None);
        };
        let text = node
            .text()
            .ok_or_else(|| Wrong::new(node.at, format!("{name} is text, not {}", node.kind())))?;
        read(text)
            .map(Some)
            .map_err(|error| Wrong::new(node.at, format!("{name}: {error}")))
    }
}
