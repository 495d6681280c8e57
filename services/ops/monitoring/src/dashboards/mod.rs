//! `shopwatch dashboards`: one module for each command.

pub mod list;

pub mod generate;

pub mod lint;

pub mod render;

mod deployed;
mod project;

use crate::{Ended, Refused, Terminal, Workspace};

/// The commands of `shopwatch dashboards` that need no AWS SDK.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The dashboards of the workspace, or of any template
    List(list::Args),
    /// Writes the dashboards that follow from the templates and the alarms
    Generate(generate::Args),
    /// What is wrong with dashboards, ours or anybody's
    Lint(lint::Args),
    /// Draws a dashboard as SVG or PNG
    Render(render::Args),
}

/// Examples, for `--help`.
pub const EXAMPLES: &str = "\
Examples:
  shopwatch dashboards list                                   which are there?
  shopwatch dashboards generate --check                       are the committed ones current?
  shopwatch dashboards lint --body copied-from-console.json   what is wrong with this one?
  shopwatch dashboards render shopwatch-overview --out a.png  look at it without a console
";

/// Runs a command.
///
/// # Errors
/// An option or a file is wrong, or the output refuses.
pub fn run(command: Command, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    match command {
        Command::List(args) => list::run(&args, workspace, terminal),
        Command::Generate(args) => generate::run(&args, workspace, terminal),
        Command::Lint(args) => lint::run(&args, workspace, terminal),
        Command::Render(args) => render::run(&args, workspace, terminal),
    }
}
