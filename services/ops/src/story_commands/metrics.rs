//! `shopwatch metrics`.

use crate::context::Context;
use crate::exit::Exit;

/// Options of `shopwatch metrics`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
///
/// # Errors
/// When it cannot be answered.
pub(crate) async fn run(_args: Args, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("`shopwatch metrics` is not there yet")
}
