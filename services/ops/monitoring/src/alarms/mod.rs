//! `shopwatch alarms`: questions about alarms, one module for each command.

pub mod evaluate;

use crate::{Ended, Refused, Terminal, Workspace};

/// The commands of `shopwatch alarms` that need no AWS SDK.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What CloudWatch says of one evaluation range
    Evaluate(evaluate::Args),
}

/// Examples, for `--help`.
pub const EXAMPLES: &str = "\
Examples:
  shopwatch alarms evaluate --range \"0-X-X\" --evaluation-periods 3    what does CloudWatch say?
";

/// Runs a command.
///
/// # Errors
/// An option or a file is wrong, or the output refuses.
pub fn run(command: Command, _workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    match command {
        Command::Evaluate(args) => evaluate::run(&args, terminal),
    }
}
