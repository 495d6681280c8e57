//! `shopwatch runbooks`. Commands that need neither AWS nor the local platform are those of `ops-monitoring`; what they must know of
//! this program's command line is here ([`command_line`]), and running pages: [`run()`] is the command, [`session`] one page step by
//! step, [`process`] one command, [`target`] what it is run against, [`programs`] what it finds there, [`told`] and [`record`] what is
//! printed and kept. Drills run pages too ([`pages`]).

mod all;
mod command_line;
pub(crate) mod pages;
#[cfg(test)]
mod printed;
mod process;
mod programs;
mod record;
mod run;
mod session;
mod target;
mod told;

use ops_monitoring::runbooks;

use crate::cli::Global;
use crate::exit::Exit;
use crate::monitoring_commands::offline;
use command_line::OwnCommandLine;

/// Options of `shopwatch runbooks`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = runbooks::EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Offline(runbooks::Command),
    /// Do what the page says: run its steps, ask before each change, write an incident log
    Run(run::Args),
}

/// Runs a command of `shopwatch runbooks`.
///
/// # Errors
/// An option or a file is wrong, or a service does not answer.
pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    match args.command {
        Command::Offline(command) => offline(global, |workspace, terminal| {
            runbooks::run(command, workspace, &OwnCommandLine::new(), terminal)
        }),
        Command::Run(args) => run::run(args, global).await,
    }
}
