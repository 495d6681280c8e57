//! `shopwatch alarms`: questions about alarms, one module for each command.

pub mod evaluate;

pub mod test;

pub mod explain;

pub mod lint;

pub mod list;

pub mod generate;

pub mod backtest;

mod cost;

use crate::{Ended, Refused, Terminal, Workspace};

/// The commands of `shopwatch alarms` that need no AWS SDK.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What CloudWatch says of one evaluation range
    Evaluate(evaluate::Args),
    /// Scenario files: values go in, states are expected
    Test(test::Args),
    /// What alarms do, in plain sentences
    Explain(explain::Args),
    /// What is wrong with the alarms of a template
    Lint(lint::Args),
    /// The alarms that follow from the template, and what has none
    List(list::Args),
    /// Write the generated templates, or check that they are current
    Generate(generate::Args),
    /// What alarms would have done over recorded metrics
    Backtest(backtest::Args),
}

/// Examples, for `--help`.
pub const EXAMPLES: &str = "\
Examples:
  shopwatch alarms evaluate --range \"0-X-X\" --evaluation-periods 3    what does CloudWatch say?
  shopwatch alarms test                                                 run the scenarios of the workspace
  shopwatch alarms explain shopfast-order-service-errors                when does it fire, when does it clear?
  shopwatch alarms lint --template shop.yaml                            what is wrong with the alarms of a template?
  shopwatch alarms list                                                 which are there, and what has none?
  shopwatch alarms generate --check                                     is infra/generated current?
  shopwatch alarms backtest --metrics .shopwatch                        what would they have done over this run?
";

/// Runs a command.
///
/// # Errors
/// An option or a file is wrong, or the output refuses.
pub fn run(command: Command, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    match command {
        Command::Evaluate(args) => evaluate::run(&args, terminal),
        Command::Test(args) => test::run(&args, workspace, terminal),
        Command::Explain(args) => explain::run(&args, workspace, terminal),
        Command::Lint(args) => lint::run(&args, workspace, terminal),
        Command::List(args) => list::run(&args, workspace, terminal),
        Command::Generate(args) => generate::run(&args, workspace, terminal),
        Command::Backtest(args) => backtest::run(&args, workspace, terminal),
    }
}
