//! `shopwatch alarms generate`: writes the alarms of the workspace as CloudFormation templates, or checks that they are there.

use std::path::Path;

use serde::Serialize;

use crate::generation::{Generation, Target};
use crate::writing::Writing;
use crate::{Ended, Refused, Terminal, Workspace, difference};

const AFTER: &str = "\
Examples:
  shopwatch alarms generate                  write infra/generated, and say what changed
  shopwatch alarms generate --check          write nothing; exit code 1 if a file is not what would be written
";

/// Options of `shopwatch alarms generate`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    #[command(flatten)]
    writing: Writing,
}

/// What is with a file.
#[derive(Debug, Serialize)]
struct Seen {
    file: String,
    state: &'static str,
    difference: Vec<String>,
}

/// Generates.
///
/// # Errors
/// A file of the workspace is wrong, or a failure mode has neither alarm nor reason, or a file cannot be written.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let generation = Generation::of(workspace)?;
    let mut seen = Vec::new();
    for target in generation.targets(workspace)? {
        let before = there(&target.path)?;
        let state = match &before {
            None => "new",
            Some(text) if *text == target.text => "current",
            Some(_) => "changed",
        };
        seen.push(Seen {
            file: workspace.shown(&target.path),
            state,
            difference: difference::lines(before.as_deref().unwrap_or_default(), &target.text),
        });
        if !args.writing.check && state != "current" {
            write(&target)?;
        }
    }
    for path in generation.stale(workspace)? {
        seen.push(Seen {
            file: workspace.shown(&path),
            state: "gone",
            difference: Vec::new(),
        });
        if !args.writing.check {
            std::fs::remove_file(&path)
                .map_err(|error| Refused::failed(format!("remove {}", path.display())).because(error))?;
        }
    }
    let is_current = seen.iter().all(|one| one.state == "current");
    if args.writing.json {
        terminal.json(&seen)?;
    } else {
        text(&seen, args.writing.check, &generation, terminal)?;
    }
    Ok(if is_current || !args.writing.check {
        Ended::Done
    } else {
        Ended::No
    })
}

fn text(
    seen: &[Seen],
    check: bool,
    generation: &Generation,
    terminal: &mut Terminal<'_>,
) -> Result<(), Refused> {
    for one in seen {
        let word = match (one.state, check) {
            ("current", _) => "is current",
            ("new", true) => "is missing",
            ("new", false) => "is written",
            ("gone", true) => "is no longer generated",
            ("gone", false) => "is removed",
            (_, true) => "is stale",
            (_, false) => "is written anew",
        };
        terminal.line(format!("{} {word}", one.file))?;
        if one.state == "changed" {
            for line in &one.difference {
                terminal.line(format!("  {line}"))?;
            }
        }
    }
    let generated = &generation.generated;
    terminal.line(format!(
        "{} alarms, {} metric filters, {} accepted gaps",
        generated.alarms.len(),
        generated.metric_filters.len(),
        generated.gaps.len()
    ))?;
    Ok(())
}

fn there(path: &Path) -> Result<Option<String>, Refused> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refused::usage(format!("read {}", path.display())).because(error)),
    }
}

fn write(target: &Target) -> Result<(), Refused> {
    let folder = target.path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&target.path, &target.text))
        .map_err(|error| Refused::failed(format!("write {}", target.path.display())).because(error))
}
