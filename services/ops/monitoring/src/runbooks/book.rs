//! The pages of the workspace and the alarms that they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use alarms::coverage::GeneratedAlarm;
use alarms::model::{Definition, MetricAlarm};
use alarms::near::nearest;
use infra::{Deployment, Source as Template, Stack};
use runbooks::lint::{Finding, Known, Source, Subject, page_address};
use runbooks::page::{self, Page};
use runbooks::placeholder::Bindings;

use super::{facts, named};
use crate::generation::{self, Generation};
use crate::templates::Beside;
use crate::{Refused, Workspace, files};

/// Where pages are, one folder for each group of alarms.
const FOLDER: &str = "runbooks";
/// The template whose outputs pages may name.
const TEMPLATE: &str = "infra/shopfast.yaml";
/// Its parameter that says where pages are read.
const ADDRESS: &str = "RunbooksUrl";
const HERE: &str = "change to one";

/// The pages and their alarms.
#[derive(Debug)]
pub struct Book {
    root: PathBuf,
    /// The files, by path.
    pub sources: Vec<Source>,
    /// The alarms, by name.
    pub alarms: BTreeMap<String, Subject>,
    generation: Generation,
    outputs: BTreeSet<String>,
}

impl Book {
    /// Reads the workspace: definitions, templates and pages.
    ///
    /// # Errors
    /// A file is not there or is wrong.
    pub fn of(workspace: &Workspace) -> Result<Self, Refused> {
        let root = workspace.root(HERE)?.to_path_buf();
        let generation = Generation::of(workspace)?;
        let outputs = outputs(&root)?;
        let mut book = Self {
            sources: Vec::new(),
            alarms: BTreeMap::new(),
            generation,
            outputs,
            root,
        };
        book.sources = book.read()?;
        let subject = |alarm: &GeneratedAlarm| (alarm.name.clone(), book.subject(alarm));
        book.alarms = book.generation.generated.alarms.iter().map(subject).collect();
        Ok(book)
    }

    /// The folder of the pages, from the root.
    fn folder(&self) -> String {
        format!("{FOLDER}/{}", self.generation.group)
    }

