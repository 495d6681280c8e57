//! `shopwatch up`.

pub(crate) mod digest;

use crate::context::Context;
use crate::exit::Exit;

/// Options of `shopwatch up`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {}

/// Runs the command.
pub(crate) async fn run(_args: Args, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
