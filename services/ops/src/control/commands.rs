//! Under way.

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct StopArgs {}
#[derive(Debug, clap::Args)]
pub(crate) struct FaultArgs {}
#[derive(Debug, clap::Args)]
pub(crate) struct EmulatorArgs {}

pub(crate) async fn stop(_args: StopArgs, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
pub(crate) async fn fault(_args: FaultArgs, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
pub(crate) async fn emulator(_args: EmulatorArgs, _context: &Context) -> anyhow::Result<Exit> {
    anyhow::bail!("not there yet")
}
