//! `shopwatch archive get`.

use std::io;

use log_archive_domain::{Id, OwnedLine};
use log_archive_store::{Archive, Lookup, Scope, export};
use ops_monitoring::{Ended, Refused, Terminal};
use serde::Serialize;

use crate::place::{Buckets, Place, refused};
use crate::times::Times;

/// Options of `archive get`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A correlation, request, trace or order ID
    id: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// Read every line of the range, for IDs in texts that are no fields
    #[arg(long)]
    scan: bool,
    /// Read, if a scan needs more than a gigabyte
    #[arg(long, requires = "scan")]
    yes: bool,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

/// What a scan reads without being asked twice.
const SMALL_SCAN: u64 = 1_000_000_000;

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let id = Id::new(&args.id);
    if id.as_str().is_empty() {
        return Err(Refused::usage("look up an ID").because("it is empty"));
    }
    let lines = if args.scan {
        scan(&args, &archive, &id, terminal).await?
    } else {
        find(&args, &archive, &id).await?
    };
    for line in &lines {
        print(line, args.json, terminal)?;
    }
    if !lines.is_empty() {
        return Ok(Ended::Done);
    }
    if args.json {
        // No line is no output; the exit status says that there is none.
        return Ok(Ended::No);
    }
    let cure = if args.scan {
        ""
    } else {
        "; --since and --until name other days, --scan reads every line"
    };
    terminal.line(format!("no archived line names {id}{cure}", id = id.as_str()))?;
    Ok(Ended::No)
}

async fn find(args: &Args, archive: &Archive, id: &Id) -> Result<Vec<OwnedLine>, Refused> {
    let scope = if args.times.is_all() {
        Scope::Everywhere
    } else {
        let hours = args.times.hours()?;
        Scope::Hours(*hours.start(), *hours.end())
    };
    let found = Lookup::new(archive).find(id, &scope).await;
    let found = found.map_err(|error| refused(&format!("look up {}", id.as_str()), &error))?;
    Ok(found.lines)
}

/// Reads everything; says before what that is.
async fn scan(
    args: &Args,
    archive: &Archive,
    id: &Id,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<OwnedLine>, Refused> {
    let hours = args.times.hours()?;
    let failed = |error: &log_archive_store::ArchiveError| refused("scan the archive", error);
    let manifests = log_archive_store::manifests(archive, hours.clone())
        .await
        .map_err(|error| failed(&error))?;
    let parts = || manifests.iter().flat_map(|open| &open.manifest.parts);
    let bytes: u64 = parts().map(|part| part.object.size).sum();
    let total: u64 = parts().map(|part| part.lines).sum();
    if bytes > SMALL_SCAN && !args.yes {
        // What Athena asks for a terabyte, 2026-11; reading S3 within its region costs the requests only.
        let dollars = bytes as f64 / 1e12 * 5.0;
        let why = format!(
            "{} files, {bytes} bytes, {total} lines; with Athena it would cost ${dollars:.2}",
            parts().count()
        );
        return Err(Refused::usage("scan the archive")
            .because(why)
            .cure("narrow it with --since and --until, or add --yes"));
    }
    let (mut lines, mut read) = (Vec::new(), 0_u64);
    let scanned = export::each_line::<log_archive_store::ArchiveError>(archive, hours, |hour, line| {
        read += 1;
        if read.is_multiple_of(50_000) {
            terminal.progress(&format!("{hour}: {read} of {total} lines"));
        }
        if line.message.contains(id.as_str()) || line.as_line().has_id(id.as_str()) {
            lines.push(line);
        }
        Ok(())
    })
    .await;
    terminal.progress("");
    scanned.map_err(|error| failed(&error))?;
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

/// A line for programs.
#[derive(Serialize)]
struct Shown<'a> {
    at: String,
    log_group: &'a str,
    log_stream: &'a str,
    level: Option<&'a str>,
    correlation_id: Option<&'a str>,
    request_id: Option<&'a str>,
    trace_id: Option<&'a str>,
    order_id: Option<&'a str>,
    event_id: &'a str,
    message: &'a str,
}

fn print(line: &OwnedLine, json: bool, terminal: &mut Terminal<'_>) -> io::Result<()> {
    let at = export::time(line.at);
    if json {
        return terminal.json(&Shown {
            at,
            log_group: &line.log_group,
            log_stream: &line.log_stream,
            level: line.level.as_deref(),
            correlation_id: line.correlation_id.as_deref(),
            request_id: line.request_id.as_deref(),
            trace_id: line.trace_id.as_deref(),
            order_id: line.order_id.as_deref(),
            event_id: &line.event_id,
            message: &line.message,
        });
    }
    let function = line.log_group.rsplit('/').next().unwrap_or_default();
    terminal.line(format!("{at}  {function}  {}", line.message.trim_end()))
}
