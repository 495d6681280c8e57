//! The measurements, one after the other.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use log_archive_domain::{Hour, layout};
use log_archive_store::{Archive, CompactLimits, Compactor, verify};
use object_store::local::LocalFileSystem;

use crate::generate::Generated;
use crate::limits::{self, Missed};
use crate::table::{bytes, float, print, row};
use crate::{Args, beside, forwarding, generate, lookups};

pub(crate) async fn all(args: &Args) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let directory = args.directory.as_deref().unwrap_or(temporary.path());
    let bucket = directory.join("bucket");
    std::fs::create_dir_all(&bucket)?;
    let archive = Archive::new(Arc::new(LocalFileSystem::new_with_prefix(&bucket)?));
    let first: Hour = "2026-11-20T08".parse()?;
    let generated = generate::logs(
        &archive,
        first,
        args.hours,
        args.text_mb * 1_000_000,
        args.lookups,
    )
    .await?;
    let mut missed = Missed::default();
    let now = first.plus(args.hours + 2);
    if args.compaction_only {
        compaction(&archive, directory, now, &generated, &mut missed).await?;
        size(&archive, &generated, &mut missed).await?;
        return missed.check();
    }
    let forwarded = forwarding::measured(&archive).await?;
    let rate = compaction(&archive, directory, now, &generated, &mut missed).await?;
    size(&archive, &generated, &mut missed).await?;
    let median = lookups::all(&archive, &generated, &mut missed).await?;
    if args.times {
        missed.at_least("MB/s of forwarding", forwarded, limits::FORWARDING);
        missed.at_least("MB/s of compaction", rate, limits::COMPACTION);
        missed.at_most("ms of a lookup", median.ms, limits::MEDIAN_MS);
    }
    if args.alone {
        return missed.check();
    }
    let others = beside::all(
        args.python.as_deref(),
        &bucket,
        temporary.path(),
        &generated,
        median,
    )?;
    missed.at_least(
        "how many times fewer bytes than others",
        others.bytes,
        limits::TIMES_BETTER,
    );
    if args.times {
        missed.at_least(
            "how many times faster than others",
            others.time,
            limits::TIMES_BETTER,
        );
    }
    missed.check()
}

/// Compacts and verifies. Says how many megabytes of text one core compacted in a second.
async fn compaction(
    archive: &Archive,
    scratch: &Path,
    now: Hour,
    generated: &Generated,
    missed: &mut Missed,
) -> Result<f64> {
    let now = Timestamp::from_millisecond(now.start_ms())?;
    let before = processor_time()?;
    let started = Instant::now();
    let limits = CompactLimits::default();
    let compacted = Compactor::new(archive, limits, scratch.to_owned(), &())
        .run(now)
        .await?;
    let (wall, processor) = (started.elapsed(), processor_time()? - before);
    let memory = peak_memory()?;
    ensure!(
        compacted.lines == generated.lines,
        "{} of {} lines are archived",
        compacted.lines,
        generated.lines
    );
    let started = Instant::now();
    let verified = verify(archive, now).await?;
    ensure!(verified.faults.is_empty(), "{:?}", verified.faults);
    let verify = started.elapsed();
    missed.at_most("bytes of memory", memory, limits::MEMORY);
    let mb_per_second = |time: Duration| float(generated.text) / 1e6 / time.as_secs_f64();
    let rate = |time: Duration| format!("{:.0} MB/s", mb_per_second(time));
    print(
        "Compaction",
        &[
            row([
                "text",
                "lines",
                "wall",
                "per core and second of processor",
                "spills",
                "peak memory",
                "verify",
            ]),
            row([
                &bytes(generated.text),
                &generated.lines.to_string(),
                &format!("{:.1} s", wall.as_secs_f64()),
                &rate(processor),
                &compacted.spills.to_string(),
                &bytes(memory),
                &rate(verify),
            ]),
        ],
    )?;
    Ok(mb_per_second(processor))
}

async fn size(archive: &Archive, generated: &Generated, missed: &mut Missed) -> Result<()> {
    let mut rows = vec![row(["what", "bytes", "of the text"])];
    let mut total = 0;
    let share = |size: u64| format!("{:.2} %", float(size) * 100.0 / float(generated.text));
    rows.push(row([
        "raw objects, gzip",
        &bytes(generated.raw),
        &share(generated.raw),
    ]));
    for prefix in [layout::LINES, layout::IDS, layout::MANIFESTS, layout::CHAIN] {
        let size = archive.list(prefix).await?.iter().map(|object| object.size).sum();
        total += size;
        rows.push(row([prefix, &bytes(size), &share(size)]));
    }
    rows.push(row(["the archive", &bytes(total), &share(total)]));
    print("Size", &rows)?;
    let percent = float(total) * 100.0 / float(generated.text);
    missed.at_most("percent of the text", percent, limits::SIZE);
    Ok(())
}

/// Processor time of this process so far, user and system.
fn processor_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("read /proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    // The kernel's clock of user space has 100 ticks a second on every architecture.
    Ok(Duration::from_millis(ticks * 10))
}

/// The most memory that the process had.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("read /proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("find VmHWM")?;
    let kib: u64 = line
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .context("read VmHWM")?;
    Ok(kib * 1_024)
}
