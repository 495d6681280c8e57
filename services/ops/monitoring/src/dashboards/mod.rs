//! `shopwatch dashboards`: one module for each command.

use crate::{Ended, Refused, Terminal, Workspace};

/// The commands of `shopwatch dashboards` that need no AWS SDK.
#[derive(Debug, clap::Subcommand)]
pub enum Command {}

/// Examples, for `--help`.
pub const EXAMPLES: &str = "";

/// Runs a command.
///
/// # Errors
/// An option or a file is wrong, or the output refuses.
pub fn run(command: Command, _workspace: &Workspace, _terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    match command {}
}
