//! `shopwatch archive ls` and `stats`: from manifests, no line is read.

use log_archive_store::{OpenHour, export, manifests};
use ops_monitoring::{Ended, Refused, Terminal};
use serde::Serialize;

use crate::place::{Buckets, Place, refused};
use crate::times::Times;

/// Options of `archive ls` and `archive stats`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// An hour, or all of them.
#[derive(Default, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    hour: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<usize>,
    lines: u64,
    repetitions: u64,
    text_bytes: u64,
    stored_bytes: u64,
    files: usize,
    raw_objects: usize,
    first_at: Option<String>,
    last_at: Option<String>,
}

impl Row {
    fn of(open: &OpenHour) -> Self {
        let manifest = &open.manifest;
        Self {
            hour: Some(manifest.hour.clone()),
            generation: Some(manifest.generation),
            hours: None,
            lines: manifest.lines,
            repetitions: manifest.repetitions,
            text_bytes: manifest.text_bytes,
            stored_bytes: manifest.stored_bytes(),
            files: manifest.parts.len(),
            raw_objects: manifest.raw.len(),
            first_at: Some(export::time(manifest.first_at)),
            last_at: Some(export::time(manifest.last_at)),
        }
    }

    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.repetitions += other.repetitions;
        self.text_bytes += other.text_bytes;
        self.stored_bytes += other.stored_bytes;
        self.files += other.files;
        self.raw_objects += other.raw_objects;
        let first = self.first_at.take();
        self.first_at = first.into_iter().chain(other.first_at).min();
        self.last_at = self.last_at.take().max(other.last_at);
    }

    fn share(&self) -> f64 {
        self.stored_bytes as f64 * 100.0 / self.text_bytes.max(1) as f64
    }
}

async fn rows(args: &Args, buckets: &dyn Buckets) -> Result<Vec<Row>, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let found = manifests(&archive, args.times.hours()?).await;
    let found = found.map_err(|error| refused("list the archive", &error))?;
    Ok(found.iter().map(Row::of).collect())
}

pub(crate) async fn ls(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let rows = rows(&args, buckets).await?;
    if args.json {
        for row in &rows {
            terminal.json(row)?;
        }
    } else if rows.is_empty() {
        terminal.line("no hour of this range has lines")?;
    } else {
        terminal.line("hour           generation       lines    text bytes  stored bytes  files")?;
        for row in &rows {
            terminal.line(format!(
                "{:13}  {:>10}  {:>10}  {:>12}  {:>12}  {:>5}",
                row.hour.as_deref().unwrap_or_default(),
                row.generation.unwrap_or_default(),
                row.lines,
                row.text_bytes,
                row.stored_bytes,
                row.files
            ))?;
        }
    }
    Ok(if rows.is_empty() { Ended::No } else { Ended::Done })
}

pub(crate) async fn stats(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let rows = rows(&args, buckets).await?;
    let mut total = Row {
        hours: Some(rows.len()),
        ..Row::default()
    };
    rows.into_iter().for_each(|row| total.add(row));
    if args.json {
        terminal.json(&total)?;
        return Ok(Ended::Done);
    }
    terminal.line(format!("hours         {}", total.hours.unwrap_or_default()))?;
    terminal.line(format!(
        "lines         {}, {} repetitions left out",
        total.lines, total.repetitions
    ))?;
    terminal.line(format!("text bytes    {}", total.text_bytes))?;
    terminal.line(format!(
        "stored bytes  {}, {:.1} % of the text",
        total.stored_bytes,
        total.share()
    ))?;
    terminal.line(format!(
        "files         {} from {} raw objects",
        total.files, total.raw_objects
    ))?;
    if let (Some(first), Some(last)) = (&total.first_at, &total.last_at) {
        terminal.line(format!("times         {first} to {last}"))?;
    }
    Ok(Ended::Done)
}
