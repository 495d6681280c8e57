//! Scenarios over one running platform, started as a user starts it: the real program, the real functions, the real
//! template on the emulator. At the end the platform is stopped, and leftovers fail the run.
//!
//! `cargo test -p tests --test platform -- story` runs the scenarios with that name; the usual flags work.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test program may fail, and speaks to a person"
)]

mod alarms;
mod apply;
mod archive;
mod bad_input;
mod dashboards;
mod drills;
mod faults;
mod guests;
mod lifecycle;
mod load;
mod report;
mod runbooks;
mod stock;
mod story;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use tests::{Options, Platform};

/// A scenario: its name and what it does with the platform.
type Scenario = (&'static str, fn(&Platform) -> Result<()>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One after the other: scenarios count stock, mails and metrics of the one shop.
    arguments.test_threads = Some(1);
    let scenarios = [
        story::SCENARIOS,
        // While the shop is well: what comes behind it breaks things.
        runbooks::SCENARIOS,
        apply::SCENARIOS,
        dashboards::SCENARIOS,
        guests::SCENARIOS,
        bad_input::SCENARIOS,
        stock::SCENARIOS,
        faults::SCENARIOS,
        load::SCENARIOS,
        alarms::SCENARIOS,
        report::SCENARIOS,
        archive::SCENARIOS,
        drills::SCENARIOS,
        lifecycle::SCENARIOS,
    ]
    .concat();
    if arguments.list {
        let names = scenarios.iter().map(|(name, _)| *name).chain([RESTART]);
        return libtest_mimic::run(&arguments, names.map(listed).collect()).exit_code();
    }
    match run(&arguments, scenarios) {
        Ok(conclusion) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("platform: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The platform that the scenarios share; the last one takes it away and brings back another.
type Shared = Arc<Mutex<Option<Platform>>>;

/// The scenario that stops the platform and starts it again.
const RESTART: &str = "lifecycle::a_restart_keeps_everything";

fn run(arguments: &Arguments, scenarios: Vec<Scenario>) -> Result<Conclusion> {
    let platform = Platform::start(&Options {
        state: "scenarios",
        fresh: true,
        time_scale: 1,
    })?;
    eprintln!("platform: ready after {:?}", platform.started_in());
    let shared = Arc::new(Mutex::new(Some(platform)));
    let trials = scenarios
        .into_iter()
        .map(|scenario| trial(scenario, Arc::clone(&shared)));
    let conclusion = libtest_mimic::run(arguments, trials.chain([restart(Arc::clone(&shared))]).collect());
    let platform = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    platform.map_or(Ok(()), Platform::stop)?;
    Ok(conclusion)
}

fn trial((name, scenario): Scenario, shared: Shared) -> Trial {
    Trial::test(name, move || {
        let platform = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = platform
            .as_ref()
            .context("the platform is gone")
            .and_then(scenario);
        outcome.map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn restart(shared: Shared) -> Trial {
    Trial::test(RESTART, move || {
        let mut platform = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let restarted = platform
            .take()
            .context("the platform is gone")
            .and_then(lifecycle::restarted);
        let restarted = restarted.map_err(|error| Failed::from(format!("{error:#}")))?;
        eprintln!("platform: ready again after {:?}", restarted.started_in());
        *platform = Some(restarted);
        Ok(())
    })
}

fn listed(name: &str) -> Trial {
    Trial::test(name, || Ok(()))
}
