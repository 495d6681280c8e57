//! A drill under way: broken, healed, over. What it goes on with at the end of each minute follows from what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use ops_drill::{Drill, Load, Observed, Remedy, Sight, not_over, outstanding};

use super::ground::Ground;
use super::heal::{self, Undo};
use super::inflict::inflict;
use super::print;
use crate::runbook_commands::pages::{Checked, Pages, Part, Shown};

/// Remembers until [`Kept::undo`] how the faults of a drill are undone; what is dropped before, the platform remembers.
#[derive(Debug)]
struct Kept<'a> {
    ground: &'a Ground,
    steps: Vec<Undo>,
}

impl Kept<'_> {
    async fn undo(&mut self) -> Vec<String> {
        heal::undo(self.ground, &mut self.steps).await
    }

    async fn undo_but_settings(&mut self) -> Vec<String> {
        heal::undo_but_settings(self.ground, &mut self.steps).await
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.ground.leave(&mut self.steps);
    }
}

/// A drill under way.
pub(super) struct Running<'g, 'a> {
    pub(super) drill: &'a Drill,
    kept: Kept<'g>,
    pub(super) observed: Observed,
    begun: Instant,
    pub(super) took: Duration,
    phase: Phase,
    /// What came of the pages that were run in this minute.
    checked: Option<Vec<Checked>>,
    /// What the commands showed that were run in this minute to see the fault itself.
    shown: Vec<Shown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Broken,
    Healed,
    Over,
}

/// Pages that are to be run now.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) part: Part,
    pub(super) alarms: Vec<String>,
}

