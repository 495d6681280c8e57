//! The alarms that follow from the workspace's templates and definition files, and how they are written down.

use std::path::{Path, PathBuf};

use alarms::coverage::{Generated, generate};
use alarms::definitions::Definitions;
use alarms::registry::MetricRegistry;
use alarms::render::{Rendered, cloudformation};
use infra::{Deployment, Source, Stack};

use crate::templates::Beside;
use crate::{Refused, Workspace, files};

/// Where people decide about alarms.
const DEFINITIONS: &str = "alarms/definitions";
/// Where templates are that are generated.
const OUTPUT: &str = "infra/generated";
const HERE: &str = "change to one";

/// Alarms, and what they were made of.
#[derive(Debug)]
pub struct Generation {
    /// First word of every name.
    pub group: String,
    /// Where pages are read, as definitions say; empty where they do not.
    pub runbooks: String,
    /// The templates, with symbols.
    pub stacks: Vec<Stack>,
    /// The alarms and what has none.
    pub generated: Generated,
}

/// A file as it should be.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Generation {
    /// Reads the workspace and generates.
    ///
    /// # Errors
    /// A file is not there or is wrong, or a failure mode has neither alarm nor reason: all that is wrong, with places.
    pub fn of(workspace: &Workspace) -> Result<Self, Refused> {
        let root = workspace.root(HERE)?;
        let definitions = definitions(root)?;
        let stacks = definitions.templates.iter().map(|template| {
            let deployment = Deployment {
                parameters: template.parameters.clone(),
                symbols: template.symbols.clone(),
                ..Deployment::default()
            };
            stack(root, &template.file.value, &deployment)
        });
        let stacks: Vec<Stack> = stacks.collect::<Result<_, _>>()?;
        let registry = registry(root, &definitions)?;
        let generated = generate(&stacks, &definitions, &registry).map_err(|problems| {
            let refused = Refused::usage("generate the alarms").because(problems);
            refused.cure(format!("change the template, or a file in {DEFINITIONS}"))
        })?;
        Ok(Self {
            group: definitions.group,
            runbooks: definitions.runbooks,
            stacks,
            generated,
        })
    }

    /// The files that hold the alarms.
    pub(crate) fn targets(&self, workspace: &Workspace) -> Result<Vec<Target>, Refused> {
        let folder = workspace.root(HERE)?.join(OUTPUT);
        let target = |one: Rendered| Target {
            path: folder.join(format!("{}.yaml", one.name)),
            text: one.text,
        };
        Ok(self.rendered().into_iter().map(target).collect())
    }

    /// Files of an earlier generation that are no longer one.
    pub(crate) fn stale(&self, workspace: &Workspace) -> Result<Vec<PathBuf>, Refused> {
        let folder = workspace.root(HERE)?.join(OUTPUT);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let current: Vec<String> = self
            .rendered()
            .into_iter()
            .map(|one| format!("{}.yaml", one.name))
            .collect();
        let prefix = format!("{}-alarms", self.group);
        let name = |path: &PathBuf| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let there = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
        let paths: Vec<PathBuf> = there.filter_map(|entry| Some(entry.ok()?.path())).collect();
        Ok(paths
            .into_iter()
            .filter(|path| name(path).starts_with(&prefix) && !current.contains(&name(path)))
            .collect())
    }

    fn rendered(&self) -> Vec<Rendered> {
        cloudformation(&self.group, &self.generated)
    }
}

/// The files in which people decide about alarms, and what they say.
pub(crate) fn definition_files(root: &Path) -> Result<Vec<(String, String)>, Refused> {
    let paths = files::found(&root.join(DEFINITIONS), &["yaml", "yml"])?;
    let file = |path: &PathBuf| {
        let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
        Ok((shown, files::text(path)?))
    };
    paths.iter().map(file).collect()
}

fn definitions(root: &Path) -> Result<Definitions, Refused> {
    let texts = definition_files(root)?;
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    Definitions::read(texts).map_err(|problems| Refused::usage("read the definitions").because(problems))
}

fn stack(root: &Path, file: &str, deployment: &Deployment) -> Result<Stack, Refused> {
    let path = root.join(file);
    let source = Source {
        file: file.to_owned(),
        text: files::text(&path)?,
    };
    let mut beside = Beside::of(&path, file);
    Stack::read(source, deployment, &mut beside)
        .map_err(|problems| Refused::usage(format!("read {file}")).because(problems))
}

fn registry(root: &Path, definitions: &Definitions) -> Result<MetricRegistry, Refused> {
    let mut all = MetricRegistry::default();
    for file in &definitions.registries {
        let refused = || Refused::usage(format!("read the registry {}", file.value));
        let text = files::text(&root.join(&file.value))?;
        let one = MetricRegistry::read(&text).map_err(|error| {
            let cure = "a test of the crate that declares the metrics writes it, with UPDATE_EXPECT=1";
            refused().because(error).cure(cure)
        })?;
        all.join(one).map_err(|twice| refused().because(twice))?;
    }
    Ok(all)
}

fn unreadable(path: &Path, error: std::io::Error) -> Refused {
    Refused::usage(format!("read the folder {}", path.display())).because(error)
}
