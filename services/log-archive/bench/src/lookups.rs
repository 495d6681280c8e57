//! Lookups: reads, bytes and time of each kind of ID, and whether all lines are found.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use log_archive_domain::Id;
use log_archive_store::{Archive, Lookup, Reads, Scope};

use crate::generate::Generated;
use crate::limits::{self, Missed};
use crate::stories::Story;
use crate::table::{bytes, float, print, row};

/// An ID of a story, and how many lines name it.
type Wanted = fn(&Story) -> (String, u64);

struct Kind {
    name: &'static str,
    wanted: Wanted,
    is_cached: bool,
    reads: Option<u64>,
    bytes: Option<u64>,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "correlation ID, nothing cached",
        wanted: |story| (story.correlation_id.clone(), story.lines[0]),
        is_cached: false,
        reads: None,
        bytes: None,
    },
    Kind {
        name: "correlation ID",
        wanted: |story| (story.correlation_id.clone(), story.lines[0]),
        is_cached: true,
        reads: Some(limits::READS),
        bytes: Some(limits::BYTES),
    },
    Kind {
        name: "order ID",
        wanted: |story| (story.order_id.clone(), story.lines[1]),
        is_cached: true,
        reads: Some(limits::OTHER_READS),
        bytes: None,
    },
    Kind {
        name: "request ID",
        wanted: |story| (story.request_id.clone(), story.lines[2]),
        is_cached: true,
        reads: Some(limits::OTHER_READS),
        bytes: None,
    },
    Kind {
        name: "an ID that is nowhere",
        wanted: |story| (format!("{}x", story.request_id), 0),
        is_cached: true,
        reads: Some(limits::OTHER_READS),
        bytes: None,
    },
];

/// What one lookup by correlation ID needed in the middle of all: what other programs are compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Median {
    pub(crate) ms: f64,
    pub(crate) bytes: u64,
}

/// Measures every kind, and prints the table.
pub(crate) async fn all(archive: &Archive, generated: &Generated, missed: &mut Missed) -> Result<Median> {
    let heading = [
        "lookup",
        "reads, p50",
        "reads, most",
        "bytes, p50",
        "bytes, most",
        "p50",
        "p99",
        "lines",
    ];
    let mut rows = vec![row(heading)];
    let mut median = None;
    for kind in &KINDS {
        let seen = of_kind(archive, generated, kind).await?;
        let sorted = |of: fn(&Seen) -> u64| {
            let mut values: Vec<u64> = seen.iter().map(of).collect();
            values.sort_unstable();
            move |share: usize| {
                let at = values.len().saturating_sub(1) * share / 100;
                values.get(at).copied().unwrap_or_default()
            }
        };
        let reads = sorted(|seen| seen.reads.requests);
        let read = sorted(|seen| seen.reads.bytes);
        let micros = sorted(|seen| u64::try_from(seen.time.as_micros()).unwrap_or(u64::MAX));
        let ms = |share| float(micros(share)) / 1e3;
        rows.push(row([
            kind.name,
            &reads(50).to_string(),
            &reads(100).to_string(),
            &bytes(read(50)),
            &bytes(read(100)),
            &format!("{:.2} ms", ms(50)),
            &format!("{:.2} ms", ms(99)),
            &seen.iter().map(|seen| seen.lines).sum::<u64>().to_string(),
        ]));
        if let Some(limit) = kind.reads {
            missed.at_most(&format!("reads of {}", kind.name), reads(100), limit);
        }
        if let Some(limit) = kind.bytes {
            missed.at_most(&format!("bytes of {}", kind.name), read(100), limit);
            let (ms, bytes) = (ms(50), read(50));
            median = Some(Median { ms, bytes });
        }
    }
    let samples = generated.samples.len();
    print(
        &format!("Lookups, {samples} of each kind; indexes and manifests cached"),
        &rows,
    )?;
    median.context("find the kind that has a limit")
}

async fn of_kind(archive: &Archive, generated: &Generated, kind: &Kind) -> Result<Vec<Seen>> {
    let mut cached = Lookup::new(archive);
    let mut seen = Vec::new();
    for round in 0..if kind.is_cached { 2 } else { 1 } {
        seen.clear();
        for story in &generated.samples {
            let mut fresh = Lookup::new(archive);
            let lookup = if kind.is_cached { &mut cached } else { &mut fresh };
            let (id, lines) = (kind.wanted)(story);
            let one = one(archive, lookup, &id).await;
            let one = one.with_context(|| format!("round {round} of {}", kind.name))?;
            ensure!(
                one.lines == lines,
                "{} lines of {lines} were found by {} {id}",
                one.lines,
                kind.name
            );
            seen.push(one);
        }
    }
    Ok(seen)
}

pub(crate) struct Seen {
    pub(crate) reads: Reads,
    pub(crate) time: Duration,
    pub(crate) lines: u64,
}

/// One lookup.
pub(crate) async fn one(archive: &Archive, lookup: &mut Lookup<'_>, id: &str) -> Result<Seen> {
    let (before, started) = (archive.reads(), Instant::now());
    let found = lookup.find(&Id::new(id), &Scope::Everywhere).await?;
    Ok(Seen {
        time: started.elapsed(),
        reads: archive.reads() - before,
        lines: found.lines.len() as u64,
    })
}
