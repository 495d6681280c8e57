//! `shopwatch runbooks run`: the steps of a page, one after the other, each result beside what was expected.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ops_monitoring::Workspace;
use ops_monitoring::runbooks::Book;
use runbooks::page::{Page, SectionKind};
use runbooks::record::Recorded;
use runbooks::shell;
use serde_json::{Value, json};

use super::session::{self, Direct, Rules};
use super::target::{STACK, Target};
use super::told::{Log, Told};
use super::{all, process, record};
use crate::cli::Global;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::monitoring_commands::refused;
use crate::story_commands::interrupt::Interrupt;
use crate::workspace;

const AFTER: &str = "\
Diagnosis and Verification only look. Each change of Mitigation needs a yes. With --auto nobody is asked: changes are left out, or
with --yes those are made that something found leads to. Steps that need AWS are left out on the platform on this machine.

Exit code 0 when all that was run is as expected, 1 when not, 2 for wrong usage, 3 when it cannot be run (no platform, no AWS CLI,
no jq).

Examples:
  shopwatch runbooks run shopfast-order-dlq-not-empty                      step by step, with an incident log
  shopwatch runbooks run shopfast-order-dlq-not-empty --auto --only diagnosis
  shopwatch runbooks run shopfast-order-dlq-not-empty --aws-profile production
  shopwatch runbooks run --all --auto --only diagnosis,verification        every page, as CI does
";

/// Options of `shopwatch runbooks run`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(crate) struct Args {
    /// The alarm's name, as a mail or `shopwatch alarms status` tells it
    #[arg(value_name = "ALARM", required_unless_present = "all", conflicts_with = "all")]
    alarm: Option<String>,
    /// Every page; identical commands are run once
    #[arg(long, requires = "auto")]
    all: bool,
    /// Ask nobody: change nothing without --yes
    #[arg(long)]
    auto: bool,
    /// Make the changes that something found leads to, without asking
    #[arg(long, requires = "auto", conflicts_with = "all")]
    yes: bool,
    /// Only these sections
    #[arg(
        long,
        value_name = "SECTION",
        value_delimiter = ',',
        default_value = "diagnosis,mitigation,verification"
    )]
    only: Vec<Runnable>,
    /// A step takes this long at the most
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Where the incident log goes [default: incidents/TIME-ALARM.md in the state directory]
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    log: Option<PathBuf>,
    /// With --all: this many commands at a time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=32))]
    jobs: u64,
    /// The stack whose outputs pages name
    #[arg(long, value_name = "NAME", default_value = STACK)]
    stack: String,
    /// Run it against AWS, with this profile of the AWS configuration; the same as --profile
    #[arg(long, value_name = "NAME", conflicts_with = "profile")]
    aws_profile: Option<String>,
    /// As JSON: every step with its result
    #[arg(long)]
    json: bool,
}

/// A section with steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Runnable {
    Diagnosis,
    Mitigation,
    Verification,
}

