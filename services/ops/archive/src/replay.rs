//! `shopwatch archive replay`.

use jiff::Timestamp;
use log_archive_domain::Hour;
use ops_monitoring::{Ended, Refused, Terminal, Tone};

use crate::place::{Buckets, Place, refused};

/// Options of `archive replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let now = Hour::of_ms(Timestamp::now().as_millisecond());
    let replayed = log_archive_store::replay(&archive, now, &()).await;
    let replayed = replayed.map_err(|error| refused("replay what failed", &error))?;
    for (key, why) in &replayed.unreadable {
        terminal.toned(Tone::Bad, key)?;
        terminal.line(format!(" stays where it is: {why}"))?;
    }
    terminal.line(format!(
        "{} objects with {} lines are among the raw objects again",
        replayed.objects, replayed.lines
    ))?;
    Ok(if replayed.unreadable.is_empty() {
        Ended::Done
    } else {
        Ended::No
    })
}
