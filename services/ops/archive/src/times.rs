//! Ranges of hours as people type them.

use std::ops::RangeInclusive;

use log_archive_domain::{Day, Hour};
use ops_monitoring::Refused;

/// Which hours of the archive: a line is in the hour of its time, or of its arrival if no clock can have said that time.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Times {
    /// From this hour or day on (UTC): 2026-11-21T19, 2026-11-21
    #[arg(long, value_name = "HOUR", value_parser = first)]
    since: Option<Hour>,
    /// Up to this hour or day, included
    #[arg(long, value_name = "HOUR", value_parser = last)]
    until: Option<Hour>,
}

fn first(text: &str) -> Result<Hour, String> {
    let day = || text.parse::<Day>().map(|day| day.hour(0));
    text.parse().or_else(|_| day()).map_err(|error| error.to_string())
}

fn last(text: &str) -> Result<Hour, String> {
    let day = || text.parse::<Day>().map(|day| day.hour(23));
    text.parse().or_else(|_| day()).map_err(|error| error.to_string())
}

impl Times {
    /// Was nothing typed?
    pub(crate) fn is_all(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// The same as options.
    pub(crate) fn words(&self) -> Vec<String> {
        let option = |name: &str, hour: Option<Hour>| hour.map(|hour| format!("--{name}={hour}"));
        let options = [option("since", self.since), option("until", self.until)];
        options.into_iter().flatten().collect()
    }

    pub(crate) fn hours(&self) -> Result<RangeInclusive<Hour>, Refused> {
        let since = self.since.unwrap_or(Hour::of_ms(0));
        let until = self.until.unwrap_or(Hour::of_ms(i64::MAX));
        if since > until {
            let why = format!("--since {since} is after --until {until}");
            return Err(Refused::usage("choose hours").because(why));
        }
        Ok(since..=until)
    }
}
