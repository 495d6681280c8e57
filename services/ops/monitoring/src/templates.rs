//! Templates and the alarms in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alarms::model::Definition;
use alarms::near::nearest;
use alarms::template::TemplateAlarm;
use infra::{Deployment, Source, Stack, Templates};

use crate::{Refused, Workspace, files};

/// Where the templates are that the project generates.
const GENERATED: &str = "infra/generated";

/// Which templates, and with which parameters.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TemplateArgs {
    /// A CloudFormation or SAM template [default: those of the workspace in infra/generated]
    #[arg(long = "template", value_name = "FILE")]
    pub templates: Vec<PathBuf>,
    /// A parameter of the templates, or AWS::Region, AWS::AccountId, AWS::StackName
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl TemplateArgs {
    /// The stacks, read.
    ///
    /// # Errors
    /// A template is not there or is none.
    pub fn stacks(&self, workspace: &Workspace) -> Result<Vec<Stack>, Refused> {
        self.deployed(workspace, &self.deployment())
    }

    /// The stacks, read as they are deployed so.
    ///
    /// # Errors
    /// A template is not there or is none.
    pub(crate) fn deployed(
        &self,
        workspace: &Workspace,
        deployment: &Deployment,
    ) -> Result<Vec<Stack>, Refused> {
        let paths = if self.templates.is_empty() {
            generated(workspace)?
        } else {
            self.templates
                .iter()
                .map(|path| (path.clone(), path.display().to_string()))
                .collect()
        };
        paths
            .iter()
            .map(|(path, shown)| read(path, shown, deployment))
            .collect()
    }

    /// The alarms in them, those that are there only on a condition too: with its name, whatever the default of its
    /// parameters is.
    ///
    /// # Errors
    /// A template is not there or is none.
    pub(crate) fn alarms_perhaps(&self, workspace: &Workspace) -> Result<Known, Refused> {
        let mut known = self.alarms(workspace)?;
        let open = Deployment {
            open_conditions: true,
            ..self.deployment()
        };
        let open = self.deployed(workspace, &open)?;
        for alarm in open.iter().flat_map(alarms::template::alarms) {
            let is_it = |one: &&mut TemplateAlarm| {
                (&one.file, &one.logical_id, one.at) == (&alarm.file, &alarm.logical_id, alarm.at)
            };
            match known.alarms.iter_mut().find(is_it) {
                // As the defaults decide it, which can be explained more often.
                Some(one) => one.condition = alarm.condition,
                None => known.alarms.push(alarm),
            }
        }
        Ok(known)
    }

    /// The alarms in them.
    ///
    /// # Errors
    /// A template is not there or is none.
    pub fn alarms(&self, workspace: &Workspace) -> Result<Known, Refused> {
        let stacks = self.stacks(workspace)?;
        Ok(Known {
            alarms: stacks.iter().flat_map(alarms::template::alarms).collect(),
            files: stacks.iter().map(|stack| stack.file.clone()).collect(),
        })
    }

    /// Where the templates are deployed, as far as the parameters say.
    #[must_use]
    pub(crate) fn deployment(&self) -> Deployment {
        let mut deployment = Deployment::default();
        for (name, value) in self.parameters.iter().cloned() {
            match name.as_str() {
                "AWS::Region" => deployment.region = Some(value),
                "AWS::AccountId" => deployment.account = Some(value),
                "AWS::Partition" => deployment.partition = Some(value),
                "AWS::StackName" => deployment.stack_name = Some(value),
                _ => {
                    deployment.parameters.insert(name, value);
                }
            }
        }
        deployment
    }
}

/// Paths, and how they are called.
fn generated(workspace: &Workspace) -> Result<Vec<(PathBuf, String)>, Refused> {
    let root = workspace.root("name a template with --template")?;
    let folder = root.join(GENERATED);
    if !folder.is_dir() {
        return Err(Refused::usage(format!("read the templates in {GENERATED}"))
            .because("there is no such folder")
            .cure("`shopwatch alarms generate` writes them; or name a template with --template"));
    }
    let paths = files::found(&folder, &["yaml", "yml", "json"])?;
    Ok(paths
        .into_iter()
        .map(|path| (path.clone(), workspace.shown(&path)))
        .collect())
}