impl<'g, 'a> Running<'g, 'a> {
    /// Makes the faults; `before` were in ALARM already.
    pub(super) async fn begin(ground: &'g Ground, drill: &'a Drill, before: &BTreeSet<String>) -> Self {
        let mut kept = Kept {
            ground,
            steps: Vec::new(),
        };
        let mut problems: Vec<String> = before
            .iter()
            .map(|name| format!("{name} was in ALARM before the fault"))
            .collect();
        for fault in &drill.faults {
            if let Err(error) = inflict(ground, fault, &mut kept.steps).await {
                problems.push(format!("the fault could not be made: {error:#}"));
            }
        }
        let now = ground.now();
        Running {
            drill,
            kept,
            observed: Observed {
                broken: now,
                healed: None,
                until: now,
                changes: Vec::new(),
                told: Vec::new(),
                mails: Vec::new(),
                failed: BTreeSet::new(),
                healed_by: Vec::new(),
                steps: 0,
                findings: 0,
                diagnosed: BTreeMap::new(),
                problems,
            },
            begun: Instant::now(),
            took: Duration::ZERO,
            phase: Phase::Broken,
            checked: None,
            shown: Vec::new(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Who uses the shop in this phase.
    pub(super) fn loads(&self) -> impl Iterator<Item = &Load> {
        let phase = self.phase;
        self.drill.load.iter().filter(move |load| match phase {
            Phase::Broken => true,
            Phase::Healed => load.goes_on,
            Phase::Over => false,
        })
    }

    /// A load had no answer: what it was for was not tried. Once is enough to be told.
    pub(super) fn unanswered(&mut self, reason: String) {
        let told = format!("a load had no answer: {reason}");
        if !self
            .observed
            .problems
            .iter()
            .any(|problem| problem.starts_with("a load had no answer"))
        {
            self.observed.problems.push(told);
        }
    }

    /// All that is expected of the fault was seen. Where nothing is to come, all the time is waited that something may.
    fn has_come(&self) -> bool {
        !self.drill.expect.alarms.is_empty() && outstanding(self.drill, &self.observed).is_empty()
    }

    /// There is no more time for what has not come.
    fn is_late(&self) -> bool {
        let since = self.observed.broken.duration_until(self.observed.until).as_secs();
        since > self.drill.expect.within
    }

    /// What is to be looked at now: the fault itself.
    pub(super) fn sights(&self) -> &'a [Sight] {
        let looks = match self.phase {
            Phase::Broken => self.has_come() || self.is_late(),
            Phase::Healed => not_over(self.drill, &self.observed).is_empty(),
            Phase::Over => false,
        };
        if looks { &self.drill.expect.seen } else { &[] }
    }

    /// Takes what the commands showed.
    pub(super) fn shown(&mut self, shown: Vec<Shown>) {
        self.shown = shown;
    }

    /// The page that somebody reads is run while the fault is there, and once more when it is over.
    pub(super) fn due(&self) -> Option<Due> {
        let expect = &self.drill.expect;
        let read = expect.read();
        let (part, alarms): (_, Vec<String>) = match self.phase {
            Phase::Broken if self.has_come() => (Part::Diagnosis, read.iter().cloned().collect()),
            Phase::Healed if not_over(self.drill, &self.observed).is_empty() => (
                Part::Verification,
                read.difference(&expect.stays).cloned().collect(),
            ),
            _ => return None,
        };
        (!alarms.is_empty()).then_some(Due { part, alarms })
    }

    /// Takes what came of the pages that were due.
    pub(super) fn checked(&mut self, checked: Vec<Checked>) {
        self.checked = Some(checked);
    }

    /// Counts what was run in the end, and tells what was not as expected.
    fn keep(&mut self, checked: Vec<Checked>) {
        for page in checked {
            self.observed.steps += page.steps;
            self.observed.findings += page.findings;
            if self.phase == Phase::Broken {
                self.observed.diagnosed.insert(page.alarm, page.findings);
            }
            self.observed.problems.extend(page.problems);
        }
    }

    /// To the next phase when this one is over.
    pub(super) async fn goes_on(&mut self, ground: &Ground, pages: &Pages, is_quiet: bool) {
        let expect = &self.drill.expect;
        let now = self.observed.until;
        let checked = self.checked.take().unwrap_or_default();
        let shown = std::mem::take(&mut self.shown);
        match self.phase {
            Phase::Broken => {
                let unseen: Vec<&Shown> = shown.iter().filter(|one| !one.holds).collect();
                if self.is_late() || (self.has_come() && unseen.is_empty()) {
                    let told = unseen
                        .iter()
                        .map(|one| format!("the fault is not seen: {}", one.told));
                    self.observed.problems.extend(told);
                    self.keep(checked);
                    self.heal(ground, pages).await;
                }
            }
            Phase::Healed => {
                let healed = self.observed.healed.unwrap_or(now);
                let since = healed.duration_until(now).as_secs();
                let is_clear = not_over(self.drill, &self.observed).is_empty();
                // A verification looks minutes back: what it says in the first ones may still be of the fault.
                let is_verified = checked.iter().all(|page| page.problems.is_empty());
                let still: Vec<&Shown> = shown.iter().filter(|one| one.holds).collect();
                if (is_clear && is_verified && still.is_empty()) || since > expect.cleared_within {
                    let told = still
                        .iter()
                        .map(|one| format!("the fault is still seen: {}", one.told));
                    self.observed.problems.extend(told);
                    self.keep(checked);
                    // What steps of runbooks were to put back, whether they did or not.
                    let problems = self.kept.undo().await;
                    self.observed.problems.extend(problems);
                    self.took = self.begun.elapsed();
                    self.phase = Phase::Over;
                    if !is_quiet {
                        print::ended(self.drill, is_clear, self.took);
                    }
                }
            }
            Phase::Over => {}
        }
    }

    async fn heal(&mut self, ground: &Ground, pages: &Pages) {
        let has_steps = self.drill.heal.iter().any(|remedy| remedy.page().is_some());
        let problems = match has_steps {
            true => self.kept.undo_but_settings().await,
            false => self.kept.undo().await,
        };
        self.observed.problems.extend(problems);
        for remedy in &self.drill.heal {
            match (heal::remedy(ground, pages, remedy).await, remedy) {
                (Ok(()), Remedy::Step { page, step }) => {
                    self.observed.healed_by.push(format!("{page}: {step}"));
                }
                (Ok(()), _) => {}
                (Err(error), _) => self
                    .observed
                    .problems
                    .push(format!("could not be healed: {error:#}")),
            }
        }
        self.observed.healed = Some(ground.now());
        self.phase = Phase::Healed;
    }
}
