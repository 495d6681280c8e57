//! The same question to programs that are there already: `zgrep` over raw objects, DuckDB and DataFusion over Parquet with default
//! settings.
//!
//! DataFusion and DuckDB come as Python packages: as crates they would take longer to build than everything else here together.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use log_archive_domain::layout;
use log_archive_store::MESSAGE_SQL;

use crate::generate::Generated;
use crate::lookups::Median;
use crate::table::{bytes, float, print, row};

/// IDs that every other program is asked for.
const IDS: usize = 10;
/// Prints rows of kind, name, median in milliseconds, bytes read per lookup, lines, size.
const SCRIPT: &str = include_str!("beside.py");

/// How many times the best of the other programs needs what this archive needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others {
    pub(crate) bytes: f64,
    pub(crate) time: f64,
}

/// What a program needed for an answer.
struct Needed {
    name: String,
    ms: f64,
    bytes: u64,
    lines: u64,
}

/// Asks all of them, and prints the table.
pub(crate) fn all(
    python: Option<&Path>,
    bucket: &Path,
    scratch: &Path,
    generated: &Generated,
    own: Median,
) -> Result<Others> {
    let asked = generated.samples.iter().take(IDS);
    let ids: Vec<&str> = asked.clone().map(|story| story.correlation_id.as_str()).collect();
    let lines: u64 = asked.map(|story| story.lines[0]).sum();
    let mut others = vec![zgrep(&bucket.join(layout::EXPIRING), &ids, generated.raw)?];
    if let Some(python) = python {
        others.extend(parquet(python, bucket, scratch, generated, &ids)?);
    }
    let mut rows = vec![row([
        "beside, by correlation ID",
        "p50",
        "bytes read",
        "time",
        "bytes",
        "lines",
    ])];
    let this = format!("{:.2} ms", own.ms);
    rows.push(row([
        "this archive",
        &this,
        &bytes(own.bytes),
        "1",
        "1",
        &lines.to_string(),
    ]));
    let mut best = Others {
        bytes: f64::INFINITY,
        time: f64::INFINITY,
    };
    for Needed {
        name,
        ms,
        bytes: read,
        lines: found,
    } in &others
    {
        ensure!(*found == lines, "{name} found {found} lines of {lines}");
        let (time, more) = (ms / own.ms, float(*read) / float(own.bytes));
        best = Others {
            bytes: best.bytes.min(more),
            time: best.time.min(time),
        };
        let (shown, times, more) = (
            format!("{ms:.0} ms"),
            format!("{time:.0} x"),
            format!("{more:.0} x"),
        );
        rows.push(row([
            name,
            &shown,
            &bytes(*read),
            &times,
            &more,
            &found.to_string(),
        ]));
    }
    print("Beside", &rows)?;
    Ok(best)
}

/// Lines with an ID in compressed objects: every byte is read for each ID.
fn zgrep(directory: &Path, ids: &[&str], raw: u64) -> Result<Needed> {
    // A message has its correlation ID once.
    let script = "find \"$1\" -name '*.gz' -print0 | xargs -0 zcat | grep -o -F -e \"$2\" | wc -l";
    let (mut times, mut lines) = (Vec::new(), 0);
    for id in ids {
        let started = Instant::now();
        let output = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(directory)
            .arg(id)
            .stderr(Stdio::inherit())
            .output()
            .context("run zcat and grep")?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        let count = String::from_utf8_lossy(&output.stdout);
        lines += count.trim().parse::<u64>().context("read grep's count")?;
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(Needed {
        name: "zcat and grep over all raw objects".to_owned(),
        ms: times.get(times.len() / 2).copied().unwrap_or_default(),
        bytes: raw,
        lines,
    })
}

fn parquet(
    python: &Path,
    bucket: &Path,
    scratch: &Path,
    generated: &Generated,
    ids: &[&str],
) -> Result<Vec<Needed>> {
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .args([&bucket.join(layout::LINES), &scratch.join("copy.parquet")])
        .arg(MESSAGE_SQL)
        .args(ids)
        .stderr(Stdio::inherit())
        .output()
        .context("run Python")?;
    ensure!(output.status.success(), "Python ended with {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let (mut needed, mut columns) = (Vec::new(), vec![row(["column", "bytes", "of the text"])]);
    // What is drawn over itself, a bar of progress, stands before the last carriage return.
    let lines = text.lines().filter_map(|line| line.rsplit('\r').next());
    for cells in lines.map(|line| line.split('\t').collect::<Vec<_>>()) {
        match cells.as_slice() {
            ["whole", lines, text] => ensure!(
                (lines.parse(), text.parse()) == (Ok(generated.lines), Ok(generated.text)),
                "by SQL the archive has {lines} lines of {text} bytes"
            ),
            ["column", name, size] => {
                let size = size.parse().context("read a column's size")?;
                let share = format!("{:.2} %", float(size) * 100.0 / float(generated.text));
                columns.push(row([name, &bytes(size), &share]));
            }
            ["asked", name, ms, read, lines] => needed.push(Needed {
                name: (*name).to_owned(),
                ms: ms.parse().context("read a time")?,
                bytes: read.parse().context("read a size")?,
                lines: lines.parse().context("read a count")?,
            }),
            _ => {}
        }
    }
    print("Columns of the archive's Parquet", &columns)?;
    ensure!(!needed.is_empty(), "Python compared nothing");
    Ok(needed)
}
