//! `shopwatch archive`: questions to the log archive that need no running platform.
//!
//! In reading order: [`Command`] is what can be typed, a module stands for each command, `place` says where the
//! archive is.
//!
//! Not here: how lines are kept and found (`log-archive-store`), how a program prints (`ops-monitoring`), who answers SQL
//! (`ops-archive-sql`; [`SqlArgs`] is what can be typed).

mod compact;
mod export;
mod get;
mod inventory;
mod place;
mod replay;
mod restore;
mod restore_plan;
mod scan;
mod sql;
mod times;
mod verify;

use ops_monitoring::{Ended, Refused, Terminal};

pub use place::{Bucket, Buckets, Glacier, Location, Opened, open};
pub use scan::scan;
pub use sql::{Form, SqlArgs};

/// Examples for `--help`.
pub const EXAMPLES: &str = "\
Examples:
  shopwatch archive get 019aa7f4-9c00-7abc-8def-0123456789ab --archive /var/archive
  shopwatch archive get 8476a536-e9f4-41e8-9739-2dfe598c3fcd --since 2026-11-20 --until 2026-11-21
  shopwatch archive ls --since 2026-11-01 --archive s3://shopfast-log-archive-123456789012-eu-west-1 --profile production
  shopwatch archive stats --json
  shopwatch archive verify
  shopwatch archive sql \"SELECT log_group, count(*) FROM messages WHERE level = 'ERROR' AND dt = '2026-11-21' GROUP BY log_group\"
  shopwatch archive export --since 2026-11-21T19 --until 2026-11-21T19 --form original > lines.txt
  shopwatch archive restore-plan --since 2025-01-01 --until 2025-01-31 --bulk
  shopwatch archive restore 019aa7f4-9c00-7abc-8def-0123456789ab --days 3 --yes
";

/// What can be asked of the archive, but for SQL.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Lines that name an ID: correlation, request, trace or order ID
    Get(get::Args),
    /// Hours that have lines
    Ls(inventory::Args),
    /// Lines, bytes and files of all hours together, from manifests alone
    Stats(inventory::Args),
    /// Prove that nothing is missing, doubled or altered; exit code 1 names the first broken object
    ///
    /// It cannot see that the newest hours were deleted with everything that knows of them: links, manifests, files, filters of hours and of the
    /// day, and raw objects that wait to expire.
    Verify(verify::Args),
    /// Write lines as NDJSON, CSV, or as they were written
    Export(export::Args),
    /// Which files in Glacier a lookup or a range needs: size, tier, hours and price
    RestorePlan(restore_plan::Args),
    /// Ask S3 for copies of what is in Glacier; without --yes only the plan (exit code 6)
    Restore(restore::Args),
    /// Put back what could not be delivered, so that the next compaction archives it
    Replay(replay::Args),
    /// Compact raw objects now
    Compact(compact::Args),
}

/// Runs a command.
///
/// # Errors
/// An option is wrong, or the archive cannot be read.
pub async fn run(
    command: Command,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    match command {
        Command::Get(args) => get::run(args, buckets, terminal).await,
        Command::Ls(args) => inventory::ls(args, buckets, terminal).await,
        Command::Stats(args) => inventory::stats(args, buckets, terminal).await,
        Command::Verify(args) => verify::run(args, buckets, terminal).await,
        Command::Export(args) => export::run(args, buckets, terminal).await,
        Command::RestorePlan(args) => restore_plan::run(args, buckets, terminal).await,
        Command::Restore(args) => restore::run(args, buckets, terminal).await,
        Command::Replay(args) => replay::run(args, buckets, terminal).await,
        Command::Compact(args) => compact::run(args, buckets, terminal).await,
    }
}
