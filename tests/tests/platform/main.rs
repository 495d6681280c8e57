//! Scenarios over one running platform, started as a user starts it: the real program, the real functions, the real
//! template on the emulator. At the end the platform is stopped, and leftovers fail the run.
//!
//! `cargo test -p tests --test platform -- story` runs the scenarios with that name; the usual flags work.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test program may fail, and speaks to a person"
)]

mod bad_input;
mod faults;
mod guests;
mod stock;
mod story;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
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
        guests::SCENARIOS,
        bad_input::SCENARIOS,
        stock::SCENARIOS,
        faults::SCENARIOS,
    ]
    .concat();
    if arguments.list {
        return libtest_mimic::run(&arguments, scenarios.into_iter().map(listed).collect()).exit_code();
    }
    match run(&arguments, scenarios) {
        Ok(conclusion) => conclusion.exit_code(),
        Err(error) => {
            eprintln!("platform: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, scenarios: Vec<Scenario>) -> Result<Conclusion> {
    let platform = Arc::new(Platform::start(&Options {
        state: "scenarios",
        fresh: true,
    })?);
    eprintln!("platform: ready after {:?}", platform.started_in());
    let trials = scenarios
        .into_iter()
        .map(|scenario| trial(scenario, Arc::clone(&platform)))
        .collect();
    let conclusion = libtest_mimic::run(arguments, trials);
    if let Some(platform) = Arc::into_inner(platform) {
        platform.stop()?;
    }
    Ok(conclusion)
}

fn trial((name, scenario): Scenario, platform: Arc<Platform>) -> Trial {
    Trial::test(name, move || {
        scenario(&platform).map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn listed((name, _): Scenario) -> Trial {
    Trial::test(name, || Ok(()))
}
