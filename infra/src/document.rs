//! One YAML document as a JSON value, CloudFormation's short forms in their long forms, and the place of everything. JSON is
//! read too: it is YAML. Templates, resources and functions are not known here.

use std::collections::BTreeMap;

use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use crate::node::{Data, Entry, Node, Place};
use crate::{intrinsic, json, scalar};

/// Deeper templates are refused; real ones have a third of it.
const MOST_LEVELS: usize = 64;
/// Larger templates are refused, counted with aliases in full. CloudFormation's own limit is 1 MB of text.
const MOST_NODES: usize = 500_000;
/// YAML's merge key. CloudFormation refuses it, SAM's and other packagers replace it before they deploy.
const MERGE: &str = "<<";

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not YAML.
    #[error("line {}: {reason}", at.line)]
    Syntax {
        /// Where.
        at: Place,
        /// The parser's.
        reason: String,
    },
    /// A name is there twice.
    #[error("line {}: {name} is there twice, first in line {}", at.line, first.line)]
    Twice {
        /// Where.
        at: Place,
        /// Of the first.
        first: Place,
        /// The name.
        name: String,
    },
    /// A name is a list or a mapping.
    #[error("line {}: a name must be text", at.line)]
    Name {
        /// Where.
        at: Place,
    },
    /// There is no such short form, or it cannot have this value.
    #[error("line {}: !{tag} is no function of CloudFormation with this value", at.line)]
    Function {
        /// Where.
        at: Place,
        /// As written, without the exclamation mark.
        tag: String,
    },
    /// An alias of what is not complete yet.
    #[error("line {}: an alias stands for what it is in", at.line)]
    Alias {
        /// Where.
        at: Place,
    },
    /// Too deep or too large.
    #[error("line {}: more than {MOST_LEVELS} levels or {MOST_NODES} values", at.line)]
    Size {
        /// Where.
        at: Place,
    },
    /// A second document.
    #[error("line {}: a second document begins", at.line)]
    Documents {
        /// Where.
        at: Place,
    },
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
}

impl ReadError {
    /// Where it is wrong; the beginning for an empty text.
    #[must_use]
    pub fn at(&self) -> Place {
        match self {
            Self::Syntax { at, .. }
            | Self::Twice { at, .. }
            | Self::Name { at }
            | Self::Function { at, .. }
            | Self::Alias { at }
            | Self::Size { at }
            | Self::Documents { at } => *at,
            Self::Empty => Place::START,
        }
    }
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<Node, ReadError> {
    read_naming(text).map_err(|(error, _)| error)
}

/// Reads a text; what is wrong comes with the logical ID of the resource that it is in.
pub(crate) fn read_naming(text: &str) -> Result<Node, (ReadError, Option<String>)> {
    let text = json::as_yaml(text.trim_start_matches('\u{feff}'));
    let mut parser = Parser::new_from_str(&text);
    let mut builder = Builder::default();
    match builder.read(&mut parser) {
        Ok(()) => Ok(builder.root.ok_or((ReadError::Empty, None))?.value),
        Err(error) => {
            let resource = builder.resource(&error);
            Err((syntax(&text, error), resource))
        }
    }
}

/// What was meant as JSON and is none is told as JSON: of YAML its author knows nothing.
fn syntax(text: &str, error: ReadError) -> ReadError {
    match (&error, json::error(text)) {
        (ReadError::Syntax { .. }, Some((at, reason))) => ReadError::Syntax { at, reason },
        _ => error,
    }
}

/// Columns are counted from 1 here, as editors do.
fn place(mark: Marker) -> Place {
    Place {
        line: mark.line(),
        column: mark.col() + 1,
    }
}

/// A complete value with its measures.
#[derive(Debug, Clone)]
struct Measured {
    value: Node,
    nodes: usize,
    levels: usize,
}

/// A list or mapping whose end has not been read.
struct Open {
    at: Place,
    content: Content,
    tag: Option<Tag>,
    anchor: usize,
    nodes: usize,
    levels: usize,
}

enum Content {
    List(Vec<Node>),
    Mapping {
        entries: BTreeMap<String, Entry>,
        name: Option<(String, Place)>,
        /// What `<<` names, the first winning.
        merged: Vec<Node>,
    },
}

/// Builds a value out of the parser's events.
#[derive(Default)]
struct Builder {
    root: Option<Measured>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Measured>,
}

impl Builder {
    fn read(&mut self, parser: &mut Parser<std::str::Chars<'_>>) -> Result<(), ReadError> {
        loop {
            // Event by event: the parser's own loop recurses, and a stack is no limit that can be reported.
            let (event, mark) = parser.next_token().map_err(|error| ReadError::Syntax {
                at: place(*error.marker()),
                reason: error.info().to_owned(),
            })?;
            if event == Event::StreamEnd {
                return Ok(());
            }
            self.take(event, mark)?;
        }
    }

