//! Which spans and lines are shown, below what, and in which order.
//!
//! An invocation has four spans (service, environment, phases, handler) that tell one thing: one row is shown, with what
//! the others know as notes. A record has a row of its own where there are several.

use std::collections::HashMap;
use std::rc::Rc;

use crate::log::LogLine;
use crate::parents::Parents;
use crate::span::{Kind, Span, State};
use crate::story::Story;

/// Levels that are drawn with lines. Deeper ones say how deep they are: a loop of functions is thousands of levels deep.
const MOST_RAILS: usize = 24;

/// What a row shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Span(&'a Span),
    Log(&'a LogLine),
}

/// A row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) what: What<'a>,
    /// The lines that lead to it.
    pub(super) branch: String,
    /// What hidden spans know of it.
    pub(super) notes: Vec<String>,
    /// Why it went wrong.
    pub(super) cause: Option<String>,
}

struct Node<'a> {
    at: f64,
    what: What<'a>,
    /// Position of its span.
    span: Option<usize>,
    children: Vec<usize>,
}

/// All rows.
pub(super) fn of(story: &Story) -> Vec<Row<'_>> {
    let index = Index::new(story);
    let (mut nodes, mut roots) = nodes(story, &index);
    let starts: Vec<f64> = nodes.iter().map(|node| node.at).collect();
    let by_time = |a: &usize, b: &usize| starts[*a].total_cmp(&starts[*b]);
    roots.sort_by(by_time);
    for node in &mut nodes {
        node.children.sort_by(by_time);
    }
    in_order(&nodes, &roots, &index)
}

/// What is shown, each with what is shown directly below it, and what is shown below nothing.
fn nodes<'a>(story: &'a Story, index: &Index<'a>) -> (Vec<Node<'a>>, Vec<usize>) {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    let mut node_of: Vec<Option<usize>> = vec![None; story.spans.len()];
    let mut roots = Vec::new();
    let mut add =
        |nodes: &mut Vec<Node<'a>>, parent: Option<usize>, at: f64, what: What<'a>, span: Option<usize>| {
            let node = nodes.len();
            nodes.push(Node {
                at,
                what,
                span,
                children: Vec::new(),
            });
            match parent {
                Some(parent) => nodes[parent].children.push(node),
                None => roots.push(node),
            }
            node
        };
    // Parents come before their children.
    for (n, span) in story.spans.iter().enumerate().filter(|(n, _)| index.shown[*n]) {
        let parent = index.shown_parent[n].and_then(|parent| node_of[parent]);
        node_of[n] = Some(add(&mut nodes, parent, span.start, What::Span(span), Some(n)));
    }
    for line in &story.logs {
        let parent = index.span_of(line).and_then(|parent| node_of[parent]);
        add(
            &mut nodes,
            parent,
            line.timestamp_ms as f64 / 1e3,
            What::Log(line),
            None,
        );
    }
    (nodes, roots)
}

/// A node to be told.
struct Open {
    node: usize,
    branch: String,
    /// The lines that lead to what is below it.
    below: Rc<str>,
    depth: usize,
}

/// Rows, each followed by those below it. Not by recursion: the stack is no deeper than that of an ordinary thread.
fn in_order<'a>(nodes: &[Node<'a>], roots: &[usize], index: &Index<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(nodes.len());
    let root = |node: &usize| Open {
        node: *node,
        branch: String::new(),
        below: Rc::from(""),
        depth: 0,
    };
    let mut open: Vec<Open> = roots.iter().rev().map(root).collect();
    while let Some(next) = open.pop() {
        let node = &nodes[next.node];
        rows.push(Row {
            what: node.what,
            branch: next.branch,
            notes: node.span.map(|n| index.notes(n)).unwrap_or_default(),
            cause: node.span.and_then(|n| index.cause(n)),
        });
        let depth = next.depth + 1;
        let rails = |rail: &str| -> Rc<str> {
            if depth < MOST_RAILS {
                format!("{}{rail}", next.below).into()
            } else {
                Rc::clone(&next.below)
            }
        };
        let (middle, end) = (rails("│ "), rails("  "));
        for (n, child) in node.children.iter().enumerate().rev() {
            let last = n + 1 == node.children.len();
            open.push(Open {
                node: *child,
                branch: branch(&next.below, depth, &nodes[*child], last),
                below: Rc::clone(if last { &end } else { &middle }),
                depth,
            });
        }
    }
    rows
}

fn branch(below: &str, depth: usize, node: &Node<'_>, last: bool) -> String {
    let lead = match node.what {
        What::Log(_) if last => "  ",
        What::Log(_) => "│ ",
        What::Span(span) if span.linked => "⇢ ",
        What::Span(_) if last => "└ ",
        What::Span(_) => "├ ",
    };
    if depth < MOST_RAILS {
        format!("{below}{lead}")
    } else {
        format!("{below}{depth} {lead}")
    }
}

