//! `shopwatch dashboards list`: which dashboards there are.

use dashboards::template::{self, Found};
use serde::Serialize;

use super::deployed;
use crate::{Ended, Refused, TemplateArgs, Terminal, Workspace};

const AFTER: &str = "\
Examples:
  shopwatch dashboards list                        those of the workspace
  shopwatch dashboards list --template shop.yaml   of anybody's template
";

/// Options of `shopwatch dashboards list`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    #[command(flatten)]
    templates: TemplateArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// A dashboard in the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    widgets: Option<usize>,
    file: String,
    line: usize,
}

/// Lists. Exit code 1 when there is none.
///
/// # Errors
/// A template is not there or is none.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let stacks = deployed::stacks(&args.templates, workspace)?;
    let listed: Vec<Listed> = stacks.iter().flat_map(template::read).map(listed).collect();
    let ended = if listed.is_empty() { Ended::No } else { Ended::Done };
    if args.json {
        terminal.json(&listed)?;
        return Ok(ended);
    }
    if listed.is_empty() {
        let files: Vec<&str> = stacks.iter().map(|stack| stack.file.as_str()).collect();
        terminal.line(format!("no dashboard in {}", files.join(", ")))?;
    }
    let width = listed
        .iter()
        .map(|one| one.name.chars().count())
        .max()
        .unwrap_or(0);
    for one in &listed {
        let widgets = match one.widgets {
            Some(count) => format!("{count} widgets"),
            None => "unreadable".to_owned(),
        };
        terminal.line(format!(
            "{:<width$}  {widgets:>11}  {}:{}",
            one.name, one.file, one.line
        ))?;
    }
    Ok(ended)
}

fn listed(found: Found) -> Listed {
    let widgets = found
        .body
        .ok()
        .and_then(|body| Some(body["widgets"].as_array()?.len()));
    Listed {
        name: found.name.unwrap_or(found.resource),
        widgets,
        file: found.file,
        line: found.at.line,
    }
}
