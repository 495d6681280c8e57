//! From texts to definitions. Every level names what it knows: a misspelt word never means "no such wish".

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::coverage::{At, Problems, ResourceKind, Severity, mode_names};
use crate::document::{self, Content, Fields, Name, Node, Place, Wrong, value};
use crate::scenario::duration;

use super::{Definitions, Located, SelfTest, Topics, Tuning, application};

const KNOWN: &[&str] = &[
    "group",
    "runbooks",
    "topics",
    "self_test",
    "platform",
    "kinds",
    "resources",
    "types",
    "critical",
    "application",
];

const TUNING: &[&str] = &[
    "severity",
    "threshold",
    "factor",
    "min_samples",
    "objective",
    "period",
    "of",
    "description",
    "enabled",
    "accepted",
];

/// What may be said of everything at once.
const PLATFORM: &[&str] = &["factor", "min_samples", "objective"];

/// A file, for the places in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a>(pub(super) &'a str);

impl File<'_> {
    pub(super) fn at(self, place: Place) -> At {
        At {
            file: self.0.to_owned(),
            line: place.line,
            column: place.column,
        }
    }

    pub(super) fn located<T: DeserializeOwned>(
        self,
        fields: &Fields<'_>,
        name: &str,
    ) -> Result<Option<Located<T>>, Wrong> {
        let Some(node) = fields.node(name) else {
            return Ok(None);
        };
        Ok(Some(Located {
            value: value(node)?,
            at: self.at(node.at),
        }))
    }
}

pub(super) fn all<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Definitions, Problems> {
    let mut problems = Problems::default();
    let mut gathered = Gathered::default();
    let mut first = None;
    for (name, text) in files {
        let file = File(name);
        first.get_or_insert(name);
        if let Err(wrong) = gathered.take(file, text) {
            problems.say(&file.at(wrong.at), wrong.message);
        }
    }
    let nowhere = File(first.unwrap_or("alarms/definitions")).at(Place { line: 1, column: 1 });
    for name in ["group", "runbooks", "topics"] {
        if !gathered.seen.contains_key(name) {
            problems.say(&nowhere, format!("no file says `{name}`: it is needed once"));
        }
    }
    problems.or(gathered.definitions)
}

struct Gathered {
    definitions: Definitions,
    /// What was said, and where.
    seen: BTreeMap<String, At>,
}

impl Default for Gathered {
    fn default() -> Self {
        let nothing = String::new;
        Self {
            definitions: Definitions {
                group: nothing(),
                runbooks: nothing(),
                topics: Topics {
                    page: nothing(),
                    ticket: nothing(),
                    journal: nothing(),
                },
                self_test: None,
                platform: Tuning::default(),
                kinds: BTreeMap::new(),
                resources: BTreeMap::new(),
                types: BTreeMap::new(),
                critical: Vec::new(),
                application: Vec::new(),
            },
            seen: BTreeMap::new(),
        }
    }
}

impl Gathered {
    fn take(&mut self, file: File<'_>, text: &str) -> Result<(), Wrong> {
        for document in document::read(text)? {
            if document.is_null() {
                continue;
            }
            Fields::of(&document, "a definition file", KNOWN)?;
            for (name, node) in entries(&document, "a definition file")? {
                // Lists and mappings of many files add up, entry by entry.
                if !matches!(
                    name.text.as_str(),
                    "kinds" | "resources" | "types" | "critical" | "application"
                ) {
                    self.once(file, name.at, &name.text)?;
                }
                self.section(file, &name.text, node)?;
            }
        }
        Ok(())
    }

    fn once(&mut self, file: File<'_>, place: Place, what: &str) -> Result<(), Wrong> {
        if let Some(before) = self.seen.insert(what.to_owned(), file.at(place)) {
            return Err(Wrong::new(
                place,
                format!("`{what}` was said before, at {before}"),
            ));
        }
        Ok(())
    }

    fn section(&mut self, file: File<'_>, name: &str, node: &Node) -> Result<(), Wrong> {
        match name {
            "group" => self.definitions.group = text(node)?,
            "runbooks" => text(node)?
                .trim_end_matches('/')
                .clone_into(&mut self.definitions.runbooks),
            "topics" => self.definitions.topics = topics(node)?,
            "self_test" => self.definitions.self_test = Some(self_test(file, node)?),
            "platform" => self.definitions.platform = tuning(file, node, PLATFORM)?,
            "kinds" => self.kinds(file, node)?,
            "resources" => self.resources(file, node)?,
            "types" => self.types(file, node)?,
            "critical" => {
                let Content::List(items) = &node.content else {
                    let message = format!("critical: expected a list of logical IDs, not {}", node.kind());
                    return Err(Wrong::new(node.at, message));
                };
                for item in items {
                    let at = file.at(item.at);
                    self.definitions.critical.push(Located {
                        value: text(item)?,
                        at,
                    });
                }
            }
            _ => {
                for one in application::all(file, node)? {
                    self.once(file, node.at, &format!("application {}", one.name.value))?;
                    self.definitions.application.push(one);
                }
            }
        }
        Ok(())
    }

