//! Pages that are run without anybody at the keyboard, beside something else: a drill runs the diagnosis while a fault is there, and
//! the verification when it is gone. Only steps that look; nothing is written to an incident log.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;

use ops_drill::Sight;
use ops_monitoring::Workspace;
use ops_monitoring::runbooks::Book;
use runbooks::expectation::Expectation;
use runbooks::finding::Finding;
use runbooks::page::{Page, SectionKind, Step};
use runbooks::record::{Outcome, Recorded};

use super::all::{Nobody, Shared};
use super::run::needed;
use super::session::{self, Direct, Rules, Runner as _};
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

/// What a command showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Is it what was to be seen?
    pub(crate) holds: bool,
    /// The command, what is to be seen, and the beginning of what it printed.
    pub(crate) told: String,
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
        let kinds = [
            SectionKind::Diagnosis,
            SectionKind::Mitigation,
            SectionKind::Verification,
        ];
        needed(pages.values(), &kinds, &target).await?;
        Ok(Self { book, pages, target })
    }

    /// Does a step of a page, whatever it changes: whoever orders a drill has said yes.
    ///
    /// # Errors
    /// There is no such step, or its result is not as the page expects.
    pub(crate) async fn execute(&self, alarm: &str, title: &str) -> anyhow::Result<()> {
        let page = self
            .pages
            .get(alarm)
            .with_context(|| format!("{alarm} has no page"))?;
        let steps = page.sections.iter().flat_map(|section| &section.steps);
        let step = steps
            .clone()
            .find(|step| step.title == title && step.changes)
            .with_context(|| format!("the page of {alarm} has no step \"{title}\" that changes something"))?;
        let bindings = self
            .book
            .bindings(&self.target.outputs)
            .remove(alarm)
            .unwrap_or_default();
        let command = bindings.bind(&step.command)?;
        let begun = Recorded::begun(SectionKind::Mitigation, step, &command, &session::now());
        let ended = self.direct().run(&command).await.context("start a shell")?;
        let recorded = match ended.answer {
            Some(answer) => begun.judged(step, &answer, &ended.errors),
            None => Recorded {
                outcome: Outcome::TimedOut,
                ..begun
            },
        };
        anyhow::ensure!(!recorded.outcome.is_bad(), "{}", problem(alarm, &recorded));
        Ok(())
    }

    /// Looks for what commands are to show.
    pub(crate) async fn look(&self, sights: &[Sight]) -> Vec<Shown> {
        let all = sights.iter().map(|sight| async {
            let wanted = Expectation::read(&sight.shows);
            let told = format!("{} of `{}`", sight.shows, sight.command);
            match (wanted, self.direct().run(&sight.command).await) {
                (Ok(wanted), Ok(ended)) => {
                    let answer = ended.answer.as_ref();
                    let output = answer.map_or("", |answer| answer.output.as_str());
                    let lines = output.lines().chain(ended.errors.lines()).take(TOLD_LINES);
                    let printed: Vec<&str> = lines.collect();
                    Shown {
                        holds: answer.is_some_and(|answer| wanted.holds(answer)),
                        told: format!("{told}\n    {}", printed.join("\n    ")),
                    }
                }
                (Err(error), _) => not_shown(&told, &error),
                (_, Err(error)) => not_shown(&told, &error),
            }
        });
        futures::future::join_all(all).await
    }

    fn direct(&self) -> Direct<'_> {
        Direct {
            folder: self.book.root(),
            target: &self.target,
            limit: LIMIT,
        }
    }

    /// Runs a section of the pages of these alarms, at the same time. A command that several ask for is run once.
    pub(crate) async fn check(&self, alarms: &[String], part: Part) -> Vec<Checked> {
        let shared = Shared::new(self.direct(), JOBS);
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
                    Ok(steps) => checked(alarm, page, &steps),
                    Err(error) => not_run(alarm, &format!("{error:#}")),
                }
            }
        });
        futures::future::join_all(work).await
    }
}

fn not_shown(told: &str, why: &dyn std::error::Error) -> Shown {
    Shown {
        holds: false,
        told: format!("{told}: {why}"),
    }
}

fn not_run(alarm: &str, why: &str) -> Checked {
    Checked {
        alarm: alarm.to_owned(),
        problems: vec![format!("the runbook of {alarm} could not be run: {why}")],
        ..Checked::default()
    }
}

/// How much was found that the alarm had not said itself.
fn causes(page: &Page, steps: &[Recorded]) -> usize {
    let of_page = || page.sections.iter().flat_map(|section| &section.steps);
    let found = steps.iter().flat_map(|recorded| {
        let step = of_page().find(|step| step.title == recorded.title);
        let found = recorded.found.iter();
        found.filter_map(move |says| {
            let step = step?;
            let finding = step.findings.iter().find(|finding| finding.says == *says)?;
            Some((step, finding))
        })
    });
    found
        .filter(|(step, finding)| !is_known(&page.name, step, finding))
        .count()
}

/// That the alarm is on, or its part that counts errors, and that something was changed lately: whoever is woken knows the one, and the
/// other is true after every release.
fn is_known(alarm: &str, step: &Step, finding: &Finding) -> bool {
    let when = finding.when.to_string();
    let asks_alarms = step.command.starts_with("shopwatch alarms status");
    let names = || {
        let words = step.command.split([' ', '\n', '|']);
        words.filter(|word| word.starts_with("shopfast-"))
    };
    let is_itself = names().count() > 0 && names().all(|name| name == alarm);
    let base = alarm.strip_suffix("-failing").unwrap_or(alarm);
    let of_errors = [
        "error-rate".to_owned(),
        "server-errors".to_owned(),
        format!("{base}-errors"),
    ];
    let is_of_errors = of_errors.iter().any(|part| when.contains(part));
    step.command.contains("LastModified") || (asks_alarms && (is_itself || is_of_errors))
}

fn checked(alarm: &str, page: &Page, steps: &[Recorded]) -> Checked {
    let is_run = |step: &&Recorded| !matches!(step.outcome, Outcome::NotRun(_));
    let bad = steps.iter().filter(|step| step.outcome.is_bad());
    Checked {
        alarm: alarm.to_owned(),
        steps: steps.iter().filter(is_run).count(),
        findings: causes(page, steps),
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

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# shopfast-a-failing\n\n## Meaning\n\n## Impact\n\n## Diagnosis\n\n\
        ### Part\n\n```sh\nshopwatch alarms status shopfast-a-error-rate shopfast-a-throttles\n```\n\n\
        * if contains `error-rate ALARM`: it fails\n* if contains `throttles ALARM`: it is refused\n\n\
        ### Change\n\n```sh\naws lambda get-function-configuration --function-name shopfast-a --query LastModified\n```\n\n\
        * if matches `.`: it was changed\n\n## Mitigation\n\n## Verification\n\n## Escalation\n";

    fn check(title: &str, found: &[&str], causes_found: usize) {
        let page = runbooks::page::read("shopfast-a-failing", PAGE).unwrap();
        let step = page
            .sections
            .iter()
            .flat_map(|section| &section.steps)
            .find(|step| step.title == title);
        let mut recorded = Recorded::begun(SectionKind::Diagnosis, step.unwrap(), "x", "now");
        recorded.found = found.iter().map(|says| (*says).to_owned()).collect();
        assert_eq!(causes(&page, &[recorded]), causes_found, "{title}: {found:?}");
    }

    #[test]
    fn what_the_alarm_says_itself_is_no_cause() {
        check("Part", &["it fails"], 0);
        check("Part", &["it fails", "it is refused"], 1);
        check("Change", &["it was changed"], 0);
    }
}
