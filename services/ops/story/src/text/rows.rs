//! Which spans and lines are shown, below what, and in which order.
//!
//! An invocation has four spans (service, environment, phases, handler) that tell one thing: one row is shown, with what
//! the others know as notes. A record has a row of its own where there are several.

use std::collections::HashMap;

use crate::log::LogLine;
use crate::span::{Kind, Span, State};
use crate::story::Story;

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
    children: Vec<usize>,
}

/// All rows.
pub(super) fn of(story: &Story) -> Vec<Row<'_>> {
    let index = Index::new(story);
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut node_of: HashMap<usize, usize> = HashMap::new();
    let mut roots = Vec::new();
    // Parents come before their children.
    for (n, span) in story.spans.iter().enumerate().filter(|(n, _)| index.is_shown(*n)) {
        let node = nodes.len();
        nodes.push(Node {
            at: span.start,
            what: What::Span(span),
            children: Vec::new(),
        });
        node_of.insert(n, node);
        match index
            .shown_parent(n)
            .and_then(|parent| node_of.get(&parent).copied())
        {
            Some(parent) => nodes[parent].children.push(node),
            None => roots.push(node),
        }
    }
    for line in &story.logs {
        let node = nodes.len();
        nodes.push(Node {
            at: line.timestamp_ms as f64 / 1e3,
            what: What::Log(line),
            children: Vec::new(),
        });
        match index
            .span_of(line)
            .and_then(|parent| node_of.get(&parent).copied())
        {
            Some(parent) => nodes[parent].children.push(node),
            None => roots.push(node),
        }
    }
    let mut rows = Vec::with_capacity(nodes.len());
    roots.sort_by(|a, b| nodes[*a].at.total_cmp(&nodes[*b].at));
    for root in roots {
        add(&nodes, &index, root, "", "", &mut rows);
    }
    rows
}

fn add<'a>(
    nodes: &[Node<'a>],
    index: &Index<'a>,
    node: usize,
    branch: &str,
    below: &str,
    rows: &mut Vec<Row<'a>>,
) {
    let what = nodes[node].what;
    let (notes, cause) = match what {
        What::Span(span) => (index.notes(span), index.cause(span)),
        What::Log(_) => (Vec::new(), None),
    };
    rows.push(Row {
        what,
        branch: branch.to_owned(),
        notes,
        cause,
    });
    let mut children = nodes[node].children.clone();
    children.sort_by(|a, b| nodes[*a].at.total_cmp(&nodes[*b].at));
    let last = children.len().saturating_sub(1);
    for (n, child) in children.into_iter().enumerate() {
        let rail = if n == last { "  " } else { "│ " };
        let lead = match nodes[child].what {
            What::Log(_) if n == last => "  ",
            What::Log(_) => "│ ",
            What::Span(span) if span.linked => "⇢ ",
            What::Span(_) if n == last => "└ ",
            What::Span(_) => "├ ",
        };
        add(
            nodes,
            index,
            child,
            &format!("{below}{lead}"),
            &format!("{below}{rail}"),
            rows,
        );
    }
}

/// Spans by id, and who is shown for whom.
struct Index<'a> {
    spans: &'a [Span],
    by_id: HashMap<&'a str, usize>,
    by_request: HashMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    fn new(story: &'a Story) -> Self {
        let numbered = || story.spans.iter().enumerate();
        let invocations = numbered().filter(|(_, span)| span.kind == Kind::Invocation);
        Self {
            spans: &story.spans,
            by_id: numbered().map(|(n, span)| (span.id.as_str(), n)).collect(),
            by_request: invocations
                .filter_map(|(n, span)| Some((span.request_id.as_deref()?, n)))
                .collect(),
        }
    }

    fn parent(&self, n: usize) -> Option<usize> {
        self.spans[n]
            .parent_id
            .as_deref()
            .and_then(|id| self.by_id.get(id).copied())
            .filter(|parent| *parent != n)
    }

    /// The span itself, then what it is part of.
    fn upwards(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(n), |n| self.parent(*n)).take(self.spans.len())
    }

    fn is_shown(&self, n: usize) -> bool {
        match self.spans[n].kind {
            Kind::Gateway | Kind::Invocation | Kind::AwsCall | Kind::Other => true,
            Kind::Phase => false,
            Kind::Function | Kind::Handler => !self
                .upwards(n)
                .skip(1)
                .any(|n| self.spans[n].kind == Kind::Invocation),
            Kind::Record => self.siblings(n) > 1,
        }
    }

    fn siblings(&self, n: usize) -> usize {
        let parent = self.spans[n].parent_id.as_ref();
        self.spans
            .iter()
            .filter(|span| span.kind == Kind::Record && span.parent_id.as_ref() == parent)
            .count()
    }

    fn shown_parent(&self, n: usize) -> Option<usize> {
        self.upwards(n).skip(1).find(|n| self.is_shown(*n))
    }

    /// The row below which a line is shown: that of the function, not that of a call during which it was written.
    fn span_of(&self, line: &LogLine) -> Option<usize> {
        let by_span = line.span_id.as_deref().and_then(|id| self.by_id.get(id).copied());
        let by_request = || {
            line.request_id
                .as_deref()
                .and_then(|id| self.by_request.get(id).copied())
        };
        let start = by_span.or_else(by_request)?;
        self.upwards(start)
            .find(|n| self.is_shown(*n) && self.spans[*n].kind != Kind::AwsCall)
    }

    /// What the hidden spans below an invocation know, and a record knows itself.
    fn notes(&self, span: &Span) -> Vec<String> {
        let mut notes = Vec::new();
        if span.kind == Kind::Record {
            arrival(span, &mut notes);
        }
        if span.kind != Kind::Invocation {
            return notes;
        }
        for below in self.hidden_below(span) {
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
    fn cause(&self, span: &Span) -> Option<String> {
        let own = span.cause.clone();
        own.or_else(|| {
            self.hidden_below(span)
                .into_iter()
                .filter(|_| span.state == State::Fault)
                .find_map(|below| below.cause.clone())
        })
    }

    fn hidden_below(&self, span: &Span) -> Vec<&'a Span> {
        let own = |n: &usize| {
            !self.is_shown(*n)
                && self
                    .shown_parent(*n)
                    .is_some_and(|parent| self.spans[parent].id == span.id)
        };
        (0..self.spans.len())
            .filter(own)
            .map(|n| &self.spans[n])
            .collect()
    }
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
