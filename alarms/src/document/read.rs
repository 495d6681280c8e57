//! From text to nodes.

use std::collections::BTreeMap;

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::{Place, Wrong};

/// Deeper files are refused.
const MOST_LEVELS: usize = 64;
/// Larger files are refused, counted with aliases in full.
const MOST_NODES: usize = 200_000;

/// A value at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// What it holds.
    pub content: Content,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Without quotes: its type is seen from its look.
    Plain(String),
    /// In quotes or as a block: text.
    Quoted(String),
    List(Vec<Node>),
    /// Names with their places, in the order of the text.
    Map(Vec<(Name, Node)>),
}

/// The name of an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// Where it stands.
    pub at: Place,
    /// Itself.
    pub text: String,
}

impl Node {
    /// As text, if it is a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Plain(text) | Content::Quoted(text) => Some(text),
            Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Is it nothing: `~`, `null`, or no text at all?
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Plain(text) if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// What it is, for errors.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Plain(_) | Content::Quoted(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// Has it an entry of this name?
    pub fn has(&self, name: &str) -> bool {
        matches!(&self.content, Content::Map(entries) if entries.iter().any(|(found, _)| found.text == name))
    }
}

/// The documents of a text.
///
/// # Errors
/// It is not YAML, or larger than any file that a person writes.
pub fn read(text: &str) -> Result<Vec<Node>, Wrong> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        // Event by event: the parser's own loop recurses, and a stack is no limit that can be reported.
        let (event, mark) = parser
            .next_token()
            .map_err(|error| Wrong::new(place(*error.marker()), format!("not YAML: {}", error.info())))?;
        if event == Event::StreamEnd {
            return Ok(builder.documents);
        }
        builder.take(event, place(mark))?;
    }
}

/// The parser counts columns from 0.
fn place(mark: Marker) -> Place {
    Place {
        line: mark.line().max(1),
        column: mark.col() + 1,
    }
}

/// A list or mapping whose end has not been read.
struct Open {
    at: Place,
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Node>),
    Map(Vec<(Name, Node)>, Option<Name>),
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// With the nodes and levels in each.
    anchors: BTreeMap<usize, (Node, usize, usize)>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event, at: Place) -> Result<(), Wrong> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = tag.filter(|tag| tag.handle == "!") {
                    let message = format!(
                        "`!{}`: functions of CloudFormation have no value here",
                        tag.suffix
                    );
                    return Err(Wrong::new(at, message));
                }
                let content = if style == TScalarStyle::Plain {
                    Content::Plain(text)
                } else {
                    Content::Quoted(text)
                };
                self.complete(Node { at, content }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(OpenContent::List(Vec::new()), anchor, at),
            Event::MappingStart(anchor, _) => self.begin(OpenContent::Map(Vec::new(), None), anchor, at),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let (at, content) = match open.content {
                    OpenContent::List(items) => (open.at, Content::List(items)),
                    OpenContent::Map(entries, _) => {
                        // The parser says where the first colon is.
                        let first = entries.first().map_or(open.at, |(name, _)| name.at);
                        (open.at.min(first), Content::Map(entries))
                    }
                };
                self.complete(Node { at, content }, open.anchor)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor);
                let (node, nodes, levels) =
                    known.ok_or_else(|| Wrong::new(at, "an alias stands for what it is in"))?;
                if self.open.len() + levels > MOST_LEVELS {
                    return Err(too_large(at));
                }
                let (node, nodes) = (node.clone(), *nodes);
                self.count(nodes, at)?;
                self.place(node)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, at: Place) -> Result<(), Wrong> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(too_large(at));
        }
        Ok(())
    }

    fn begin(&mut self, content: OpenContent, anchor: usize, at: Place) -> Result<(), Wrong> {
        if self.open.len() >= MOST_LEVELS {
            return Err(too_large(at));
        }
        self.open.push(Open { at, anchor, content });
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Wrong> {
        self.count(1, node.at)?;
        if anchor > 0 {
            let (nodes, levels) = size(&node);
            self.anchors.insert(anchor, (node.clone(), nodes, levels));
        }
        self.place(node)
    }

    fn place(&mut self, node: Node) -> Result<(), Wrong> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.documents.push(node),
            Some(OpenContent::List(items)) => items.push(node),
            Some(OpenContent::Map(entries, name)) => match name.take() {
                Some(name) => entries.push((name, node)),
                None => {
                    let Some(text) = node.text() else {
                        return Err(Wrong::new(
                            node.at,
                            format!("a name is text, not {}", node.kind()),
                        ));
                    };
                    if entries.iter().any(|(found, _)| found.text == text) {
                        return Err(Wrong::new(node.at, format!("`{text}` is there twice")));
                    }
                    *name = Some(Name {
                        at: node.at,
                        text: text.to_owned(),
                    });
                }
            },
        }
        Ok(())
    }
}

fn too_large(at: Place) -> Wrong {
    Wrong::new(
        at,
        format!("more than {MOST_LEVELS} levels or {MOST_NODES} values"),
    )
}

/// Nodes and levels. The levels are bounded, and so is the recursion.
fn size(node: &Node) -> (usize, usize) {
    let all = |children: &mut dyn Iterator<Item = &Node>| {
        children.map(size).fold((1, 1), |(nodes, levels), (more, deep)| {
            (nodes + more, levels.max(deep + 1))
        })
    };
    match &node.content {
        Content::Plain(_) | Content::Quoted(_) => (1, 1),
        Content::List(items) => all(&mut items.iter()),
        Content::Map(entries) => all(&mut entries.iter().map(|(_, value)| value)),
    }
}
