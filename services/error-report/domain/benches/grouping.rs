//! `cargo bench -p error-report-domain`: how many failures a second are normalised and fingerprinted on one core, as a table.
//! Nothing is asserted. The messages are those of the labelled corpus; CPU time of the thread, the best of some rounds.

#![expect(clippy::print_stdout, reason = "a table is printed")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use error_report_domain::fingerprint::{Failure, Grouper};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: u32 = 7;
/// What is wanted, in lines a second.
const TARGET: f64 = 1e6;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = include_str!("../tests/corpus.tsv");
    let lines: Vec<Vec<&str>> = corpus
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').collect())
        .collect();
    let failures: Vec<Failure<'_>> = lines
        .iter()
        .map(|columns| Failure {
            service: columns[1],
            code: columns[2],
            span: columns[3],
            messages: &columns[4..],
        })
        .collect();
    let bytes: usize = lines
        .iter()
        .flat_map(|columns| &columns[1..])
        .map(|text| text.len())
        .sum();
    let repeat = 2_000_000 / failures.len();
    let mut grouper = Grouper::default();
    let best = (0..ROUNDS)
        .map(|_| {
            let start = cpu();
            for failure in failures.iter().cycle().take(repeat * failures.len()) {
                black_box(grouper.fingerprint(black_box(failure)));
            }
            cpu().saturating_sub(start)
        })
        .min()
        .unwrap_or_default();
    let count = repeat * failures.len();
    let per_second = count as f64 / best.as_secs_f64();
    println!(
        "{:<34} {:>12} {:>8} {:>9} {:>9}",
        "what", "lines/s", "ns/line", "MB/s", "target"
    );
    println!(
        "{:<34} {per_second:>12.0} {:>8.0} {:>9.0} {:>8.2}x",
        format!("normalise + fingerprint, {} B/line", bytes / failures.len()),
        1e9 / per_second,
        per_second * (bytes / failures.len()) as f64 / 1e6,
        per_second / TARGET,
    );
    Ok(())
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
