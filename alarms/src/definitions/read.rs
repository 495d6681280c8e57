//! From texts to definitions. Every level names what it knows: a misspelt word never means "no such wish".

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::coverage::{At, Problems, ResourceKind, mode_names};
use crate::document::{self, Content, Fields, Name, Node, Place, Wrong, value};

use super::tuning::{PLATFORM, TUNING, reason, tuning};
use super::{Definitions, Located, SelfTest, Topics, Tuning, WatchedTemplate, application, incident};

const KNOWN: &[&str] = &[
    "templates",
    "registries",
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
    "incidents",
];

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
    for name in ["templates", "group", "topics"] {
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
                templates: Vec::new(),
                registries: Vec::new(),
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
                incidents: Vec::new(),
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
                    "kinds" | "resources" | "types" | "critical" | "application" | "incidents"
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
            "templates" => self.definitions.templates = templates(file, node)?,
            "registries" => self.definitions.registries = texts(file, node, "registries", "files")?,
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
                let all = texts(file, node, "critical", "logical IDs")?;
                self.definitions.critical.extend(all);
            }
            "incidents" => {
                for one in incident::all(file, node)? {
                    self.once(file, node.at, &format!("incident {}", one.name.value))?;
                    self.definitions.incidents.push(one);
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
    let near = crate::near::nearest(&name.text, known)
        .map_or_else(|| ".".to_owned(), |near| format!("; is it `{near}`?"));
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

/// A list of texts.
fn texts(file: File<'_>, node: &Node, section: &str, what: &str) -> Result<Vec<Located<String>>, Wrong> {
    let Content::List(items) = &node.content else {
        let message = format!("{section}: expected a list of {what}, not {}", node.kind());
        return Err(Wrong::new(node.at, message));
    };
    let one = |item: &Node| {
        let at = file.at(item.at);
        Ok(Located {
            value: text(item)?,
            at,
        })
    };
    items.iter().map(one).collect()
}

fn templates(file: File<'_>, node: &Node) -> Result<Vec<WatchedTemplate>, Wrong> {
    let Content::List(items) = &node.content else {
        return Err(Wrong::new(
            node.at,
            format!("templates: expected a list, not {}", node.kind()),
        ));
    };
    let one = |node: &Node| {
        let fields = Fields::of(node, "a template", &["file", "parameters", "symbols"])?;
        let path = file.located(&fields, "file")?;
        Ok(WatchedTemplate {
            file: path.ok_or_else(|| Wrong::new(node.at, "the template has no `file`"))?,
            parameters: fields.get("parameters")?.unwrap_or_default(),
            symbols: fields.get("symbols")?.unwrap_or_default(),
        })
    };
    items.iter().map(one).collect()
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
