//! Templates as they would be deployed on this machine: a dashboard's body is whole only with a Region, an account and values for
//! the template's parameters.

use std::path::PathBuf;

use infra::Stack;

use crate::{Refused, TemplateArgs, Workspace, files};

/// Where the templates are that the project generates.
const GENERATED: &str = "infra/generated";
/// The template of what our dashboards show.
const SHOP: &str = "infra/shopfast.yaml";
/// The Region and the account of the platform on one machine.
const LOCAL: [(&str, &str); 2] = [("AWS::Region", "us-east-1"), ("AWS::AccountId", "000000000000")];
/// The stage there.
const STAGE: (&str, &str) = ("Stage", "dev");

/// The templates that are named, or else those of the workspace in `infra/generated`.
///
/// # Errors
/// A template is not there or is none.
pub(super) fn stacks(args: &TemplateArgs, workspace: &Workspace) -> Result<Vec<Stack>, Refused> {
    let paths = if args.templates.is_empty() {
        let folder = workspace.root("name a template with --template")?.join(GENERATED);
        files::found(&folder, &["yaml", "yml", "json"])?
    } else {
        args.templates.clone()
    };
    paths
        .into_iter()
        .map(|path| stack(path, &args.parameters, workspace))
        .collect()
}

/// The workspace's template of what its dashboards show, if it has one.
///
/// # Errors
/// It is none.
pub(super) fn shop(args: &TemplateArgs, workspace: &Workspace) -> Result<Option<Stack>, Refused> {
    let path = workspace.root("name a template with --template")?.join(SHOP);
    if !path.exists() {
        return Ok(None);
    }
    stack(path, &args.parameters, workspace).map(Some)
}

/// One template, with values for all its parameters: those given, its defaults, or their own names.
///
/// # Errors
/// It is not there or is none.
pub(super) fn stack(
    path: PathBuf,
    given: &[(String, String)],
    workspace: &Workspace,
) -> Result<Stack, Refused> {
    let shown = workspace.shown(&path);
    let read = |parameters: Vec<(String, String)>| -> Result<Stack, Refused> {
        let args = TemplateArgs {
            templates: vec![path.clone()],
            parameters,
        };
        let mut stacks = args.stacks(workspace)?;
        let mut stack = stacks
            .pop()
            .ok_or_else(|| Refused::usage(format!("read {shown}")))?;
        stack.file.clone_from(&shown);
        Ok(stack)
    };
    let pseudo = LOCAL.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let pseudo = pseudo
        .into_iter()
        .filter(|(name, _)| given.iter().all(|(other, _)| other != name));
    let mut parameters: Vec<(String, String)> = pseudo.collect();
    parameters.extend(
        given
            .iter()
            .filter(|(name, _)| name.starts_with("AWS::"))
            .cloned(),
    );
    let first = read(parameters.clone())?;
    // A value for a parameter that a template does not have is an error there: each gets its own.
    for (name, value) in &first.parameters {
        if let Some(pair) = given.iter().find(|(other, _)| other == name) {
            parameters.push(pair.clone());
        } else if value.is_unknown() {
            let value = if name == STAGE.0 { STAGE.1 } else { name };
            parameters.push((name.clone(), value.to_owned()));
        }
    }
    read(parameters)
}
