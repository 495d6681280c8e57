//! `shopwatch alarms` and `shopwatch dashboards`. Commands that need neither AWS nor the local platform are those of
//! `ops-monitoring`, and work outside of a workspace; the others are here, one module each.

mod apply;
mod backtest;
mod dashboards_render;
mod described;
mod status;

use ops_monitoring::{Ended, Refused, Terminal, Workspace, alarms, dashboards};

use crate::cli::Global;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{console, workspace};

/// Options of `shopwatch alarms`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = alarms::EXAMPLES)]
pub(crate) struct AlarmsArgs {
    #[command(subcommand)]
    command: AlarmsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AlarmsCommand {
    #[command(flatten)]
    Offline(alarms::Command),
    /// Put the generated alarms into an account; the plan first
    Apply(apply::Args),
    /// What each alarm says now, since when and why, and what it will do next
    Status(status::Args),
}

/// Options of `shopwatch dashboards`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = dashboards::EXAMPLES)]
pub(crate) struct DashboardsArgs {
    #[command(subcommand)]
    command: DashboardsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum DashboardsCommand {
    #[command(flatten)]
    Offline(dashboards::Command),
}

/// Runs a command of `shopwatch alarms`.
///
/// # Errors
/// An option or a file is wrong, or a service does not answer.
pub(crate) async fn alarms(args: AlarmsArgs, global: &Global) -> anyhow::Result<Exit> {
    match args.command {
        AlarmsCommand::Offline(alarms::Command::Backtest(args)) if args.from_aws => {
            backtest::run(args, global).await
        }
        AlarmsCommand::Offline(command) => offline(global, |workspace, terminal| {
            alarms::run(command, workspace, terminal)
        }),
        AlarmsCommand::Apply(args) => apply::run(args, &Context::new(global.clone())?).await,
        AlarmsCommand::Status(args) => status::run(args, &Context::new(global.clone())?).await,
    }
}

/// Runs a command of `shopwatch dashboards`.
///
/// # Errors
/// An option or a file is wrong, or a service does not answer.
pub(crate) async fn dashboards(args: DashboardsArgs, global: &Global) -> anyhow::Result<Exit> {
    match args.command {
        // Recorded metrics need no service.
        DashboardsCommand::Offline(dashboards::Command::Render(args)) if args.metrics.is_empty() => {
            dashboards_render::render(args, global).await
        }
        DashboardsCommand::Offline(command) => offline(global, |workspace, terminal| {
            dashboards::run(command, workspace, terminal)
        }),
    }
}

/// Runs a command that needs neither AWS nor a running platform.
///
/// # Errors
/// An option or a file is wrong.
pub(crate) fn offline(
    global: &Global,
    run: impl FnOnce(&Workspace, &mut Terminal<'_>) -> Result<Ended, Refused>,
) -> anyhow::Result<Exit> {
    let workspace = workspace::root().map_or_else(|_| Workspace::none(), Workspace::at);
    let mut out = ops_monitoring::Output;
    let mut progress = console::progress();
    let mut terminal = Terminal {
        out: &mut out,
        colored: console::colored(global),
        progress: progress.as_mut().map(|progress| progress as _),
    };
    Ok(ended(run(&workspace, &mut terminal))?)
}

/// The program's exit code, or its failure.
pub(crate) fn ended(ended: Result<Ended, Refused>) -> Result<Exit, Failure> {
    Ok(match refused(ended)? {
        Ended::Done => Exit::Done,
        Ended::No => Exit::No,
        Ended::Usage => Exit::Usage,
        Ended::Planned => Exit::Planned,
    })
}

/// A refusal as a failure of the program.
pub(crate) fn refused<T>(result: Result<T, Refused>) -> Result<T, Failure> {
    result.map_err(|refused| {
        let exit = if refused.usage { Exit::Usage } else { Exit::No };
        let mut failure = Failure::new(exit, refused.attempted);
        if let Some(cause) = refused.cause {
            failure = failure.caused_by(anyhow::anyhow!(cause));
        }
        if let Some(cure) = refused.cure {
            failure = failure.cure(cure);
        }
        failure
    })
}
