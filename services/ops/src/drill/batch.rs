//! One batch: drills that touch nothing of each other, at the same time. A drill under way is `running`'s.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ops_drill::{Drill, Load, Observed, Outcome, Verdict, case_of, judge, timeline};

use super::ground::Ground;
use super::running::{Due, Running};
use super::watch::Watcher;
use super::{broken, drive, evidence, heal, print};
use crate::console;
use crate::runbook_commands::pages::Pages;
use crate::up::interrupts::Interrupts;

/// Longest wait until no alarm is on before a batch, in minutes of the alarms' clock.
const CALM_LIMIT: u32 = 30;
/// Longest wait until no order is on its way, on the wall clock: the shop begins again what was left lying for some time
/// (`ReconcileAfterSeconds`), and looks every minute of the functions' clock.
const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// A drill that was run.
#[derive(Debug)]
pub(super) struct Ran<'a> {
    pub(super) drill: &'a Drill,
    pub(super) observed: Observed,
    pub(super) outcome: Outcome,
    /// On the wall clock, from the fault until all was clear.
    pub(super) took: Duration,
}

/// Runs the batch, and puts everything back when somebody asks for a stop or it fails; `None` when it was stopped.
pub(super) async fn guarded<'a>(
    ground: &Ground,
    batch: impl Future<Output = anyhow::Result<Vec<Ran<'a>>>>,
    interrupts: &Interrupts,
) -> anyhow::Result<Option<Vec<Ran<'a>>>> {
    let outcome = tokio::select! {
        outcome = batch => outcome.map(Some),
        () = interrupts.asked() => Ok(None),
    };
    for problem in heal::undo(ground, &mut ground.left()).await {
        console::error(&format!("{problem}\n"));
    }
    outcome
}

/// What a batch is run with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) ground: &'a Ground,
    pub(super) watcher: &'a Watcher<'a>,
    /// Runbooks of the alarms.
    pub(super) pages: &'a Pages,
    /// Are diagnosis and verification run?
    pub(super) checks_pages: bool,
    /// Alarms that go off by the clock, whatever a drill does.
    pub(super) by_themselves: &'a BTreeSet<String>,
    pub(super) is_quiet: bool,
}

/// Makes the faults, waits for the alarms and their mails, runs the pages, heals, waits until all is clear; judges.
pub(super) async fn run<'a>(
    tools: Tools<'_>,
    drills: &[&'a Drill],
    staying: &BTreeSet<String>,
) -> anyhow::Result<Vec<Ran<'a>>> {
    let Tools { ground, watcher, .. } = tools;
    let before = calm(ground, watcher, &(staying | tools.by_themselves)).await?;
    let mut since = Since::now(ground);
    // What came before belongs to no drill of this batch.
    watcher.new_mails(&mut since.mails).await?;
    let mut running = Vec::new();
    for drill in drills {
        if !tools.is_quiet {
            print::begun(drill);
        }
        running.push(Running::begin(ground, drill, &before).await);
    }
    while !running.iter().all(Running::is_over) {
        minute(ground, &mut running).await?;
        look(tools, &mut since, &mut running).await?;
        check_pages(tools, &mut running).await;
        for one in &mut running {
            let shown = tools.pages.look(one.sights()).await;
            one.shown(shown);
        }
        for one in &mut running {
            one.goes_on(ground, tools.pages, tools.is_quiet).await;
        }
    }
    // What comes late is seen too.
    minute(ground, &mut running).await?;
    look(tools, &mut since, &mut running).await?;
    Ok(judged(running, tools))
}

/// From when on a batch looks.
#[derive(Debug)]
struct Since {
    /// By the alarms' clock.
    here: Timestamp,
    /// By the wall's.
    wall: Timestamp,
    /// The number of the last mail that was seen.
    mails: i64,
}

impl Since {
    fn now(ground: &Ground) -> Self {
        Self {
            here: ground.now(),
            wall: Timestamp::now(),
            mails: 0,
        }
    }
}

/// What happens in a minute, and then the next one.
async fn minute(ground: &Ground, running: &mut [Running<'_, '_>]) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (whose, loads): (Vec<usize>, Vec<&Load>) = running
        .iter()
        .enumerate()
        .flat_map(|(at, one)| one.loads().map(move |load| (at, load)))
        .unzip();
    let unanswered = drive::minute(ground, &loads).await;
    for (place, reason) in unanswered {
        running[whose[place]].unanswered(reason);
    }
    ground.next_minute(begun).await
}

