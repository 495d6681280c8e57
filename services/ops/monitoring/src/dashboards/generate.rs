//! `shopwatch dashboards generate`: writes the template of the dashboards, or says whether the committed one is current.

use std::fs;

use dashboards::template::{TemplateText, write};

use super::project;
use crate::{Ended, Refused, Terminal, Workspace};

/// The template.
const FILE: &str = "infra/generated/shopfast-dashboards.yaml";

const TEXT: TemplateText<'_> = TemplateText {
    description: "ShopFast - dashboards that follow from its template and its alarms",
    command: "shopwatch dashboards generate",
};

const AFTER: &str = "\
Examples:
  shopwatch dashboards generate           writes infra/generated/shopfast-dashboards.yaml
  shopwatch dashboards generate --check   exit code 1 when the committed one is not current
";

/// Options of `shopwatch dashboards generate`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Write nothing: exit code 1 when the template is not current
    #[arg(long)]
    check: bool,
}

/// Writes, or checks.
///
/// # Errors
/// A file of the workspace is not there, wrong, or cannot be written.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let dashboards = project::dashboards(workspace)?;
    let text = write(&TEXT, &dashboards);
    let path = workspace.root("run it in one")?.join(FILE);
    let there = fs::read_to_string(&path).ok();
    if there.as_deref() == Some(text.as_str()) {
        terminal.line(format!("{FILE} is current: {} dashboards", dashboards.len()))?;
        return Ok(Ended::Done);
    }
    if args.check {
        terminal.line(format!(
            "{FILE} is not current: run `shopwatch dashboards generate`"
        ))?;
        return Ok(Ended::No);
    }
    fs::write(&path, text).map_err(|error| Refused::failed(format!("write {FILE}")).because(error))?;
    terminal.line(format!("wrote {FILE}: {} dashboards", dashboards.len()))?;
    Ok(Ended::Done)
}
