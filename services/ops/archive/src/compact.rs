//! `shopwatch archive compact`: what the scheduled function does every hour.

use std::path::PathBuf;

use jiff::Timestamp;
use log_archive_store::{CompactLimits, Compactor};
use ops_monitoring::{Ended, Refused, Terminal, Tone};

use crate::place::{Buckets, Place, refused};

/// Options of `archive compact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// Where to put what does not fit into memory [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// As if it were this time (RFC 3339): an hour is compacted 20 minutes after its end [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let scratch = tempfile::tempdir_in(args.scratch.unwrap_or_else(std::env::temp_dir))
        .map_err(|error| Refused::usage("make a directory for temporary files").because(error))?;
    let compactor = Compactor::new(&archive, CompactLimits::default(), scratch.path().to_owned(), &());
    let compacted = compactor.run(args.now.unwrap_or_else(Timestamp::now)).await;
    let compacted = compacted.map_err(|error| refused("compact the archive", &error))?;
    for (hour, generation) in &compacted.hours {
        terminal.line(format!("{hour}: generation {generation}"))?;
    }
    for (key, why) in &compacted.broken {
        terminal.toned(Tone::Bad, key)?;
        terminal.line(format!(" stays where it is: {why}"))?;
    }
    for (hour, why) in &compacted.stuck {
        terminal.toned(Tone::Bad, &hour.to_string())?;
        terminal.line(format!(" gets no lines, and their raw objects stay: {why}"))?;
    }
    terminal.line(format!(
        "{} new lines; {} raw objects are done, {} have lines of hours that are not over",
        compacted.lines,
        compacted.expired.len(),
        compacted.open
    ))?;
    Ok(if compacted.broken.is_empty() && compacted.stuck.is_empty() {
        Ended::Done
    } else {
        Ended::No
    })
}
