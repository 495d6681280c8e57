//! Alarms of several resources that tell of one incident: one of them acts for all, or one is held back while others act.

use crate::coverage::Severity;
use crate::document::{Content, Fields, Node, Wrong, value};

use super::Located;
use super::read::File;

const KNOWN: &[&str] = &[
    "name",
    "joins",
    "watches",
    "held_back_by",
    "extension",
    "severity",
    "description",
    "look",
];

/// A composite alarm that people decide on.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The alarm's name without the group.
    pub name: Located<String>,
    /// `joins`: its parts, without the group; they act for the record only, this one acts for them.
    pub joins: Vec<Located<String>>,
    /// `watches`: alarms that go on acting themselves; this one is for the record, and holds others back.
    pub watches: Vec<Located<String>>,
    /// `held_back_by`: while that alarm is on, nobody is told.
    pub held_back_by: Option<Located<String>>,
    /// Seconds for which it is held back after the end of the other.
    pub extension: Option<u32>,
    /// How loud.
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub description: String,
    /// What to look at, in a sentence.
    pub look: String,
}

pub(super) fn all(file: File<'_>, node: &Node) -> Result<Vec<Incident>, Wrong> {
    list(node, "incidents")?
        .iter()
        .map(|item| one(file, item))
        .collect()
}

fn one(file: File<'_>, node: &Node) -> Result<Incident, Wrong> {
    let fields = Fields::of(node, "an incident", KNOWN)?;
    let missing = |name: &str| Wrong::new(fields.at, format!("the incident has no `{name}`"));
    let text = |name: &str| -> Result<String, Wrong> {
        let found: Option<String> = fields.get(name)?;
        found
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| missing(name))
    };
    let names = |member: &str| -> Result<Vec<Located<String>>, Wrong> {
        let Some(node) = fields.node(member) else {
            return Ok(Vec::new());
        };
        let items = list(node, member)?.iter();
        items
            .map(|item| {
                let at = file.at(item.at);
                value(item).map(|value| Located { value, at })
            })
            .collect()
    };
    let (joins, watches) = (names("joins")?, names("watches")?);
    if joins.is_empty() == watches.is_empty() {
        return Err(Wrong::new(
            fields.at,
            "an incident has either `joins`, alarms that it acts for, or `watches`, alarms that go on acting",
        ));
    }
    let severity = fields.parse("severity", super::tuning::severity)?;
    Ok(Incident {
        name: file.located(&fields, "name")?.ok_or_else(|| missing("name"))?,
        joins,
        watches,
        held_back_by: file.located(&fields, "held_back_by")?,
        extension: fields.get("extension")?,
        severity: severity.ok_or_else(|| missing("severity"))?,
        description: text("description")?,
        look: text("look")?,
    })
}

fn list<'a>(node: &'a Node, what: &str) -> Result<&'a [Node], Wrong> {
    match &node.content {
        Content::List(items) => Ok(items),
        _ => Err(Wrong::new(
            node.at,
            format!("{what}: expected a list, not {}", node.kind()),
        )),
    }
}