/// One template with those nested in it.
fn read(path: &Path, shown: &str, deployment: &Deployment) -> Result<Stack, Refused> {
    let source = Source {
        file: shown.to_owned(),
        text: files::text(path)?,
    };
    let mut beside = Beside::of(path, shown);
    Stack::read(source, deployment, &mut beside)
        .map_err(|problems| Refused::usage(format!("read {shown}")).because(problems))
}

/// Nested templates that are files beside the one that names them. Others, in buckets, are not had.
#[derive(Debug)]
pub(crate) struct Beside {
    folder: PathBuf,
    /// How the outermost template is called.
    root: String,
}

impl Beside {
    /// Beside the template at this path, which is called so.
    pub(crate) fn of(path: &Path, shown: &str) -> Self {
        Self {
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            root: shown.to_owned(),
        }
    }
}

impl Templates for Beside {
    fn open(&mut self, from: &str, location: &str) -> Result<Option<Source>, String> {
        if location.contains("://") {
            return Ok(None);
        }
        let folder = if from == self.root {
            self.folder.clone()
        } else {
            Path::new(from)
                .parent()
                .map(Path::to_path_buf)
                .unwrap_or_default()
        };
        let path = folder.join(location);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // It is made by a build, or was not given along: what is in it is not known, and `alarms lint` says so.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        Ok(Some(Source {
            file: path.display().to_string(),
            text,
        }))
    }
}

/// So many names are told of when another was asked for.
const FEW: usize = 8;

/// The alarms of some templates.
#[derive(Debug)]
pub struct Known {
    /// In the order of the templates.
    pub alarms: Vec<TemplateAlarm>,
    /// The templates.
    pub files: Vec<String>,
}

impl Known {
    /// Those that could be read, by name.
    #[must_use]
    pub fn definitions(&self) -> BTreeMap<String, Definition> {
        let read = self.alarms.iter().filter_map(|alarm| {
            let definition = alarm.definition.as_ref().ok()?;
            Some((alarm.name.clone(), definition.clone()))
        });
        read.collect()
    }

    /// The alarm of this name or logical ID.
    ///
    /// # Errors
    /// There is none; with the nearest name.
    pub fn find(&self, name: &str) -> Result<&TemplateAlarm, Refused> {
        let by_name = self.alarms.iter().find(|alarm| alarm.name == name);
        let found = by_name.or_else(|| self.alarms.iter().find(|alarm| alarm.logical_id == name));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
            self.unknown(name, &names)
        })
    }

    /// The alarm of this logical ID.
    ///
    /// # Errors
    /// There is none; with the nearest one.
    pub fn resource(&self, logical_id: &str) -> Result<&TemplateAlarm, Refused> {
        let found = self.alarms.iter().find(|alarm| alarm.logical_id == logical_id);
        found.ok_or_else(|| {
            let ids: Vec<&str> = self
                .alarms
                .iter()
                .map(|alarm| alarm.logical_id.as_str())
                .collect();
            self.unknown(logical_id, &ids)
        })
    }

    fn unknown(&self, name: &str, known: &[&str]) -> Refused {
        let refused = Refused::usage(format!("find the alarm {name}"))
            .because(format!("it is not in {}", self.files.join(", ")));
        match nearest(name, known) {
            Some(near) => refused.cure(format!("did you mean {near}?")),
            None if known.is_empty() => {
                refused.cure("there are no alarms: name another template with --template")
            }
            None if known.len() <= FEW => refused.cure(format!("there are {}", known.join(", "))),
            None => refused
                .cure("`shopwatch alarms explain` without a name lists the alarms, also with --template"),
        }
    }
}

/// The definition of an alarm.
///
/// # Errors
/// The resource is no alarm that can be read.
pub(crate) fn definition(alarm: &TemplateAlarm) -> Result<&Definition, Refused> {
    alarm.definition.as_ref().map_err(|error| {
        let refused = Refused::usage(format!("read the alarm {}", alarm.name)).because(error);
        refused.cure("correct the template, or give its parameters with --parameter NAME=VALUE")
    })
}
