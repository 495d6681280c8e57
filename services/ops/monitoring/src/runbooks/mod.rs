//! `shopwatch runbooks`: one module for each command that needs neither AWS nor a running platform.

pub mod generate;

pub mod lint;

pub mod show;

mod book;
mod facts;
mod named;

pub use book::Book;
pub use lint::CommandLine;

use crate::{Ended, Refused, Terminal, Workspace};

/// The commands of `shopwatch runbooks` that need no AWS SDK.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The page of an alarm, in the terminal
    Show(show::Args),
    /// What is wrong with the pages
    Lint(lint::Args),
    /// Write the generated block of each page, and begin pages for alarms that have none
    Generate(generate::Args),
}

/// Examples, for `--help`.
pub const EXAMPLES: &str = "\
Examples:
  shopwatch runbooks show shopfast-order-dlq-not-empty   read the page
  shopwatch runbooks run shopfast-order-dlq-not-empty    do what it says, with an incident log
  shopwatch runbooks lint                                are all pages right?
  shopwatch runbooks generate --check                    are their generated blocks current?
";

/// Runs a command. `command_line` knows what `shopwatch` itself takes.
///
/// # Errors
/// An option or a file is wrong, or the output refuses.
pub fn run(
    command: Command,
    workspace: &Workspace,
    command_line: &dyn CommandLine,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    match command {
        Command::Show(args) => show::run(&args, workspace, terminal),
        Command::Lint(args) => lint::run(&args, workspace, command_line, terminal),
        Command::Generate(args) => generate::run(&args, workspace, terminal),
    }
}
