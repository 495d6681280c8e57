//! `shopwatch drill`: breaks the shop on purpose and checks that the right alarms say so, once, and clear again.
//!
//! What a drill says and what is made of what was seen is `ops-drill`'s; here faults are made, customers are played, alarms
//! and mails are watched, runbooks are run and everything is put back.

mod api;
mod batch;
mod configure;
mod drive;
mod evidence;
mod files;
mod ground;
mod heal;
mod inflict;
mod print;
mod running;
mod watch;

use std::collections::BTreeSet;

use ops_drill::{Coverage, Fact, Verdict};

use self::batch::{Ran, Tools};
use self::ground::Ground;
use self::watch::Watcher;
use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::runbook_commands::pages::Pages;
use crate::up::interrupts::Interrupts;
use crate::workspace;

/// Below `shopwatch drill`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// The drills that there are
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Run drills: make the fault, wait for alarms and mails, run the runbook, heal, wait until all is clear
    #[command(
        after_help = "Examples:\n  shopwatch drill run product-service-fails\n  shopwatch drill run --all --time-scale 60 --json"
    )]
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Their names; `*` in a name stands for any text
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// All of them, with the report of what they cover
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// At most so many times as fast as the wall clock: with 60 a minute of the alarms takes a second, or as long as what is to
    /// happen in it
    #[arg(long, value_name = "N", default_value = "240", value_parser = clap::value_parser!(u32).range(1..=600))]
    time_scale: u32,
    /// On the platform that runs in the state directory, instead of one of their own; its clock of alarms is put forward
    #[arg(long)]
    running: bool,
    /// Leave out the runbooks, whose steps need jq and the AWS CLI
    #[arg(long)]
    no_runbooks: bool,
    /// Start with the functions' programs of the last build
    #[arg(long)]
    no_build: bool,
    /// Show nothing but the report
    #[arg(long, short)]
    quiet: bool,
}

/// Lists or runs drills.
pub(crate) async fn run(command: Command, context: &Context) -> anyhow::Result<Exit> {
    let folder = workspace::root()?.join(files::FOLDER);
    match command {
        Command::List { json } => {
            let drills = files::read(&folder)?.drills;
            if json {
                console::json(&print::listed_json(&drills));
            } else {
                console::out(&print::listed(&drills));
            }
            Ok(Exit::Done)
        }
        Command::Run(args) => {
            let book = files::read(&folder)?;
            let book = if args.all { book } else { book.only(&args.names)? };
            let interrupts = Interrupts::listen()?;
            let ground = tokio::select! {
                ground = Ground::start(&args, context) => ground?,
                () = interrupts.asked() => return Ok(Exit::Interrupted),
            };
            let outcome = Box::pin(on(&ground, &args, &book, &interrupts)).await;
            ground.stop().await?;
            outcome
        }
    }
}

/// Runs the drills on a platform, and reports.
async fn on(
    ground: &Ground,
    args: &RunArgs,
    book: &files::Book,
    interrupts: &Interrupts,
) -> anyhow::Result<Exit> {
    let watcher = Watcher::new(ground);
    let known = watcher.alarms().await?;
    files::check_names(&book.drills, &known)?;
    let pages = match args.no_runbooks {
        true => None,
        false => {
            let told = book.drills.iter().map(|drill| &drill.expect);
            let told = told.flat_map(|expect| expect.pages.union(&expect.tickets));
            Some(Pages::of(told, ground.context()).await?)
        }
    };
    let names = known.iter().map(|alarm| &alarm.name);
    let by_themselves = names.filter(|name| book.accepted.goes_off_by_itself(name));
    let by_themselves: BTreeSet<String> = by_themselves.cloned().collect();
    let tools = Tools {
        ground,
        watcher: &watcher,
        by_themselves: &by_themselves,
        pages: pages.as_ref(),
        is_quiet: args.quiet,
    };
    let mut ran: Vec<Ran> = Vec::new();
    let mut staying = BTreeSet::new();
    for members in ops_drill::batches(&book.drills) {
        let drills: Vec<_> = members.iter().map(|at| &book.drills[*at]).collect();
        let batch = Box::pin(batch::run(tools, &drills, &staying));
        match batch::guarded(ground, batch, interrupts).await? {
            Some(more) => ran.extend(more),
            None => return Ok(Exit::Interrupted),
        }
        staying.extend(drills.iter().flat_map(|drill| drill.expect.stays.clone()));
    }
    let facts: Vec<Fact<'_>> = ran
        .iter()
        .map(|ran| Fact {
            drill: ran.drill,
            outcome: &ran.outcome,
        })
        .collect();
    let coverage = Coverage::of(&known, &facts, &book.accepted, args.all);
    if args.json {
        console::json(&print::report_json(&ran, args.all.then_some(&coverage)));
    } else {
        console::out(&print::report(&ran, args.all.then_some(&coverage)));
    }
    let failed = ran.iter().any(|ran| ran.outcome.verdict() == Verdict::Failed);
    if failed || (args.all && !coverage.is_complete()) {
        return Ok(Exit::No);
    }
    Ok(Exit::Done)
}

/// A failure of the ground on which drills run: not of a drill.
fn broken(attempted: impl Into<String>) -> Failure {
    Failure::new(Exit::Platform, attempted)
}
