//! `shopwatch archive sql`: the tables that Athena has, asked here. Only a program that was built for it can (feature `sql`): what reads SQL
//! takes longer to build than all the rest.

#[cfg(feature = "sql")]
mod answer;
#[cfg(feature = "sql")]
mod rows;

use ops_monitoring::{Ended, Refused, Terminal};

use crate::place::{Buckets, Place};
use crate::times::Times;

/// Options of `archive sql`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A query of shopfast_log_archive.lines, or of messages, which has whole messages: 'SELECT level, count(*) FROM messages GROUP BY level'
    query: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// One JSON object per row
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values, with a first line of names
    #[arg(long)]
    csv: bool,
    /// Memory, in MiB: what sorts beyond that uses the disk, what cannot ends with an error
    #[arg(long, default_value_t = 512, value_name = "MIB", value_parser = clap::value_parser!(u32).range(16..))]
    memory: u32,
}

#[cfg(feature = "sql")]
pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    answer::run(args, buckets, terminal).await
}

#[cfg(not(feature = "sql"))]
#[expect(clippy::unused_async, reason = "where there is SQL it waits")]
pub(crate) async fn run(_: Args, _: &dyn Buckets, _: &mut Terminal<'_>) -> Result<Ended, Refused> {
    Err(Refused::failed("run a query")
        .because("this program was built without SQL")
        .cure("build it with `cargo build -p shopwatch --features sql`"))
}
