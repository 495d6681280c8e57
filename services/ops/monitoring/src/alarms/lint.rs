//! `shopwatch alarms lint`: what is wrong with the alarms of templates, written as compilers do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use alarms::lint::{CHECKS, Check, Finding, LogLines, Options, Severity, lint_all};
use infra::{Deployment, Stack};
use serde::Serialize;

use crate::terminal::Tone;
use crate::told::told;
use crate::{Ended, Refused, TemplateArgs, Terminal, Workspace};

/// What the workspace deploys together: alarms of one template notify topics of the other.
const TEMPLATE: &str = "infra/shopfast.yaml";

const AFTER: &str = "\
Templates that are named together are deployed together: an alarm of one may notify topics of another. What is known only after
deployment is not judged; --parameter NAME=VALUE makes it known, AWS::Region too. Each check has a section in alarms/CHECKS.md.
A resource accepts a finding with Metadata: { shopwatch: { ignore: { CHECK: reason } } }.

Exit code 1 when there is a bug, 2 when a template cannot be read.

Examples:
  shopwatch alarms lint                                     the templates of the workspace
  shopwatch alarms lint --template shop.yaml                anybody's
  shopwatch alarms lint --template shop.yaml --parameter AWS::Region=eu-west-1 --json
  shopwatch alarms lint --list-checks
";

/// Options of `shopwatch alarms lint`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    #[command(flatten)]
    templates: TemplateArgs,
    /// As JSON: a list of findings, or of checks
    #[arg(long)]
    json: bool,
    /// The checks, and nothing else
    #[arg(long, conflicts_with = "templates")]
    list_checks: bool,
}

/// A check as JSON has it.
#[derive(Debug, Serialize)]
struct Listed {
    check: &'static str,
    severity: &'static str,
    summary: &'static str,
}

/// Lints, or lists the checks.
///
/// # Errors
/// A template is not there or is none.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    if args.list_checks {
        return list(args.json, terminal);
    }
    let stacks = stacks(&args.templates, workspace)?;
    let options = Options {
        region: args.templates.deployment().region,
        lines: if args.templates.templates.is_empty() {
            ours()
        } else {
            LogLines::default()
        },
    };
    let findings = lint_all(&stacks.iter().collect::<Vec<_>>(), &options);
    if args.json {
        terminal.json(&told(&findings))?;
    } else {
        print(&findings, &stacks, terminal)?;
    }
    let bugs = findings.iter().any(|finding| finding.severity == Severity::Bug);
    Ok(if bugs { Ended::No } else { Ended::Done })
}

/// Of lines that our functions write, the fields that have few values: telemetry/core/src/log, telemetry/lambda/README.md.
fn ours() -> LogLines {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let levels = values(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]);
    LogLines {
        values: BTreeMap::from([
            ("level".to_owned(), levels),
            ("severity".to_owned(), values(&["CRITICAL"])),
        ]),
    }
}

/// The templates that are named; those of the workspace when none is.
fn stacks(given: &TemplateArgs, workspace: &Workspace) -> Result<Vec<Stack>, Refused> {
    // Alarms that are there in production only, while the defaults are those of a test.
    let deployment = Deployment {
        open_conditions: true,
        ..given.deployment()
    };
    let mut stacks = given.deployed(workspace, &deployment)?;
    if !given.templates.is_empty() {
        return Ok(stacks);
    }
    let path: PathBuf = workspace.root("name a template with --template")?.join(TEMPLATE);
    if path.is_file() {
        let whole = TemplateArgs {
            templates: vec![path],
            parameters: given.parameters.clone(),
        };
        let mut shop = whole.deployed(workspace, &deployment)?;
        for stack in &mut shop {
            stack.file = TEMPLATE.to_owned();
        }
        stacks.splice(0..0, shop);
    }
    Ok(stacks)
}

fn print(findings: &[Finding], stacks: &[Stack], terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    for finding in findings {
        let Finding {
            file, line, column, ..
        } = finding;
        terminal.text(format!("{file}:{line}:{column}: "))?;
        match tone(finding.severity) {
            Some(tone) => terminal.toned(tone, finding.severity.as_str())?,
            None => terminal.text(finding.severity)?,
        }
        let (check, resource, message) = (finding.check, &finding.resource, &finding.message);
        terminal.line(format!(" {check}: {resource}: {message}"))?;
    }
    let files: Vec<&str> = stacks.iter().map(|stack| stack.file.as_str()).collect();
    let files = files.join(", ");
    if findings.is_empty() {
        terminal.line(format!("nothing found in {files}"))?;
        return Ok(());
    }
    let counts = [Severity::Bug, Severity::Warning, Severity::Info].map(|severity| {
        let count = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        counted(count, severity)
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    terminal.line(format!("{} in {files}", counts.join(", ")))?;
    Ok(())
}

const fn tone(severity: Severity) -> Option<Tone> {
    match severity {
        Severity::Bug => Some(Tone::Bad),
        Severity::Warning | Severity::Info => None,
    }
}

fn counted(count: usize, severity: Severity) -> Option<String> {
    let plural = if count == 1 || severity == Severity::Info {
        ""
    } else {
        "s"
    };
    (count > 0).then(|| format!("{count} {severity}{plural}"))
}

fn list(json: bool, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let listed = |check: &Check| Listed {
        check: check.name,
        severity: check.severity.as_str(),
        summary: check.summary,
    };
    if json {
        terminal.json(&CHECKS.iter().map(listed).collect::<Vec<_>>())?;
        return Ok(Ended::Done);
    }
    for check in CHECKS {
        terminal.line(format!(
            "{:<31} {:<8} {}",
            check.name, check.severity, check.summary
        ))?;
    }
    Ok(Ended::Done)
}
