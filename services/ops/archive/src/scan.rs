//! Reading every line of a range: for IDs that stand in texts and are no fields. Whoever asks is told before what it takes.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use log_archive_domain::restore::{Lifecycle, Speed, Tier, restore};
use log_archive_domain::{Hour, Id, OwnedLine};
use log_archive_store::{Archive, ArchiveError, OpenHour, export, manifests};
use ops_monitoring::{Refused, Terminal};

use crate::place::refused;
use crate::restore_plan::written;

/// What a scan reads without being asked twice.
const SMALL: u64 = 1_000_000_000;
/// Lines between two looks at how far it is.
const LINES_PER_LOOK: u64 = 20_000;
/// Columns of the bar.
const BAR: u64 = 20;

/// Dollars for a gigabyte that leaves AWS, us-east-1, 2026-11. Within the region nothing is asked for it.
const TRANSFER: f64 = 0.09;
/// What Athena asks for a terabyte, 2026-11.
const ATHENA: f64 = 5.0;

/// What a scan reads.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Estimate {
    files: usize,
    /// Of these files, what must be restored before it can be read.
    cold: usize,
    bytes: u64,
    lines: u64,
    /// Dollars for the scan's own requests, and for what lies in Glacier.
    reading: f64,
}

/// Lines of these hours in which an ID stands anywhere, by time. Without `yes` no more than a gigabyte is read.
///
/// # Errors
/// It would read more than that; the archive cannot be read.
pub async fn scan(
    archive: &Archive,
    hours: RangeInclusive<Hour>,
    id: &Id,
    yes: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<OwnedLine>, Refused> {
    let failed = |error: &ArchiveError| refused("scan the archive", error);
    let open = manifests(archive, hours.clone()).await;
    let open = open.map_err(|error| failed(&error))?;
    let estimate = Estimate::of(&open, Timestamp::now().as_millisecond());
    if estimate.bytes > SMALL && !yes {
        return Err(Refused::usage("scan the archive")
            .because(estimate)
            .cure("narrow it with --since and --until, or add --yes"));
    }
    let (mut found, mut read) = (Vec::new(), 0_u64);
    terminal.progress(&estimate.bar(0));
    let spellings = id.spellings();
    let names = |line: &OwnedLine| {
        let mut spellings = spellings.iter().map(Id::as_str);
        spellings.any(|id| line.message.contains(id) || line.as_line().has_id(id))
    };
    let scanned = export::each_line::<ArchiveError>(archive, hours, |_, line| {
        read += 1;
        if read.is_multiple_of(LINES_PER_LOOK) {
            terminal.progress(&estimate.bar(read));
        }
        if names(&line) {
            found.push(line);
        }
        Ok(())
    });
    let scanned = scanned.await;
    terminal.progress("");
    scanned.map_err(|error| failed(&error))?;
    found.sort_by_key(|line| line.at);
    Ok(found)
}

impl Estimate {
    /// Of these hours, in milliseconds since the epoch: what is old is where the template's lifecycle rules moved it.
    fn of(hours: &[OpenHour], now: i64) -> Self {
        let mut estimate = Self {
            files: 0,
            cold: 0,
            bytes: 0,
            lines: 0,
            reading: 0.0,
        };
        let parts = hours
            .iter()
            .flat_map(|open| open.manifest.parts.iter().map(move |part| (open, part)));
        for (open, part) in parts {
            let bytes = part.object.size;
            let tier = Lifecycle::default().tier(bytes, written(open), now);
            estimate.files += 1;
            estimate.cold += usize::from(tier == Tier::DeepArchive);
            estimate.bytes += bytes;
            estimate.lines += part.lines;
            estimate.reading += restore(tier, Speed::Standard, bytes).dollars;
        }
        estimate
    }

    fn bar(self, read: u64) -> String {
        let done = read.min(self.lines) * BAR / self.lines.max(1);
        let bar = "#".repeat(usize::try_from(done).unwrap_or_default());
        format!("[{bar:<20}] {read} of {self}")
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            files,
            cold,
            bytes,
            lines,
            reading,
        } = self;
        let gigabytes = *bytes as f64 / 1e9;
        let (transfer, athena) = (gigabytes * TRANSFER, gigabytes / 1e3 * ATHENA);
        write!(
            f,
            "{lines} lines in {files} files, {bytes} bytes; from S3 ${reading:.4} for requests and Glacier, and ${transfer:.2} more outside of AWS; \
             with Athena ${athena:.2}"
        )?;
        if *cold > 0 {
            write!(
                f,
                "; {cold} files are in Deep Archive: `shopwatch archive restore` first"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_stands_beside_what_it_takes() {
        let estimate = Estimate {
            files: 2,
            cold: 0,
            bytes: 4_000_000_000,
            lines: 1_000,
            reading: 0.000_8,
        };
        let check = |read: u64, expected: &str| {
            let whole = "of 1000 lines in 2 files, 4000000000 bytes; from S3 $0.0008 for requests and Glacier, and $0.36 more outside of AWS; \
                         with Athena $0.02";
            assert_eq!(estimate.bar(read), format!("{expected} {whole}"));
        };
        check(0, "[                    ] 0");
        check(500, "[##########          ] 500");
        check(1_000, "[####################] 1000");
        let cold = Estimate { cold: 1, ..estimate };
        let end = "with Athena $0.02; 1 files are in Deep Archive: `shopwatch archive restore` first";
        assert!(cold.to_string().ends_with(end), "{cold}");
    }
}