    fn kinds(&mut self, file: File<'_>, node: &Node) -> Result<(), Wrong> {
        for (name, modes) in entries(node, "kinds")? {
            let kind = ResourceKind::ALL
                .iter()
                .copied()
                .find(|kind| kind.as_str() == name.text);
            let Some(kind) = kind else {
                let known: Vec<_> = ResourceKind::ALL.iter().map(|kind| kind.as_str()).collect();
                return Err(unknown(name, "kind of resource", &known));
            };
            for (mode, node) in entries(modes, "failure modes")? {
                let known = mode_names(kind);
                if !known.contains(&mode.text.as_str()) {
                    return Err(unknown(mode, &format!("failure mode of {kind}"), &known));
                }
                self.once(file, mode.at, &format!("kinds {kind} {}", mode.text))?;
                let tuning = tuning(file, node, TUNING)?;
                self.definitions.kinds.insert((kind, mode.text.clone()), tuning);
            }
        }
        Ok(())
    }

    fn resources(&mut self, file: File<'_>, node: &Node) -> Result<(), Wrong> {
        for (name, modes) in entries(node, "resources")? {
            for (mode, node) in entries(modes, "failure modes")? {
                self.once(file, mode.at, &format!("resources {} {}", name.text, mode.text))?;
                let tuning = tuning(file, node, TUNING)?;
                let at = file.at(mode.at);
                let key = (name.text.clone(), mode.text.clone());
                self.definitions.resources.insert(
                    key,
                    Tuning {
                        at: Some(at),
                        ..tuning
                    },
                );
            }
        }
        Ok(())
    }

    fn types(&mut self, file: File<'_>, node: &Node) -> Result<(), Wrong> {
        for (name, node) in entries(node, "types")? {
            self.once(file, name.at, &format!("types {}", name.text))?;
            let fields = Fields::of(node, "a type", &["accepted"])?;
            let Some(reason) = reason(file, &fields)? else {
                return Err(Wrong::new(node.at, "expected `accepted`, with the reason"));
            };
            self.definitions.types.insert(
                name.text.clone(),
                Located {
                    at: file.at(name.at),
                    ..reason
                },
            );
        }
        Ok(())
    }
}

/// A name that nobody knows, with the nearest that somebody does.
pub(super) fn unknown(name: &Name, what: &str, known: &[&str]) -> Wrong {
    let near =
        crate::near::nearest(&name.text, known).map_or_else(String::new, |near| format!("; is it `{near}`?"));
    let message = format!(
        "`{}` is no {what}{near} Known are {}",
        name.text,
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        }
    );
    Wrong::new(name.at, message)
}

pub(super) fn entries<'a>(node: &'a Node, what: &str) -> Result<&'a [(Name, Node)], Wrong> {
    match &node.content {
        Content::Map(entries) => Ok(entries),
        _ if node.is_null() => Ok(&[]),
        _ => Err(Wrong::new(
            node.at,
            format!("{what}: expected a mapping, not {}", node.kind()),
        )),
    }
}

fn text(node: &Node) -> Result<String, Wrong> {
    let found: String = value(node)?;
    if found.trim().is_empty() {
        return Err(Wrong::new(node.at, "expected text, and it is empty"));
    }
    Ok(found)
}

fn topics(node: &Node) -> Result<Topics, Wrong> {
    let fields = Fields::of(node, "topics", &["page", "ticket", "journal"])?;
    let topic = |name: &str| {
        let node = fields.node(name);
        node.map(text)
            .transpose()?
            .ok_or_else(|| Wrong::new(fields.at, format!("topics: `{name}` has no name")))
    };
    Ok(Topics {
        page: topic("page")?,
        ticket: topic("ticket")?,
        journal: topic("journal")?,
    })
}

fn self_test(file: File<'_>, node: &Node) -> Result<SelfTest, Wrong> {
    let fields = Fields::of(node, "the self-test", &["hour", "function"])?;
    let hour: u32 = fields.get("hour")?.unwrap_or(9);
    if hour > 23 {
        return Err(Wrong::new(
            fields.at,
            format!("hour is {hour}, and goes from 0 to 23"),
        ));
    }
    let function = file.located(&fields, "function")?;
    let function = function.ok_or_else(|| {
        Wrong::new(
            fields.at,
            "expected `function`: the logical ID of one that runs every minute",
        )
    })?;
    Ok(SelfTest { hour, function })
}