    fn read(&self) -> Result<Vec<Source>, Refused> {
        let folder = self.root.join(self.folder());
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| {
            Refused::usage(format!("read the folder {}", folder.display())).because(error)
        })?;
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        let source = |path: PathBuf| {
            let shown = path
                .strip_prefix(&self.root)
                .unwrap_or(&path)
                .display()
                .to_string();
            Ok(Source {
                text: files::text(&path)?,
                path: shown,
            })
        };
        paths.into_iter().map(source).collect()
    }

    fn subject(&self, alarm: &GeneratedAlarm) -> Subject {
        // A template says which outputs there are, not what they will be: the name stands for the value.
        let outputs = self
            .outputs
            .iter()
            .map(|name| (name.clone(), name.clone()))
            .collect();
        Subject {
            path: format!("{}/{}.md", self.folder(), alarm.name),
            facts: facts::of(alarm, &self.generation.generated),
            bindings: bindings(alarm, &outputs),
        }
    }

    /// What the placeholders of each alarm's page stand for in a deployment with these outputs.
    #[must_use]
    pub fn bindings(&self, outputs: &BTreeMap<String, String>) -> BTreeMap<String, Bindings> {
        let generated = self.generation.generated.with(outputs);
        let bound = |alarm: &GeneratedAlarm| (alarm.name.clone(), bindings(alarm, outputs));
        generated.alarms.iter().map(bound).collect()
    }

    /// The page of an alarm.
    ///
    /// # Errors
    /// There is no such alarm, it has no page, or its page cannot be read.
    pub fn page(&self, name: &str) -> Result<(&Source, Page), Refused> {
        let source = self.source(name)?;
        let page = page::read(name, &source.text).map_err(|problems| {
            let lines: Vec<String> = problems
                .iter()
                .map(|problem| format!("{}:{problem}", source.path))
                .collect();
            Refused::usage(format!("read {}", source.path)).because(lines.join("\n"))
        })?;
        Ok((source, page))
    }

    /// The file of an alarm's page.
    ///
    /// # Errors
    /// There is no such alarm, or it has no page.
    pub fn source(&self, name: &str) -> Result<&Source, Refused> {
        let found = self.sources.iter().find(|source| source.name() == name);
        found.ok_or_else(|| match self.alarms.get(name) {
            Some(subject) => Refused::usage(format!("find the page of {name}"))
                .because(format!("there is no {}", subject.path))
                .cure(format!("`shopwatch runbooks generate {name}` begins one")),
            None => self.unknown(name),
        })
    }

    /// Refuses a name that no alarm has.
    pub(crate) fn unknown(&self, name: &str) -> Refused {
        let known: Vec<&str> = self.alarms.keys().map(String::as_str).collect();
        let refused = Refused::usage(format!("find the alarm {name}")).because("there is none of this name");
        match nearest(name, &known) {
            Some(near) => refused.cure(format!("did you mean {near}?")),
            None => refused.cure("`shopwatch alarms list` lists them"),
        }
    }

    /// The resources of the group, as pages may name them.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut known = named::resources(&self.generation.group, &self.generation.stacks);
        let dashboards = self.generation.generated.alarms.iter();
        known
            .names
            .extend(dashboards.map(|alarm| alarm.dashboard.clone()));
        known
    }

    /// Addresses of runbooks in definitions and in the template that lead to nobody.
    pub(crate) fn dead_addresses(&self) -> Result<Vec<Finding>, Refused> {
        let mut findings = Vec::new();
        let address = &self.generation.runbooks;
        for (path, text) in generation::definition_files(&self.root)? {
            if !address.is_empty() && text.contains(address.as_str()) {
                findings.extend(page_address(&path, &text, address));
            }
        }
        let path = self.root.join(TEMPLATE);
        if path.is_file() {
            let text = files::text(&path)?;
            let template = infra::Template::parse(&text)
                .map_err(|error| Refused::usage(format!("read {TEMPLATE}")).because(error))?;
            let default = template
                .parameter(ADDRESS)
                .and_then(|parameter| parameter["Default"].as_str());
            findings.extend(default.and_then(|address| page_address(TEMPLATE, &text, address)));
        }
        Ok(findings)
    }

    /// The root of the clone.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The names of the template's outputs.
fn outputs(root: &Path) -> Result<BTreeSet<String>, Refused> {
    let path = root.join(TEMPLATE);
    if !path.is_file() {
        return Ok(BTreeSet::new());
    }
    let template = Template {
        file: TEMPLATE.to_owned(),
        text: files::text(&path)?,
    };
    let stack = Stack::read(template, &Deployment::default(), &mut Beside::of(&path, TEMPLATE))
        .map_err(|problems| Refused::usage(format!("read {TEMPLATE}")).because(problems))?;
    Ok(stack.outputs.into_keys().collect())
}

fn bindings(alarm: &GeneratedAlarm, outputs: &BTreeMap<String, String>) -> Bindings {
    let mut bindings = Bindings::default();
    bindings.alarm(&alarm.name);
    for (name, value) in outputs {
        bindings.output(name, value);
    }
    let Definition::Metric(metric) = &alarm.definition else {
        return bindings;
    };
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in dimensions(metric) {
        values.entry(name).or_default().insert(value);
    }
    for (name, values) in values {
        // Of two resources, neither is the alarm's.
        if let (1, Some(value)) = (values.len(), values.first()) {
            bindings.dimension(name, value);
        }
    }
    bindings
}

fn dimensions(metric: &MetricAlarm) -> impl Iterator<Item = (&str, &str)> {
    let queries = metric
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref());
    let of_queries = queries.flat_map(|stat| &stat.metric.dimensions);
    let all = metric.dimensions.iter().chain(of_queries);
    all.map(|dimension| (dimension.name.as_str(), dimension.value.as_str()))
}
