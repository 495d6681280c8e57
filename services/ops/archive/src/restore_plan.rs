//! `shopwatch archive restore-plan`: from manifests and filters, which stay in S3 Standard.

use std::io;

use jiff::Timestamp;
use log_archive_domain::Id;
use log_archive_domain::restore::{Lifecycle, SMALLEST_MOVED, Speed, Tier, restore};
use log_archive_store::{Archive, Lookup, OpenHour, Scope, manifests};
use ops_monitoring::{Ended, Refused, Terminal};
use serde_json::json;

use crate::place::{Buckets, Opened, Place, refused};
use crate::times::Times;

/// Options of `archive restore-plan`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An ID that is to be looked up; without it, all files of the range
    id: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// Days until files are moved to Glacier Instant Retrieval
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    instant_after: u32,
    /// Days until files are moved to Glacier Deep Archive
    #[arg(long, default_value_t = 180, value_name = "DAYS")]
    deep_after: u32,
    /// Bytes of the smallest file that the lifecycle rules move; S3 itself leaves what is below 128 KB
    #[arg(long, default_value_t = SMALLEST_MOVED, value_name = "BYTES")]
    smallest: u64,
    /// Bulk restores: 48 hours instead of 12, an eighth of the price
    #[arg(long)]
    bulk: bool,
    /// As if it were this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// A file that is to be read.
pub(crate) struct Needed {
    pub(crate) key: String,
    bytes: u64,
    pub(crate) tier: Tier,
}

impl Args {
    pub(crate) fn speed(&self) -> Speed {
        if self.bulk { Speed::Bulk } else { Speed::Standard }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    pub(crate) fn json(&self) -> bool {
        self.json
    }

    pub(crate) async fn open(&self, buckets: &dyn Buckets) -> Result<Opened, Refused> {
        self.place.open(buckets).await
    }
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let opened = args.open(buckets).await?;
    let needed = needed(&args, &opened.archive).await?;
    show(&args, &needed, terminal)?;
    Ok(if needed.is_empty() { Ended::No } else { Ended::Done })
}

/// The plan; the hours that it takes at most.
pub(crate) fn show(args: &Args, needed: &[Needed], terminal: &mut Terminal<'_>) -> io::Result<u32> {
    let (mut bytes, mut dollars, mut hours) = (0, 0.0, 0);
    for file in needed {
        let restore = restore(file.tier, args.speed(), file.bytes);
        bytes += file.bytes;
        dollars += restore.dollars;
        hours = hours.max(restore.hours);
        let tier = name(file.tier);
        if args.json {
            terminal.json(&json!({
                "key": file.key, "bytes": file.bytes, "tier": tier, "hours": restore.hours, "dollars": restore.dollars,
            }))?;
        } else {
            terminal.line(format!(
                "{}  {} bytes  {tier}  {} h  ${:.6}",
                file.key, file.bytes, restore.hours, restore.dollars
            ))?;
        }
    }
    let cold = needed
        .iter()
        .filter(|file| file.tier == Tier::DeepArchive)
        .count();
    if args.json {
        terminal.json(&json!({"files": needed.len(), "bytes": bytes, "restore": cold, "hours": hours, "dollars": dollars}))?;
    } else {
        terminal.line(format!(
            "{} files, {bytes} bytes; {cold} to be restored first; {hours} hours at most; ${dollars:.4} (us-east-1, 2026-11)",
            needed.len()
        ))?;
    }
    Ok(hours)
}

/// Files that the lookup or the range needs.
pub(crate) async fn needed(args: &Args, archive: &Archive) -> Result<Vec<Needed>, Refused> {
    let hours = args.times.hours()?;
    let failed = |error| refused("plan a restore", &error);
    let parts = match &args.id {
        Some(id) if args.times.is_all() => Lookup::new(archive).parts(&Id::new(id), &Scope::Everywhere).await,
        Some(id) => {
            let days = Scope::Hours(*hours.start(), *hours.end());
            Lookup::new(archive).parts(&Id::new(id), &days).await
        }
        None => manifests(archive, hours).await.map(|hours| {
            let of_hour = |open: OpenHour| {
                let parts = open.manifest.parts.clone();
                parts.into_iter().map(move |part| (open.clone(), part))
            };
            hours.into_iter().flat_map(of_hour).collect()
        }),
    };
    let lifecycle = Lifecycle {
        instant_days: args.instant_after,
        deep_days: args.deep_after,
        smallest: args.smallest,
    };
    let now = args.now().as_millisecond();
    let of_part = |(open, part): (OpenHour, log_archive_store::Part)| {
        let bytes = part.object.size;
        Needed {
            key: part.object.key,
            bytes,
            tier: lifecycle.tier(bytes, written(&open), now),
        }
    };
    Ok(parts.map_err(failed)?.into_iter().map(of_part).collect())
}

/// When an hour's files were written, in milliseconds since the epoch. A manifest of this program has a time; without one they count as old,
/// which promises nothing.
pub(crate) fn written(open: &OpenHour) -> i64 {
    let made_at = open.manifest.made_at.parse::<Timestamp>();
    made_at.map_or(0, Timestamp::as_millisecond)
}

fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Standard => "STANDARD",
        Tier::GlacierInstantRetrieval => "GLACIER_IR",
        Tier::DeepArchive => "DEEP_ARCHIVE",
    }
}