fn reason(file: File<'_>, fields: &Fields<'_>) -> Result<Option<Located<String>>, Wrong> {
    let reason: Option<Located<String>> = file.located(fields, "accepted")?;
    if let Some(reason) = reason.as_ref().filter(|reason| reason.value.trim().len() < 10) {
        let at = fields.node("accepted").map_or(fields.at, |node| node.at);
        return Err(Wrong::new(
            at,
            format!("`{}` is no reason: say why nobody wants to know", reason.value),
        ));
    }
    Ok(reason)
}

pub(super) fn tuning(file: File<'_>, node: &Node, known: &[&str]) -> Result<Tuning, Wrong> {
    let fields = Fields::of(node, "a failure mode", known)?;
    let place = |name: &str| fields.node(name).map_or(fields.at, |node| node.at);
    let parsed = |name: &str, read: fn(&str) -> Result<i64, String>| -> Result<Option<Located<u32>>, Wrong> {
        let number = fields.parse(name, read)?;
        let number = number.map(|number| {
            u32::try_from(number).map_err(|_| Wrong::new(place(name), format!("{name} is too large")))
        });
        Ok(number.transpose()?.map(|value| Located {
            value,
            at: file.at(place(name)),
        }))
    };
    let loudness = fields.parse("severity", severity)?;
    let of = fields.parse("of", m_of_n)?;
    let tuning = Tuning {
        at: Some(file.at(node.at)),
        severity: loudness.map(|value| Located {
            value,
            at: file.at(place("severity")),
        }),
        threshold: file.located(&fields, "threshold")?,
        factor: file.located(&fields, "factor")?,
        min_samples: file.located(&fields, "min_samples")?,
        objective: file.located(&fields, "objective")?,
        period: parsed("period", |text| {
            duration::seconds(text).map_err(|error| error.to_string())
        })?,
        of: of.map(|value| Located {
            value,
            at: file.at(place("of")),
        }),
        description: file.located(&fields, "description")?,
        enabled: file.located(&fields, "enabled")?,
        accepted: reason(file, &fields)?,
    };
    bounds(&fields, &tuning)?;
    Ok(tuning)
}

fn bounds(fields: &Fields<'_>, tuning: &Tuning) -> Result<(), Wrong> {
    let wrong = |name: &str, message: String| {
        let at = fields.node(name).map_or(fields.at, |node| node.at);
        Err(Wrong::new(at, format!("{name} {message}")))
    };
    if let Some(factor) = tuning
        .factor
        .as_ref()
        .filter(|one| !(one.value > 0.0 && one.value <= 1.0))
    {
        return wrong(
            "factor",
            format!("is {}, and must be above 0 and at most 1", factor.value),
        );
    }
    if let Some(objective) = tuning
        .objective
        .as_ref()
        .filter(|one| !(one.value > 0.0 && one.value < 100.0))
    {
        return wrong(
            "objective",
            format!(
                "is {}, and is in percent between 0 and 100: nothing is perfect",
                objective.value
            ),
        );
    }
    let is_off = tuning.enabled.as_ref().is_some_and(|enabled| !enabled.value);
    if is_off && tuning.accepted.is_none() {
        return wrong(
            "enabled",
            "is false: say in `accepted` why nobody wants to know".to_owned(),
        );
    }
    if tuning.accepted.is_some() && (tuning.severity.is_some() || tuning.given().next().is_some()) {
        return wrong(
            "accepted",
            "does not go with the settings of an alarm: there is none".to_owned(),
        );
    }
    Ok(())
}

pub(super) fn severity(word: &str) -> Result<Severity, String> {
    match word {
        "page" => Ok(Severity::Page),
        "ticket" => Ok(Severity::Ticket),
        _ => Err(format!("`{word}` is neither page nor ticket")),
    }
}

/// `3/5`: 3 of 5 periods.
pub(super) fn m_of_n(text: &str) -> Result<(u32, u32), String> {
    let read = || -> Option<(u32, u32)> {
        let (m, n) = text.split_once('/')?;
        let (m, n) = (m.trim().parse().ok()?, n.trim().parse().ok()?);
        (1 <= m && m <= n).then_some((m, n))
    };
    read().ok_or_else(|| format!("`{text}` is not M/N, like 3/5: 3 breaching periods of 5"))
}
