//! `shopwatch`, the operator's program: it brings the shop and its observability plane up on one machine, and tells
//! what happened to an order, there or on AWS.
//!
//! What does not belong here: the stand-ins for AWS services (`ops-plane`), running functions (`ops-runner`), making a
//! story out of traces and log lines (`ops-story`). This crate starts them, connects them and prints.

mod cli;
mod console;
mod exit;

mod aws;
mod context;
mod http_client;
#[cfg(test)]
mod local_plane;
mod lock_file;
mod run_file;
mod state_dir;
mod workspace;

mod up;

mod archive_commands;
mod control;
mod dlq;
mod drill;
mod load;
mod monitoring_commands;
mod runbook_commands;
mod status;
mod story_commands;
mod token;
mod users;

use std::process::ExitCode;

use clap::Parser as _;

/// Parses the command line, runs the command, prints its failure.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console::error(&format!(
                "error: start the asynchronous runtime\ncause: {error}\n"
            ));
            return exit::Exit::Environment.into();
        }
    };
    let outcome = runtime.block_on(Box::pin(cli::run(cli)));
    // A blocking task that hangs, such as a lookup in a dead emulator, must not keep the program.
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            console::error(&exit::describe(&error));
            exit::exit_of(&error).into()
        }
    }
}
