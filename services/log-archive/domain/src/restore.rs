//! What it takes to read a file of the archive again: where the lifecycle rules have moved it by now, how long a restore takes and
//! what it costs.

/// Where S3 keeps a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// S3 Standard: read at once.
    Standard,
    /// Glacier Instant Retrieval: read at once, for a price.
    GlacierInstantRetrieval,
    /// Glacier Deep Archive: restored first.
    DeepArchive,
}

/// After how many days the lifecycle rules move a file; parameters of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// To Glacier Instant Retrieval.
    pub instant_days: u32,
    /// To Glacier Deep Archive.
    pub deep_days: u32,
    /// Bytes of the smallest file that is moved.
    pub smallest: u64,
}

/// S3 moves no object of less than 128 KB, unless a bucket asks for it (`TransitionDefaultMinimumObjectSize`).
pub const SMALLEST_MOVED: u64 = 131_072;

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            instant_days: 30,
            deep_days: 180,
            smallest: SMALLEST_MOVED,
        }
    }
}

impl Lifecycle {
    /// Where a file of so many bytes is that was written then, both times in milliseconds since the epoch. S3 counts from the midnight after.
    #[must_use]
    pub fn tier(self, bytes: u64, written: i64, now: i64) -> Tier {
        const DAY: i64 = 86_400_000;
        let days = now.div_euclid(DAY) - written.div_euclid(DAY) - 1;
        if bytes < self.smallest {
            Tier::Standard
        } else if days >= i64::from(self.deep_days) {
            Tier::DeepArchive
        } else if days >= i64::from(self.instant_days) {
            Tier::GlacierInstantRetrieval
        } else {
            Tier::Standard
        }
    }
}

/// How a restore from Glacier Deep Archive is asked for. There is no expedited one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// Within 12 hours.
    Standard,
    /// Within 48 hours.
    Bulk,
}

/// What S3 says to the wish for a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restoring {
    /// It is being made.
    Begun,
    /// It was asked for before, and is still being made.
    UnderWay,
    /// It is there already, and stays as long as is asked for now.
    Restored,
    /// None is needed: the file is not in Glacier, or can be read at once.
    NotNeeded,
}

/// What reading costs. <https://aws.amazon.com/s3/pricing/>, us-east-1, as of 2026-11: price lists change, so it is dated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restore {
    /// Hours to wait at most.
    pub hours: u32,
    /// US dollars, for retrieval and requests; without transfer out of AWS and the copy's storage.
    pub dollars: f64,
}

/// Hours and price to read a file of so many bytes.
#[must_use]
pub fn restore(tier: Tier, speed: Speed, bytes: u64) -> Restore {
    let (hours, per_gb, per_request) = match (tier, speed) {
        (Tier::Standard, _) => (0, 0.0, 0.000_000_4),
        (Tier::GlacierInstantRetrieval, _) => (0, 0.03, 0.000_01),
        (Tier::DeepArchive, Speed::Standard) => (12, 0.02, 0.000_1),
        (Tier::DeepArchive, Speed::Bulk) => (48, 0.002_5, 0.000_025),
    };
    let gigabytes = bytes as f64 / 1_073_741_824.0;
    Restore {
        hours,
        dollars: gigabytes * per_gb + per_request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_move_after_the_midnight_that_ends_the_day() {
        const DAY: i64 = 86_400_000;
        let check = |days: i64, expected: Tier| {
            let tier = |bytes| Lifecycle::default().tier(bytes, DAY / 2, DAY / 2 + days * DAY);
            assert_eq!(tier(SMALLEST_MOVED), expected, "{days} days");
            assert_eq!(tier(SMALLEST_MOVED - 1), Tier::Standard, "{days} days");
        };
        check(0, Tier::Standard);
        check(30, Tier::Standard);
        check(31, Tier::GlacierInstantRetrieval);
        check(180, Tier::GlacierInstantRetrieval);
        check(181, Tier::DeepArchive);
        assert_eq!(Lifecycle::default().tier(u64::MAX, DAY, 0), Tier::Standard);
        let all = Lifecycle {
            smallest: 0,
            ..Lifecycle::default()
        };
        assert_eq!(all.tier(0, 0, 400 * DAY), Tier::DeepArchive);
    }

    #[test]
    fn a_restore_has_hours_and_a_price() {
        let gib = 1_073_741_824;
        let cents = |tier, speed| {
            let Restore { hours, dollars } = restore(tier, speed, 10 * gib);
            (hours, (dollars * 1_000.0).round())
        };
        assert_eq!(cents(Tier::Standard, Speed::Bulk), (0, 0.0));
        assert_eq!(cents(Tier::GlacierInstantRetrieval, Speed::Bulk), (0, 300.0));
        assert_eq!(cents(Tier::DeepArchive, Speed::Standard), (12, 200.0));
        assert_eq!(cents(Tier::DeepArchive, Speed::Bulk), (48, 25.0));
    }
}
