//! `shopwatch runbooks run --all`: every page, a few commands at a time, each distinct command once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use ops_monitoring::runbooks::Book;
use ops_story::redact::printable;
use runbooks::page::{Page, SectionKind, Step};
use runbooks::record::{Outcome, Recorded};
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell, Semaphore};

use super::process::Ended;
use super::run::step_json;
use super::session::{self, Direct, Rules, Runner, Watcher};
use super::target::Target;
use crate::console;
use crate::exit::{Exit, Failure};

/// Runs all pages.
///
/// # Errors
/// A section with changes was asked for.
pub(super) async fn run(
    book: &Book,
    pages: &[(String, Page)],
    rules: &Rules,
    target: &Target,
    jobs: usize,
    as_json: bool,
) -> anyhow::Result<Exit> {
    if rules.sections.contains(&SectionKind::Mitigation) {
        let failure = Failure::new(
            Exit::Usage,
            "run every page: Mitigation of all of them is never meant",
        );
        return Err(failure.cure("add --only diagnosis,verification").into());
    }
    let direct = Direct {
        folder: book.root(),
        target,
        limit: rules.limit,
    };
    let shared = Shared::new(direct, jobs);
    let bindings = book.bindings(&target.outputs);
    let mut done = Vec::new();
    {
        let progress = console::progress();
        let mut work = futures::stream::iter(pages.iter().map(|(path, page)| {
            let bindings = bindings.get(&page.name).cloned().unwrap_or_default();
            let shared = &shared;
            async move {
                let steps = session::run(page, &bindings, rules, target.is_aws, shared, &mut Nobody).await;
                steps.map(|steps| (path.as_str(), page, steps))
            }
        }))
        .buffer_unordered(jobs * 4);
        while let Some(page) = work.next().await {
            let page = page?;
            if !as_json {
                // At once: who ends it early has seen what it found.
                failed(&page);
            }
            done.push(page);
            if let Some(mut stream) = progress.as_ref() {
                // Who waits and sees nothing waits all the same.
                drop(write!(
                    stream,
                    "\r\u{1b}[K{} of {} pages",
                    done.len(),
                    pages.len()
                ));
            }
        }
        if let Some(mut stream) = progress.as_ref() {
            drop(write!(stream, "\r\u{1b}[K"));
        }
    }
    done.sort_by_key(|(path, _, _)| *path);
    let commands = shared.run.load(Ordering::Relaxed);
    Ok(report(&done, commands, as_json))
}

type Done<'a> = (&'a str, &'a Page, Vec<Recorded>);

fn report(done: &[Done<'_>], commands: usize, as_json: bool) -> Exit {
    let steps = || done.iter().flat_map(|(_, _, steps)| steps);
    let count = |is: fn(&Outcome) -> bool| steps().filter(|step| is(&step.outcome)).count();
    let (good, bad) = (
        count(|outcome| *outcome == Outcome::AsExpected),
        count(Outcome::is_bad),
    );
    let not_run = count(|outcome| matches!(outcome, Outcome::NotRun(_)));
    if as_json {
        let pages: Vec<Value> = done
            .iter()
            .map(|(path, page, steps)| {
                json!({"alarm": page.name, "file": path, "steps": steps.iter().map(step_json).collect::<Vec<_>>()})
            })
            .collect();
        console::json(&json!({
            "pages": pages, "commands": commands,
            "asExpected": good, "notAsExpected": bad, "notRun": not_run, "ok": bad == 0,
        }));
    } else {
        console::out(&summary(done));
        console::line(&format!(
            "\n{} pages, {commands} distinct commands: {good} steps as expected, {bad} not, {not_run} not run",
            done.len()
        ));
    }
    if bad == 0 { Exit::Done } else { Exit::No }
}

/// Every step of a page that is not as expected, with what it printed.
fn failed((path, _, steps): &Done<'_>) {
    for step in steps.iter().filter(|step| step.outcome.is_bad()) {
        console::line(&format!(
            "{path}: {}: {}: {}",
            step.section.title(),
            printable(&step.title),
            step.outcome.as_str()
        ));
        console::line(&format!("  $ {}", printable(&step.command)));
        let why = step.outcome.why().map(str::to_owned);
        let not = step
            .judged
            .iter()
            .filter(|(_, holds)| !holds)
            .map(|(expected, _)| format!("no: {expected}"));
        let exit = step.exit.map(|exit| format!("exit code {exit}"));
        for line in why.into_iter().chain(not).chain(exit) {
            console::line(&format!("  {}", printable(&line)));
        }
        for line in step.output.lines().chain(step.errors.lines()).take(12) {
            console::line(&format!("    {}", printable(line)));
        }
    }
}

/// One row for each kind of outcome and reason.
fn summary(done: &[Done<'_>]) -> String {
    let mut rows: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
    for step in done.iter().flat_map(|(_, _, steps)| steps) {
        let why = match &step.outcome {
            Outcome::NotRun(why) => why.clone(),
            _ => String::new(),
        };
        *rows
            .entry((step.section.title(), step.outcome.as_str(), why))
            .or_default() += 1;
    }
    let head = ["section", "outcome", "steps", "because"]
        .map(str::to_owned)
        .to_vec();
    let row = |((section, outcome, why), count): (&(&str, &str, String), &usize)| {
        vec![
            (*section).to_owned(),
            (*outcome).to_owned(),
            count.to_string(),
            why.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows.iter().map(row)).collect();
    console::table(&rows)
}

/// Runs each distinct command once: what only looks answers every page that asks.
pub(super) struct Shared<'a> {
    direct: Direct<'a>,
    answers: Mutex<BTreeMap<String, Arc<OnceCell<Ended>>>>,
    permits: Semaphore,
    run: AtomicUsize,
}

impl<'a> Shared<'a> {
    /// So many commands at a time.
    pub(super) fn new(direct: Direct<'a>, jobs: usize) -> Self {
        Self {
            direct,
            answers: Mutex::default(),
            permits: Semaphore::new(jobs),
            run: AtomicUsize::new(0),
        }
    }
}

impl Runner for Shared<'_> {
    async fn run(&self, command: &str) -> std::io::Result<Ended> {
        let cell = Arc::clone(self.answers.lock().await.entry(command.to_owned()).or_default());
        let answer = cell.get_or_try_init(|| async {
            let _permit = self.permits.acquire().await.map_err(std::io::Error::other)?;
            self.run.fetch_add(1, Ordering::Relaxed);
            self.direct.run(command).await
        });
        answer.await.cloned()
    }
}

/// Nobody watches one page of many, and nobody is asked.
pub(super) struct Nobody;

impl Watcher for Nobody {
    fn begins(&mut self, _: SectionKind, _: &Step, _: &str) {}

    async fn allows(&mut self, _: &Step, _: bool) -> bool {
        false
    }

    fn ended(&mut self, _: &Recorded) -> anyhow::Result<()> {
        Ok(())
    }
}
