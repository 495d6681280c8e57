//! What the log archive costs, on generated logs: time of forwarding, bytes that are kept, time and memory of a compaction, reads and time of a
//! lookup, and what `zgrep` over the raw objects, and DuckDB and DataFusion over Parquet with default settings need for the same.
//!
//! It fails if a target is missed that does not depend on the machine (`limits`).
//!
//! Not here: whether it is right (tests of `log-archive-store`).

mod beside;
mod forwarding;
mod generate;
mod limits;
mod lookups;
mod measure;
mod random;
mod stories;
mod table;

use std::path::PathBuf;

use clap::Parser;

/// Generates logs, archives them, looks IDs up, and prints a table.
#[derive(Debug, Parser)]
struct Args {
    /// Text to generate, in megabytes (10^6)
    #[arg(long, default_value_t = 200)]
    text_mb: u64,
    /// Hours to spread it over
    #[arg(long, default_value_t = 2)]
    hours: i64,
    /// IDs of each kind to look up
    #[arg(long, default_value_t = 200)]
    lookups: usize,
    /// Where to put the archive; it stays there [default: a temporary directory]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// A Python that has the modules duckdb and datafusion: they are compared too
    #[arg(long, value_name = "PYTHON")]
    python: Option<PathBuf>,
    /// Measure compaction and sizes only: for a profile
    #[arg(long)]
    compaction_only: bool,
    /// Compare with no other program
    #[arg(long)]
    alone: bool,
    /// Fail if times miss their targets too; sizes, reads and memory always count
    #[arg(long)]
    times: bool,
}

/// Parses the command line and measures.
///
/// # Errors
/// The disk is full, or the archive fails.
pub fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure::all(&args))
}
