//! One YAML document as a JSON value, CloudFormation's short forms in their long forms, and the line of every name. JSON is
//! read too: it is YAML. Templates, resources and functions are not known here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use crate::{intrinsic, scalar};

/// Deeper templates are refused; real ones have a third of it.
const MOST_LEVELS: usize = 64;
/// Larger templates are refused, counted with aliases in full. CloudFormation's own limit is 1 MB of text.
const MOST_NODES: usize = 500_000;
/// Names of which the line is kept: sections, and what is in them.
const LEVELS_WITH_LINES: usize = 2;

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not YAML.
    #[error("line {line}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// The parser's.
        reason: String,
    },
    /// A name is there twice.
    #[error("line {line}: {name} is there twice")]
    Twice {
        /// Of the second.
        line: usize,
        /// The name.
        name: String,
    },
    /// A name is a list or a mapping.
    #[error("line {line}: a name must be text")]
    Name {
        /// Counted from 1.
        line: usize,
    },
    /// There is no such short form, or it cannot have this value.
    #[error("line {line}: !{tag} is no function of CloudFormation with this value")]
    Function {
        /// Counted from 1.
        line: usize,
        /// As written, without the exclamation mark.
        tag: String,
    },
    /// An alias of what is not complete yet.
    #[error("line {line}: an alias stands for what it is in")]
    Alias {
        /// Counted from 1.
        line: usize,
    },
    /// Too deep or too large.
    #[error("line {line}: more than {MOST_LEVELS} levels or {MOST_NODES} values")]
    Size {
        /// Where it became too much.
        line: usize,
    },
    /// A second document.
    #[error("line {line}: a second document begins")]
    Documents {
        /// Counted from 1.
        line: usize,
    },
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Document {
    pub(crate) root: Value,
    /// Path of names → line.
    lines: BTreeMap<Vec<String>, usize>,
}

impl Document {
    /// Where this name stands; 1 for a name that is not kept.
    pub(crate) fn line(&self, path: &[&str]) -> usize {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        self.lines.get(&path).copied().unwrap_or(1)
    }
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<Document, ReadError> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        // Event by event: the parser's own loop recurses, and a stack is no limit that can be reported.
        let (event, mark) = parser.next_token().map_err(|error| ReadError::Syntax {
            line: error.marker().line(),
            reason: error.info().to_owned(),
        })?;
        if event == Event::StreamEnd {
            break;
        }
        builder.take(event, mark)?;
    }
    let root = builder.root.ok_or(ReadError::Empty)?;
    Ok(Document {
        root: root.value,
        lines: builder.lines,
    })
}

/// A complete value with its measures.
#[derive(Debug, Clone)]
struct Node {
    value: Value,
    nodes: usize,
    levels: usize,
}

/// A list or mapping whose end has not been read.
struct Open {
    content: Content,
    tag: Option<Tag>,
    anchor: usize,
    nodes: usize,
    levels: usize,
}

enum Content {
    List(Vec<Value>),
    Mapping {
        entries: Map<String, Value>,
        name: Option<String>,
    },
}

/// Builds a value out of the parser's events.
#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    lines: BTreeMap<Vec<String>, usize>,
}

impl Builder {
    fn take(&mut self, event: Event, mark: Marker) -> Result<(), ReadError> {
        let line = mark.line();
        match event {
            Event::DocumentStart if self.root.is_some() => Err(ReadError::Documents { line }),
            Event::Scalar(text, style, anchor, tag) => {
                let value = if style == TScalarStyle::Plain && !is_text(tag.as_ref()) {
                    scalar::typed(text)
                } else {
                    Value::String(text)
                };
                let node = Node {
                    value,
                    nodes: 1,
                    levels: 1,
                };
                self.complete(node, tag, anchor, line)
            }
            Event::SequenceStart(anchor, tag) => self.begin(Content::List(Vec::new()), tag, anchor, line),
            Event::MappingStart(anchor, tag) => {
                let content = Content::Mapping {
                    entries: Map::new(),
                    name: None,
                };
                self.begin(content, tag, anchor, line)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                self.place(node.ok_or(ReadError::Alias { line })?, line)
            }
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        content: Content,
        tag: Option<Tag>,
        anchor: usize,
        line: usize,
    ) -> Result<(), ReadError> {
        if self.open.len() >= MOST_LEVELS {
            return Err(ReadError::Size { line });
        }
        self.open.push(Open {
            content,
            tag,
            anchor,
            nodes: 1,
            levels: 1,
        });
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), ReadError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Mapping { entries, .. } => Value::Object(entries),
        };
        let node = Node {
            value,
            nodes: open.nodes,
            levels: open.levels,
        };
        self.complete(node, open.tag, open.anchor, line)
    }

    /// A value is complete: its function is applied, its anchor kept.
    fn complete(
        &mut self,
        mut node: Node,
        tag: Option<Tag>,
        anchor: usize,
        line: usize,
    ) -> Result<(), ReadError> {
        if let Some(Tag { suffix: tag, .. }) = tag.filter(|tag| tag.handle == "!") {
            let long = intrinsic::long_form(&tag, node.value);
            node.value = long.ok_or(ReadError::Function { line, tag })?;
            node.levels += 1;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node, line)
    }

    /// Puts a value where it belongs.
    fn place(&mut self, node: Node, line: usize) -> Result<(), ReadError> {
        let above = self.open.len();
        let path = self.path();
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.nodes += node.nodes;
        parent.levels = parent.levels.max(node.levels + 1);
        if above + node.levels > MOST_LEVELS || parent.nodes > MOST_NODES {
            return Err(ReadError::Size { line });
        }
        match &mut parent.content {
            Content::List(items) => items.push(node.value),
            Content::Mapping { entries, name } => match name.take() {
                Some(name) => {
                    entries.insert(name, node.value);
                }
                None => {
                    let found = text_of(&node.value).ok_or(ReadError::Name { line })?;
                    if entries.contains_key(&found) {
                        return Err(ReadError::Twice { line, name: found });
                    }
                    if let Some(mut path) = path {
                        path.push(found.clone());
                        self.lines.insert(path, line);
                    }
                    *name = Some(found);
                }
            },
        }
        Ok(())
    }

    /// The names above the current mapping, when it is near enough to the root.
    fn path(&self) -> Option<Vec<String>> {
        let (_, above) = self.open.split_last()?;
        if above.len() >= LEVELS_WITH_LINES {
            return None;
        }
        above
            .iter()
            .map(|open| match &open.content {
                Content::Mapping { name, .. } => name.clone(),
                Content::List(_) => None,
            })
            .collect()
    }
}

fn is_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.suffix == "str" && tag.handle != "!")
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[path = "document/tests.rs"]
mod tests;
