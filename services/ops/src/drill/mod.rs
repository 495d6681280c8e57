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
mod keep_mails;
mod platforms;
mod print;
mod queue;
mod running;
#[cfg(test)]
mod undone;
mod watch;

use std::path::PathBuf;

use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
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
        after_help = "Examples:\n  shopwatch drill run products-fail\n  shopwatch drill run --all --time-scale 60 --json\n  shopwatch drill run products-fail --mails mails"
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
    /// Platforms of their own on which they run at the same time
    #[arg(long, value_name = "N", default_value = "2", conflicts_with = "running", value_parser = clap::value_parser!(u8).range(1..=8))]
    platforms: u8,
    /// Leave out diagnosis and verification; steps of runbooks that heal are done all the same. Steps need jq and the AWS CLI
    #[arg(long)]
    no_runbooks: bool,
    /// Write the mails of each drill as they came into a folder of its name below this one
    #[arg(long, value_name = "DIR")]
    mails: Option<PathBuf>,
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
            platforms::run(&args, &book, context).await
        }
    }
}

/// A failure of the ground on which drills run: not of a drill.
fn broken(attempted: impl Into<String>) -> Failure {
    Failure::new(Exit::Platform, attempted)
}
