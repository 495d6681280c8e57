//! `shopwatch up`: everything that makes the shop run on one machine, in order. Each step is a module; this one says
//! what follows what, and what happens while it runs and when it ends.

mod alarms;
mod announce;
mod background;
pub(crate) mod build;
mod deploy;
pub(crate) mod digest;
mod emulator;
pub(crate) mod interrupts;
mod package;
mod planes;
mod platform;
mod ports;
pub(crate) mod progress;
mod python;
mod ready;
mod runbook_pages;
pub(crate) mod seed;
mod steps;
mod template;
mod tools;
mod vended;

use std::time::Instant;

pub(crate) use deploy::STACK;

use crate::console;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::lock_file;
use crate::run_file::RunFile;
use crate::state_dir::StateDir;

use self::interrupts::Interrupts;
use self::platform::Platform;
use self::ports::Ports;
use self::progress::Progress;

/// Options of `shopwatch up`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Forget the state of earlier runs: orders, stock, traces, users
    #[arg(long)]
    fresh: bool,
    /// Start with the functions' programs of the last build
    #[arg(long)]
    no_build: bool,
    /// Let metrics and alarms live so many times as fast: with 60 a minute takes a second
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=600))]
    time_scale: u32,
    /// Start in the background and return when it is ready
    #[arg(long, short)]
    detach: bool,
    /// Show nothing but failures
    #[arg(long, short)]
    quiet: bool,
    /// When ready, print one line of JSON (the content of run.json) instead of the addresses
    #[arg(long)]
    json: bool,
    /// Say nothing on standard output when it is ready
    #[arg(long, hide = true)]
    unannounced: bool,
    #[command(flatten)]
    ports: Ports,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            fresh: false,
            no_build: false,
            time_scale: 1,
            detach: false,
            quiet: false,
            json: false,
            unannounced: false,
            ports: Ports::default(),
        }
    }
}

impl Args {
    /// A platform for drills: without earlier state, in the background. They put its clock forward themselves.
    pub(crate) fn for_drills(no_build: bool, quiet: bool) -> Self {
        Self {
            fresh: true,
            no_build,
            detach: true,
            quiet,
            unannounced: true,
            ..Self::default()
        }
    }

    /// The same, for the program in the background.
    fn for_background(&self) -> Vec<String> {
        let flags = [
            (self.fresh, "--fresh"),
            (self.no_build, "--no-build"),
            (self.unannounced, "--unannounced"),
        ];
        let flags = flags
            .iter()
            .filter(|(given, _)| *given)
            .map(|(_, flag)| (*flag).to_owned());
        let scale = ["--time-scale".to_owned(), self.time_scale.to_string()];
        flags.chain(scale).chain(self.ports.as_arguments()).collect()
    }
}

/// Starts everything, keeps it running, stops everything.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    if args.detach {
        return background::start(&args, context).await;
    }
    let started = Instant::now();
    let state = context.state();
    crate::state_dir::private_folder(state.root())?;
    let Some(_lock) = lock_file::take(&state.lock_file())? else {
        return Err(already_running(state).into());
    };
    RunFile::remove(state);
    if args.fresh {
        state.forget()?;
    }
    state.create()?;
    let interrupts = Interrupts::listen()?;
    let progress = Progress::new(args.quiet);
    let mut platform = Platform::new(state.clone());
    let stop_asked = platform.stop_asked();
    let outcome = tokio::select! {
        run = Box::pin(steps::start(&args, &mut platform, progress, started)) => run.map(Some),
        () = interrupts.asked() => Ok(None),
        () = stop_asked.notified() => Ok(None),
    };
    let outcome = match outcome {
        Ok(Some(run)) => serve(&args, &run, context, &mut platform, progress, &interrupts).await,
        Ok(None) => Ok(Exit::Interrupted),
        Err(error) => Err(error),
    };
    RunFile::remove(state);
    if platform.runs() {
        let step = progress.step("Stop");
        platform.stop().await;
        step.done("nothing of it runs any more");
    }
    outcome
}

/// Announces that it is ready and waits for a reason to stop.
async fn serve(
    args: &Args,
    run: &RunFile,
    context: &Context,
    platform: &mut Platform,
    progress: Progress,
    interrupts: &Interrupts,
) -> anyhow::Result<Exit> {
    run.write(context.state())?;
    if args.json {
        console::json(&serde_json::to_string(run)?);
    } else if !args.quiet && !args.unannounced {
        console::out(&announce::text(run, context));
    }
    tokio::select! {
        () = interrupts.asked() => Ok(Exit::Done),
        outcome = Box::pin(platform.keep_running(run, progress)) => outcome.map(|()| Exit::Done),
    }
}

/// Names the process that runs here.
fn already_running(state: &StateDir) -> Failure {
    let (what, status) = match RunFile::of_running(state) {
        Some(run) => (
            format!("process {} runs here since {}", run.pid, run.ready_at),
            "see `shopwatch status`",
        ),
        None => (
            "another process is starting or stopping here".to_owned(),
            "wait for it",
        ),
    };
    Failure::new(
        Exit::AlreadyRunning,
        format!("start in {}: {what}", state.root().display()),
    )
    .cure(format!(
        "{status}, stop it with `shopwatch stop`, or start another one with `--state-dir OTHER_FOLDER`"
    ))
}
