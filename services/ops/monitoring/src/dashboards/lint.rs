//! `shopwatch dashboards lint`: what is wrong with dashboards.

use std::path::PathBuf;

use alarms::lint::{Finding, Severity};
use dashboards::lint::{Known, lint_all, lint_body};
use infra::Stack;

use super::deployed;
use crate::told::told;
use crate::{Ended, Refused, TemplateArgs, Terminal, Tone, Workspace, files};

const AFTER: &str = "\
dashboards/CHECKS.md has a section for each check. Exit code 1 when there is a bug.

Examples:
  shopwatch dashboards lint                                                 the workspace's own
  shopwatch dashboards lint --template shop.yaml --template alarms.yaml     of templates that are deployed together
  shopwatch dashboards lint --body copied-from-console.json                 a body in a file
";

/// Options of `shopwatch dashboards lint`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    #[command(flatten)]
    templates: TemplateArgs,
    /// A body, as the console shows it under View/edit source
    #[arg(long = "body", value_name = "FILE")]
    bodies: Vec<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Lints.
///
/// # Errors
/// A file is not there or is no template.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let findings = findings(args, workspace)?;
    let bugs = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Bug)
        .count();
    if args.json {
        terminal.json(&told(&findings))?;
    } else {
        for finding in &findings {
            terminal.line(finding)?;
        }
        match findings.len() {
            0 => terminal.toned(Tone::Good, "nothing found")?,
            n => terminal.toned(Tone::Bad, &format!("{n} found, {bugs} of them bugs"))?,
        }
        terminal.line("")?;
    }
    Ok(if bugs > 0 { Ended::No } else { Ended::Done })
}

fn findings(args: &Args, workspace: &Workspace) -> Result<Vec<Finding>, Refused> {
    let mut stacks: Vec<Stack> = Vec::new();
    // A body stands for itself; what else is deployed is known only when it is named.
    if args.bodies.is_empty() || !args.templates.templates.is_empty() {
        stacks = deployed::stacks(&args.templates, workspace)?;
    }
    if args.bodies.is_empty() && args.templates.templates.is_empty() {
        // Its functions write the logs that our dashboards ask for.
        stacks.extend(deployed::shop(&args.templates, workspace)?);
    }
    let together: Vec<&Stack> = stacks.iter().collect();
    let mut findings = lint_all(&together);
    let known = Known::of(&together);
    for path in &args.bodies {
        findings.extend(lint_body(
            &path.display().to_string(),
            &files::text(path)?,
            &known,
        ));
    }
    Ok(findings)
}
