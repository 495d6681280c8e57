//! `shopwatch archive verify`.

use jiff::Timestamp;
use ops_monitoring::{Ended, Refused, Terminal, Tone};
use serde_json::json;

use crate::place::{Buckets, Place, refused};

/// Options of `archive verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// For programs
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let verified = log_archive_store::verify(&archive, Timestamp::now()).await;
    let verified = verified.map_err(|error| refused("verify the archive", &error))?;
    let is_whole = verified.faults.is_empty();
    if args.json {
        let faults: Vec<_> = verified
            .faults
            .iter()
            .map(|fault| json!({"key": fault.key, "what": fault.what}))
            .collect();
        terminal.json(&json!({
            "whole": is_whole, "links": verified.links, "hours": verified.hours, "parts": verified.parts, "lines": verified.lines,
            "raw": verified.raw, "undelivered": verified.undelivered, "faults": faults,
        }))?;
    } else {
        for fault in &verified.faults {
            terminal.toned(Tone::Bad, &fault.key)?;
            terminal.line(format!(" {}", fault.what))?;
        }
        terminal.line(format!(
            "{} links, {} hours, {} files and {} lines were read; {} raw objects were compared with them",
            verified.links, verified.hours, verified.parts, verified.lines, verified.raw
        ))?;
        if verified.undelivered > 0 {
            terminal.line(format!(
                "{} objects under failed/ could not be delivered: `shopwatch archive replay` puts them back",
                verified.undelivered
            ))?;
        }
        if is_whole {
            terminal.toned(Tone::Good, "nothing is missing, doubled or altered")?;
            terminal.line("")?;
        }
    }
    Ok(if is_whole { Ended::Done } else { Ended::No })
}
