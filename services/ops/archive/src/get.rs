//! `shopwatch archive get`.

use std::io;

use log_archive_domain::{Id, OwnedLine};
use log_archive_store::{Archive, Lookup, Scope, export};
use ops_monitoring::{Ended, Refused, Terminal};
use serde::Serialize;

use crate::place::{Buckets, Place, refused};
use crate::scan::scan;
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
        scan(&archive, args.times.hours()?, &id, args.yes, terminal).await?
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
    terminal.line(format!("{at}  {function}  {}", shown(&line.message)))
}

/// A message for people: its further lines are indented, so that nobody takes them for lines of the archive, and other control characters
/// are escaped, so that a terminal does not obey them.
fn shown(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    for c in message.trim_end().chars() {
        match c {
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_has_inside_does_not_look_like_another_line() {
        let check = |message: &str, expected: &str| assert_eq!(shown(message), expected, "{message:?}");
        check("paid\n", "paid");
        check(
            "panicked:\nat main\r\n\tat run\n",
            "panicked:\n    at main\\r\n    \tat run",
        );
        check("\u{1b}[2Jé\u{7}\0", "\\u{1b}[2Jé\\u{7}\\u{0}");
    }
}
