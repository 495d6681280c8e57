//! Under way.

use crate::context::Context;
use crate::exit::Exit;

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_args: Args, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
