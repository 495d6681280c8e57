//! `shopwatch archive`: the commands of `ops-archive`, with buckets on AWS and on the platform on this machine. An archive in a
//! directory needs neither, and no workspace. SQL is answered by a program of its own.

mod buckets;
mod sql;

use ops_monitoring::Terminal;

pub(crate) use buckets::AccountBuckets;

use crate::cli::Global;
use crate::console;
use crate::exit::Exit;
use crate::monitoring_commands::ended;

/// Options of `shopwatch archive`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = ops_archive::EXAMPLES)]
pub(crate) struct ArchiveArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Archive(ops_archive::Command),
    /// Ask in SQL; the tables are those of Athena
    Sql(ops_archive::SqlArgs),
}

/// Runs a command of `shopwatch archive`.
///
/// # Errors
/// An option is wrong, or the archive cannot be read.
pub(crate) async fn run(args: ArchiveArgs, global: &Global) -> anyhow::Result<Exit> {
    let buckets = AccountBuckets::new(global);
    let command = match args.command {
        Command::Archive(command) => command,
        Command::Sql(args) => return sql::run(&args, &buckets).await,
    };
    let mut out = ops_monitoring::Output;
    let mut progress = console::progress();
    let mut terminal = Terminal {
        out: &mut out,
        colored: console::colored(global),
        progress: progress.as_mut().map(|progress| progress as _),
    };
    Ok(ended(ops_archive::run(command, &buckets, &mut terminal).await)?)
}