/// Waits until no order is on its way and no alarm is on but those that are no fault's or stay on after earlier drills; what is on
/// all the same.
async fn calm(
    ground: &Ground,
    watcher: &Watcher<'_>,
    staying: &BTreeSet<String>,
) -> anyhow::Result<BTreeSet<String>> {
    let begun = Instant::now();
    loop {
        ground.next_minute(Instant::now()).await?;
        if ground.is_idle().await? || begun.elapsed() > IDLE_LIMIT {
            break;
        }
    }
    let mut minutes = 0;
    loop {
        let firing = &watcher.firing().await? - staying;
        minutes += 1;
        if firing.is_empty() || minutes > CALM_LIMIT {
            return Ok(firing);
        }
        ground.next_minute(Instant::now()).await?;
    }
}

/// What alarms did and mails told since the first fault, for each drill from its own fault on.
async fn look(tools: Tools<'_>, since: &mut Since, running: &mut [Running<'_, '_>]) -> anyhow::Result<()> {
    let Tools { ground, watcher, .. } = tools;
    let history = watcher
        .since(since.here)
        .await
        .map_err(|error| broken("watch the alarms").caused_by(error))?;
    let mails = watcher
        .new_mails(&mut since.mails)
        .await
        .map_err(|error| broken("read the mails").caused_by(error))?;
    let cases = mails.iter().filter_map(case_of).collect();
    let failed = evidence::failed(ground, &cases, since.wall.as_millisecond())
        .await
        .map_err(|error| broken("read log lines").caused_by(error))?;
    let now = ground.now();
    for one in running {
        let observed = &mut one.observed;
        let since = observed.broken;
        let changes = history.changes.iter().filter(|change| change.at >= since);
        observed.changes = changes.cloned().collect();
        let told = history.told.iter().filter(|told| told.at >= since);
        observed.told = told.cloned().collect();
        observed.mails.extend(mails.iter().cloned());
        observed.failed.extend(failed.iter().cloned());
        observed.until = now;
    }
    Ok(())
}

/// Runs the pages that are due now, all at the same time; the clock of alarms stands still meanwhile.
async fn check_pages(tools: Tools<'_>, running: &mut [Running<'_, '_>]) {
    let due: Vec<Option<Due>> = running.iter().map(Running::due).collect();
    if !tools.checks_pages {
        return;
    }
    let pages = tools.pages;
    let parts: BTreeSet<_> = due.iter().flatten().map(|due| due.part).collect();
    for part in parts {
        let alarms: BTreeSet<String> = due
            .iter()
            .flatten()
            .filter(|due| due.part == part)
            .flat_map(|due| due.alarms.clone())
            .collect();
        let alarms: Vec<String> = alarms.into_iter().collect();
        let checked = pages.check(&alarms, part).await;
        for (one, due) in running.iter_mut().zip(&due) {
            let Some(due) = due.as_ref().filter(|due| due.part == part) else {
                continue;
            };
            let mine = alarms.iter().zip(&checked);
            let mine = mine.filter(|(alarm, _)| due.alarms.contains(alarm));
            one.checked(mine.map(|(_, checked)| checked.clone()).collect());
        }
    }
}

fn judged<'a>(running: Vec<Running<'_, 'a>>, tools: Tools<'_>) -> Vec<Ran<'a>> {
    let all: Vec<BTreeSet<String>> = running
        .iter()
        .map(|one| &one.drill.expect.alarms | &one.drill.expect.may)
        .collect();
    let mut ran = Vec::new();
    for (at, one) in running.into_iter().enumerate() {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        let beside = others.flat_map(|(_, names)| names).chain(tools.by_themselves);
        let beside: BTreeSet<String> = beside.cloned().collect();
        let outcome = judge(one.drill, &beside, &one.observed);
        if outcome.verdict() == Verdict::Failed && !tools.is_quiet {
            console::error(&print::failed(
                one.drill,
                &outcome,
                &timeline(one.drill, &one.observed),
            ));
        }
        ran.push(Ran {
            drill: one.drill,
            took: one.took,
            outcome,
            observed: one.observed,
        });
    }
    ran
}
