//! Reading every line of a range: for IDs that stand in texts and are no fields. Whoever asks is told before what it takes.

use std::ops::RangeInclusive;

use log_archive_domain::{Hour, Id, OwnedLine};
use log_archive_store::{Archive, ArchiveError, OpenHour, export, manifests};
use ops_monitoring::{Refused, Terminal};

use crate::place::refused;

/// What a scan reads without being asked twice.
const SMALL: u64 = 1_000_000_000;
/// Lines between two looks at how far it is.
const LINES_PER_LOOK: u64 = 20_000;
/// Columns of the bar.
const BAR: u64 = 20;

/// What a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Estimate {
    files: usize,
    bytes: u64,
    lines: u64,
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
    let estimate = Estimate::of(&open.map_err(|error| failed(&error))?);
    if estimate.bytes > SMALL && !yes {
        return Err(Refused::usage("scan the archive")
            .because(estimate)
            .cure("narrow it with --since and --until, or add --yes"));
    }
    let (mut found, mut read) = (Vec::new(), 0_u64);
    terminal.progress(&estimate.bar(0));
    let scanned = export::each_line::<ArchiveError>(archive, hours, |_, line| {
        read += 1;
        if read.is_multiple_of(LINES_PER_LOOK) {
            terminal.progress(&estimate.bar(read));
        }
        if line.message.contains(id.as_str()) || line.as_line().has_id(id.as_str()) {
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
    fn of(hours: &[OpenHour]) -> Self {
        let parts = || hours.iter().flat_map(|open| &open.manifest.parts);
        Self {
            files: parts().count(),
            bytes: parts().map(|part| part.object.size).sum(),
            lines: parts().map(|part| part.lines).sum(),
        }
    }

    /// What Athena asks for a terabyte, 2026-11; reading S3 within its region costs the requests only.
    fn dollars(self) -> f64 {
        self.bytes as f64 / 1e12 * 5.0
    }

    fn bar(self, read: u64) -> String {
        let done = read.min(self.lines) * BAR / self.lines.max(1);
        let bar = "#".repeat(usize::try_from(done).unwrap_or_default());
        format!("[{bar:<20}] {read} of {self}")
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { files, bytes, lines } = self;
        let dollars = self.dollars();
        write!(
            f,
            "{lines} lines in {files} files, {bytes} bytes; with Athena it would cost ${dollars:.2}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_stands_beside_what_it_takes() {
        let estimate = Estimate {
            files: 2,
            bytes: 4_000_000_000,
            lines: 1_000,
        };
        let check = |read: u64, expected: &str| {
            let whole = "of 1000 lines in 2 files, 4000000000 bytes; with Athena it would cost $0.02";
            assert_eq!(estimate.bar(read), format!("{expected} {whole}"));
        };
        check(0, "[                    ] 0");
        check(500, "[##########          ] 500");
        check(1_000, "[####################] 1000");
    }
}
