//! Pages that are run without anybody at the keyboard, beside something else: a drill runs the diagnosis while a fault is there, and
//! the verification when it is gone. Only steps that look; nothing is written to an incident log.

use std::collections::BTreeMap;
use std::time::Duration;

use ops_monitoring::Workspace;
use ops_monitoring::runbooks::Book;
use runbooks::page::{Page, SectionKind};
use runbooks::record::{Outcome, Recorded};

use super::all::{Nobody, Shared};
use super::run::needed;
use super::session::{self, Direct, Rules};
use super::target::{STACK, Target};
use crate::cli::Global;
use crate::context::Context;
use crate::monitoring_commands::refused;
use crate::workspace;

/// A step takes this long at the most.
const LIMIT: Duration = Duration::from_secs(30);
/// Commands at a time: most wait for a program to start.
const JOBS: usize = 4;
/// Lines of output that are told of a step that is not as expected.
const TOLD_LINES: usize = 6;

/// A section that drills run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// While something is broken.
    Diagnosis,
    /// When it is over.
    Verification,
}

impl Part {
    const fn section(self) -> SectionKind {
        match self {
            Self::Diagnosis => SectionKind::Diagnosis,
            Self::Verification => SectionKind::Verification,
        }
    }
}

/// Pages of alarms, and the platform against which they are run.
#[derive(Debug)]
pub(crate) struct Pages {
    book: Book,
    pages: BTreeMap<String, Page>,
    target: Target,
}

/// What came of a section of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The alarm whose page it is.
    pub(crate) alarm: String,
    /// Steps that were run.
    pub(crate) steps: usize,
    /// What they found: a cause, or where to go on.
    pub(crate) findings: usize,
    /// Steps that are not as expected, each with why.
    pub(crate) problems: Vec<String>,
}

impl Pages {
    /// Those of these alarms, against the platform of a state directory.
    ///
    /// # Errors
    /// An alarm has no page, or a program that steps need is missing.
    pub(crate) async fn of<'a>(
        alarms: impl Iterator<Item = &'a String>,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let workspace = Workspace::at(workspace::root()?);
        let book = refused(Book::of(&workspace))?;
        let pages: Result<BTreeMap<String, Page>, _> = alarms
            .map(|name| book.page(name).map(|(_, page)| (name.clone(), page)))
            .collect();
        let pages = refused(pages)?;
        let target = Target::of(context, &Global::default(), STACK).await?;
        let kinds = [SectionKind::Diagnosis, SectionKind::Verification];
        needed(pages.values(), &kinds, &target).await?;
        Ok(Self { book, pages, target })
    }

    /// Runs a section of the pages of these alarms, at the same time. A command that several ask for is run once.
    pub(crate) async fn check(&self, alarms: &[String], part: Part) -> Vec<Checked> {
        let direct = Direct {
            folder: self.book.root(),
            target: &self.target,
            limit: LIMIT,
        };
        let shared = Shared::new(direct, JOBS);
        let bindings = self.book.bindings(&self.target.outputs);
        let rules = Rules {
            sections: vec![part.section()],
            auto: true,
            yes: false,
            limit: LIMIT,
        };
        let work = alarms.iter().map(|alarm| {
            let bindings = bindings.get(alarm).cloned().unwrap_or_default();
            let (rules, shared) = (&rules, &shared);
            async move {
                let Some(page) = self.pages.get(alarm) else {
                    return not_run(alarm, "it has no page");
                };
                let is_aws = self.target.is_aws;
                match session::run(page, &bindings, rules, is_aws, shared, &mut Nobody).await {
                    Ok(steps) => checked(alarm, &steps),
                    Err(error) => not_run(alarm, &format!("{error:#}")),
                }
            }
        });
        futures::future::join_all(work).await
    }
}

fn not_run(alarm: &str, why: &str) -> Checked {
    Checked {
        alarm: alarm.to_owned(),
        problems: vec![format!("the runbook of {alarm} could not be run: {why}")],
        ..Checked::default()
    }
}

fn checked(alarm: &str, steps: &[Recorded]) -> Checked {
    let is_run = |step: &&Recorded| !matches!(step.outcome, Outcome::NotRun(_));
    let bad = steps.iter().filter(|step| step.outcome.is_bad());
    Checked {
        alarm: alarm.to_owned(),
        steps: steps.iter().filter(is_run).count(),
        findings: steps.iter().map(|step| step.found.len()).sum(),
        problems: bad.map(|step| problem(alarm, step)).collect(),
    }
}

/// The step, what does not hold, and the beginning of what it printed.
fn problem(alarm: &str, step: &Recorded) -> String {
    let mut text = format!(
        "the runbook of {alarm}: {}: {}: {}",
        step.section.title(),
        step.title,
        step.outcome.as_str()
    );
    let why = step.outcome.why().map(str::to_owned);
    let not = step
        .judged
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(expected, _)| format!("no: {expected}"));
    let printed = step.output.lines().chain(step.errors.lines()).take(TOLD_LINES);
    for line in why
        .into_iter()
        .chain(not)
        .chain(std::iter::once(format!("$ {}", step.command)))
        .chain(printed.map(str::to_owned))
    {
        text.push_str("\n    ");
        text.push_str(&line);
    }
    text
}
