//! Drills on several platforms at the same time, each of which takes the next batch when it is done with one; and the report of all.

use std::collections::BTreeSet;

use futures::future::join_all;
use ops_drill::{AlarmFacts, Coverage, Fact, Remedy, Verdict};
use tokio::sync::Mutex;

use super::batch::{self, Ran, Tools};
use super::files::{self, Book};
use super::ground::Ground;
use super::queue::Queue;
use super::watch::Watcher;
use super::{RunArgs, keep_mails, print};
use crate::console;
use crate::context::Context;
use crate::exit::Exit;
use crate::runbook_commands::pages::Pages;
use crate::up::interrupts::Interrupts;

/// What every platform is told.
struct Order<'a> {
    args: &'a RunArgs,
    book: &'a Book,
    context: &'a Context,
    queue: Queue<'a>,
    interrupts: Interrupts,
    /// Held by the platform that starts: the first makes what the others use too.
    starting: Mutex<()>,
}

/// What was run on one platform, and the alarms that there are.
#[derive(Default)]
struct Done<'a> {
    known: Vec<AlarmFacts>,
    ran: Vec<Ran<'a>>,
}

/// Runs all drills of the book, and reports.
pub(super) async fn run(args: &RunArgs, book: &Book, context: &Context) -> anyhow::Result<Exit> {
    args.mails.as_deref().map_or(Ok(()), keep_mails::make)?;
    let queue = Queue::new(&book.drills);
    let count = if args.running {
        1
    } else {
        usize::from(args.platforms)
    };
    let count = count.min(queue.len());
    let order = Order {
        args,
        book,
        context,
        queue,
        interrupts: Interrupts::listen()?,
        starting: Mutex::default(),
    };
    let platforms = (1..=count).map(|number| Box::pin(platform(&order, number)));
    let mut done = Done::default();
    for outcome in join_all(platforms).await {
        match outcome? {
            Some(more) => {
                // One that found nothing to do any more did not ask.
                if done.known.is_empty() {
                    done.known = more.known;
                }
                done.ran.extend(more.ran);
            }
            None => return Ok(Exit::Interrupted),
        }
    }
    Ok(reported(args, book, &done))
}

/// Runs batches on one platform as long as there are any; `None` when somebody asked for a stop. When it fails, the others end with the
/// batch that they are at.
async fn platform<'a>(order: &Order<'a>, number: usize) -> anyhow::Result<Option<Done<'a>>> {
    let starting = order.starting.lock().await;
    if order.queue.len() == 0 {
        // All is taken, or a platform before this one could not be started.
        return Ok(Some(Done::default()));
    }
    let ground = tokio::select! {
        ground = Ground::start(order.args, order.context, number) => ground,
        () = order.interrupts.asked() => {
            order.queue.close();
            return Ok(None);
        }
    };
    // Closed before the next one has its turn.
    let ground = ground.inspect_err(|_| order.queue.close())?;
    drop(starting);
    let outcome = Box::pin(batches(order, number, &ground)).await;
    if !matches!(outcome, Ok(Some(_))) {
        order.queue.close();
    }
    ground.stop().await?;
    outcome
}

async fn batches<'a>(order: &Order<'a>, number: usize, ground: &Ground) -> anyhow::Result<Option<Done<'a>>> {
    let Order { args, book, .. } = *order;
    let watcher = Watcher::new(ground);
    let known = watcher.alarms().await?;
    files::check_names(&book.drills, &known)?;
    let pages = pages(order, ground).await?;
    let names = known.iter().map(|alarm| &alarm.name);
    let by_themselves = names.filter(|name| book.accepted.goes_off_by_itself(name));
    let by_themselves: BTreeSet<String> = by_themselves.cloned().collect();
    let tools = Tools {
        ground,
        watcher: &watcher,
        by_themselves: &by_themselves,
        pages: &pages,
        checks_pages: !args.no_runbooks,
        is_quiet: args.quiet,
    };
    let mut ran: Vec<Ran<'a>> = Vec::new();
    let mut staying = BTreeSet::new();
    while let Some(drills) = order.queue.next(number) {
        let batch = Box::pin(batch::run(tools, &drills, &staying));
        match batch::guarded(ground, batch, &order.interrupts).await? {
            Some(more) => {
                if let Some(folder) = &args.mails {
                    more.iter().try_for_each(|one| keep_mails::keep(folder, one))?;
                }
                ran.extend(more);
            }
            None => return Ok(None),
        }
        staying.extend(drills.iter().flat_map(|drill| drill.expect.stays.clone()));
    }
    Ok(Some(Done { known, ran }))
}

/// Those of the alarms that somebody is told of, and those whose steps heal.
async fn pages(order: &Order<'_>, ground: &Ground) -> anyhow::Result<Pages> {
    let drills = &order.book.drills;
    let told = drills.iter().map(|drill| &drill.expect);
    let told = told.flat_map(|expect| expect.pages.union(&expect.tickets));
    let told = told.filter(|_| !order.args.no_runbooks);
    let healing = drills
        .iter()
        .flat_map(|drill| &drill.heal)
        .filter_map(Remedy::page);
    Pages::of(told.chain(healing), ground.context()).await
}

fn reported(args: &RunArgs, book: &Book, done: &Done<'_>) -> Exit {
    let facts: Vec<Fact<'_>> = done
        .ran
        .iter()
        .map(|ran| Fact {
            drill: ran.drill,
            outcome: &ran.outcome,
        })
        .collect();
    let coverage = Coverage::of(&done.known, &facts, &book.accepted, args.all);
    if args.json {
        console::json(&print::report_json(&done.ran, args.all.then_some(&coverage)));
    } else {
        console::out(&print::report(&done.ran, args.all.then_some(&coverage)));
    }
    let failed = done
        .ran
        .iter()
        .any(|ran| ran.outcome.verdict() == Verdict::Failed);
    if failed || (args.all && !coverage.is_complete()) {
        return Exit::No;
    }
    Exit::Done
}