impl Runnable {
    const fn kind(self) -> SectionKind {
        match self {
            Self::Diagnosis => SectionKind::Diagnosis,
            Self::Mitigation => SectionKind::Mitigation,
            Self::Verification => SectionKind::Verification,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// There is no such page, no platform, or a program that steps need is missing.
pub(super) async fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let mut global = global.clone();
    global.profile = global.profile.or_else(|| args.aws_profile.clone());
    let workspace = Workspace::at(workspace::root()?);
    let book = refused(Book::of(&workspace))?;
    let rules = Rules {
        sections: args.only.iter().map(|section| section.kind()).collect(),
        auto: args.auto,
        yes: args.yes,
        limit: Duration::from_secs(args.timeout),
    };
    let names: Vec<String> = match &args.alarm {
        Some(alarm) => vec![alarm.clone()],
        None => book
            .sources
            .iter()
            .map(|source| source.name().to_owned())
            .collect(),
    };
    let pages: Vec<(String, Page)> = refused(
        names
            .iter()
            .map(|name| book.page(name).map(|(source, page)| (source.path.clone(), page)))
            .collect(),
    )?;
    let context = Context::new(global.clone())?;
    let target = Target::of(&context, &global, &args.stack).await?;
    needed(pages.iter().map(|(_, page)| page), &rules.sections, &target).await?;
    let mut interrupt = Interrupt::listen();
    if args.all {
        let jobs = usize::try_from(args.jobs).unwrap_or(1);
        let work = all::run(&book, &pages, &rules, &target, jobs, args.json);
        return interrupt.unless(work).await.unwrap_or(Ok(Exit::Interrupted));
    }
    let Some((path, page)) = pages.first() else {
        return Ok(Exit::No);
    };
    let file = match &args.log {
        Some(file) => file.clone(),
        None => record::default_file(&context, &page.name),
    };
    let log = Log::begin(&file, &page.name, path, &target.shown)?;
    let mut told = Told::new(log, args.json, context.colored(), page.name.clone());
    told.begins_page(path, &target.shown);
    let bindings = book
        .bindings(&target.outputs)
        .remove(&page.name)
        .unwrap_or_default();
    let direct = Direct {
        folder: book.root(),
        target: &target,
        limit: rules.limit,
    };
    let work = session::run(page, &bindings, &rules, target.is_aws, &direct, &mut told);
    let Some(steps) = interrupt.unless(work).await else {
        told.interrupted()?;
        return Ok(Exit::Interrupted);
    };
    finish(&steps?, told, &target, args.json)
}

fn finish(steps: &[Recorded], mut told: Told, target: &Target, as_json: bool) -> anyhow::Result<Exit> {
    let file = told.finish(steps)?;
    let bad = steps.iter().any(|step| step.outcome.is_bad());
    if as_json {
        let steps: Vec<Value> = steps.iter().map(step_json).collect();
        let ok = !bad;
        console::json(&json!({
            "alarm": told.alarm(), "target": target.shown, "log": file, "ok": ok, "steps": steps,
        }));
    }
    Ok(if bad { Exit::No } else { Exit::Done })
}

/// A step as JSON has it.
pub(super) fn step_json(step: &Recorded) -> Value {
    let judged = step
        .judged
        .iter()
        .map(|(expected, holds)| json!({"expected": expected, "holds": holds}));
    json!({
        "section": step.section.title(), "title": step.title, "command": step.command, "changes": step.changes,
        "at": step.at, "tookMs": step.took_ms, "outcome": step.outcome.as_str(), "why": step.outcome.why(),
        "exit": step.exit, "output": step.output, "errors": step.errors,
        "judged": judged.collect::<Vec<_>>(), "found": step.found,
    })
}

/// Are the programs there that the steps need?
pub(super) async fn needed(
    pages: impl Iterator<Item = &Page>,
    kinds: &[SectionKind],
    target: &Target,
) -> Result<(), Failure> {
    let sections = pages.flat_map(|page| &page.sections);
    let steps = sections
        .filter(|section| kinds.contains(&section.kind))
        .flat_map(|section| &section.steps);
    let mut programs = BTreeSet::new();
    for step in steps {
        for program in shell::read(&step.command).unwrap_or_default() {
            programs.extend(program.words.into_iter().next().map(|word| word.text));
        }
    }
    // Without a shell no other answers.
    for program in std::iter::once("bash".to_owned()).chain(programs) {
        // A shim that has no program behind it is found, and answers nothing.
        let probe = match program.as_str() {
            "bash" => "true",
            "aws" => "aws --version",
            "jq" => "jq --version",
            _ => continue,
        };
        let answers = process::shell(probe, target)
            .output()
            .await
            .is_ok_and(|output| output.status.success());
        if !answers {
            let cure = match program.as_str() {
                "bash" => {
                    "install bash: steps are pipelines, and only bash tells when one of their programs fails"
                }
                "aws" => "install the AWS CLI: `pip install awscli`, or https://docs.aws.amazon.com/cli/",
                _ => "install jq: `apt install jq`, `dnf install jq`, `brew install jq`",
            };
            let failure = Failure::new(
                Exit::Environment,
                format!("run the steps: `{program}` does not run here"),
            );
            return Err(failure.cure(cure));
        }
    }
    Ok(())
}