/// Spans by id, and who is shown for whom. All of it is found out once: it is asked for every row.
struct Index<'a> {
    spans: &'a [Span],
    by_id: HashMap<&'a str, usize>,
    by_request: HashMap<&'a str, usize>,
    shown: Vec<bool>,
    /// The nearest span above that is shown.
    shown_parent: Vec<Option<usize>>,
    /// The nearest span, itself or above, that is shown and no call.
    place: Vec<Option<usize>>,
    /// Hidden spans for which this one is shown.
    hidden: Vec<Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(story: &'a Story) -> Self {
        let spans = story.spans.as_slice();
        let numbered = || spans.iter().enumerate();
        let invocations = numbered().filter(|(_, span)| span.kind == Kind::Invocation);
        let parents = Parents::of(spans);
        let shown = shown(spans, &parents);
        let nearest_shown = parents.nearest(|n| shown[n].then_some(n));
        let shown_parent: Vec<Option<usize>> = (0..spans.len())
            .map(|n| parents.above(n).and_then(|above| nearest_shown[above]))
            .collect();
        let mut hidden = vec![Vec::new(); spans.len()];
        for n in (0..spans.len()).filter(|n| !shown[*n]) {
            if let Some(parent) = shown_parent[n] {
                hidden[parent].push(n);
            }
        }
        Self {
            spans,
            by_id: numbered().map(|(n, span)| (span.id.as_str(), n)).collect(),
            by_request: invocations
                .filter_map(|(n, span)| Some((span.request_id.as_deref()?, n)))
                .collect(),
            place: parents.nearest(|n| (shown[n] && spans[n].kind != Kind::AwsCall).then_some(n)),
            shown,
            shown_parent,
            hidden,
        }
    }

    /// The row below which a line is shown: that of the function, not that of a call during which it was written.
    fn span_of(&self, line: &LogLine) -> Option<usize> {
        let by_span = line.span_id.as_deref().and_then(|id| self.by_id.get(id));
        let by_request = || line.request_id.as_deref().and_then(|id| self.by_request.get(id));
        self.place[*by_span.or_else(by_request)?]
    }

    /// What the hidden spans below an invocation know, and a record knows itself.
    fn notes(&self, n: usize) -> Vec<String> {
        let span = &self.spans[n];
        let mut notes = Vec::new();
        if span.kind == Kind::Record {
            arrival(span, &mut notes);
        }
        if span.kind != Kind::Invocation {
            return notes;
        }
        for below in self.hidden_below(n) {
            if below.kind == Kind::Phase && below.name == "Initialization" {
                notes.push(format!("cold start {:.0} ms", below.duration_ms));
            }
            if matches!(below.kind, Kind::Handler | Kind::Record) {
                arrival(below, &mut notes);
            }
        }
        if let Some(attempt) = span.attempt.filter(|attempt| *attempt > 1) {
            notes.push(format!("attempt {attempt}"));
        }
        notes.dedup();
        notes
    }

    /// Its own cause, or that of a hidden span that failed with it.
    fn cause(&self, n: usize) -> Option<String> {
        let span = &self.spans[n];
        let below = || self.hidden_below(n).find_map(|below| below.cause.clone());
        let own = span.cause.clone();
        own.or_else(|| (span.state == State::Fault).then(below).flatten())
    }

    fn hidden_below(&self, n: usize) -> impl Iterator<Item = &'a Span> {
        self.hidden[n].iter().map(|n| &self.spans[*n])
    }
}

fn shown(spans: &[Span], parents: &Parents) -> Vec<bool> {
    let invoked = parents.nearest(|n| (spans[n].kind == Kind::Invocation).then_some(()));
    let mut records: HashMap<Option<&str>, usize> = HashMap::new();
    for span in spans.iter().filter(|span| span.kind == Kind::Record) {
        *records.entry(span.parent_id.as_deref()).or_default() += 1;
    }
    let is_shown = |(n, span): (usize, &Span)| match span.kind {
        Kind::Gateway | Kind::Invocation | Kind::AwsCall | Kind::Other => true,
        Kind::Phase => false,
        Kind::Function | Kind::Handler => parents.above(n).is_none_or(|above| invoked[above].is_none()),
        Kind::Record => records[&span.parent_id.as_deref()] > 1,
    };
    spans.iter().enumerate().map(is_shown).collect()
}

fn arrival(span: &Span, notes: &mut Vec<String>) {
    if let Some(service) = span
        .source
        .as_deref()
        .and_then(|source| source.strip_prefix("aws:"))
        .filter(|service| *service != "lambda")
    {
        let name = span.source_arn.as_deref().map(|arn| {
            // A stream's own name is a time: the table's says more.
            let arn = arn.split("/stream/").next().unwrap_or(arn);
            arn.rsplit([':', '/']).next().unwrap_or(arn)
        });
        notes.push(
            format!("from {service} {}", name.unwrap_or_default())
                .trim_end()
                .to_owned(),
        );
    }
    if let Some(delay) = span.queue_delay_ms {
        notes.push(format!("waited {delay:.0} ms"));
    }
    if let Some(attempt) = span.attempt.filter(|attempt| *attempt > 1) {
        notes.push(format!("attempt {attempt}"));
    }
}