    /// The resource that is being read.
    fn resource(&self, error: &ReadError) -> Option<String> {
        let name = |level: usize| match &self.open.get(level)?.content {
            Content::Mapping { name, .. } => name.as_ref().map(|(name, _)| name.as_str()),
            Content::List(_) => None,
        };
        if name(0) != Some("Resources") {
            return None;
        }
        match (name(1), error) {
            (Some(resource), _) => Some(resource.to_owned()),
            (None, ReadError::Twice { name, .. }) if self.open.len() == 2 => Some(name.clone()),
            _ => None,
        }
    }

    fn take(&mut self, event: Event, mark: Marker) -> Result<(), ReadError> {
        let at = place(mark);
        match event {
            Event::DocumentStart if self.root.is_some() => Err(ReadError::Documents { at }),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == TScalarStyle::Plain && !is_text(tag.as_ref());
                if plain && text == MERGE && self.names_next() {
                    return self.name(MERGE.to_owned(), at);
                }
                let data = if plain {
                    scalar::typed(&text)
                } else {
                    Data::Text(text)
                };
                let node = Measured {
                    value: Node::new(at, data),
                    nodes: 1,
                    levels: 1,
                };
                self.complete(node, tag, anchor, at)
            }
            Event::SequenceStart(anchor, tag) => self.begin(Content::List(Vec::new()), tag, anchor, at),
            Event::MappingStart(anchor, tag) => {
                let content = Content::Mapping {
                    entries: BTreeMap::new(),
                    name: None,
                    merged: Vec::new(),
                };
                self.begin(content, tag, anchor, at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                self.place(node.ok_or(ReadError::Alias { at })?, at)
            }
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        content: Content,
        tag: Option<Tag>,
        anchor: usize,
        at: Place,
    ) -> Result<(), ReadError> {
        if self.open.len() >= MOST_LEVELS {
            return Err(ReadError::Size { at });
        }
        self.open.push(Open {
            at,
            content,
            tag,
            anchor,
            nodes: 1,
            levels: 1,
        });
        Ok(())
    }

    fn end(&mut self, at: Place) -> Result<(), ReadError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let data = match open.content {
            Content::List(items) => Data::List(items),
            Content::Mapping {
                mut entries, merged, ..
            } => {
                for (name, entry) in merged.into_iter().flat_map(inherited) {
                    entries.entry(name).or_insert(entry);
                }
                Data::Map(entries)
            }
        };
        let node = Measured {
            value: Node::new(open.at, data),
            nodes: open.nodes,
            levels: open.levels,
        };
        self.complete(node, open.tag, open.anchor, at)
    }

    /// A value is complete: its function is applied, its anchor kept.
    fn complete(
        &mut self,
        mut node: Measured,
        tag: Option<Tag>,
        anchor: usize,
        at: Place,
    ) -> Result<(), ReadError> {
        if let Some(Tag { suffix: tag, .. }) = tag.filter(|tag| tag.handle == "!") {
            let begins = node.value.at;
            let long = intrinsic::long_form(&tag, node.value);
            node.value = long.ok_or(ReadError::Function { at: begins, tag })?;
            node.levels += 1;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node, at)
    }

    /// Puts a value where it belongs.
    fn place(&mut self, node: Measured, at: Place) -> Result<(), ReadError> {
        let above = self.open.len();
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.nodes += node.nodes;
        parent.levels = parent.levels.max(node.levels + 1);
        if above + node.levels > MOST_LEVELS || parent.nodes > MOST_NODES {
            return Err(ReadError::Size { at });
        }
        match &mut parent.content {
            Content::List(items) => items.push(node.value),
            Content::Mapping {
                entries,
                name,
                merged,
            } => match name.take() {
                Some((name, _)) if name == MERGE => merged.push(node.value),
                Some((name, at)) => {
                    let value = node.value;
                    entries.insert(name, Entry { at, value });
                }
                None => {
                    let name = node.value.text_of().ok_or(ReadError::Name { at })?;
                    let at = node.value.at;
                    return self.name(name, at);
                }
            },
        }
        Ok(())
    }

    /// The next value is this name's.
    fn name(&mut self, found: String, at: Place) -> Result<(), ReadError> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let Content::Mapping { entries, name, .. } = &mut open.content else {
            return Ok(());
        };
        // The parser sees that a block is a mapping only at the colon of its first name.
        open.at = open.at.min(at);
        if let Some(Entry { at: first, .. }) = entries.get(&found) {
            let first = *first;
            return Err(ReadError::Twice {
                at,
                first,
                name: found,
            });
        }
        *name = Some((found, at));
        Ok(())
    }

    fn names_next(&self) -> bool {
        let content = self.open.last().map(|open| &open.content);
        matches!(content, Some(Content::Mapping { name: None, .. }))
    }
}

/// What a merge key brings: of one mapping, or of a list of them.
fn inherited(node: Node) -> Vec<(String, Entry)> {
    match node.data {
        Data::Map(entries) => entries.into_iter().collect(),
        Data::List(items) => items
            .into_iter()
            .filter_map(|item| match item.data {
                Data::Map(entries) => Some(entries),
                _ => None,
            })
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

fn is_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.suffix == "str" && tag.handle != "!")
}

#[cfg(test)]
#[path = "document/tests.rs"]
mod tests;
