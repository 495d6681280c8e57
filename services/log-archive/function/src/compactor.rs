//! `shopfast-log-compactor`: put together from its environment, and one run after the other.

use aws_config::SdkConfig;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use log_archive_compactor::{Hourly, HourlyError, Summary};
use log_archive_s3::Patience;
use log_archive_store::{Archive, CompactLimits};
use platform::env::Source;
use serde_json::{Value, json};
use telemetry_core::Coded;

use crate::{StartError, left};

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum CompactorError {
    /// It is no event of ours.
    #[error("read the event: neither a scheduled one, nor {{}}, nor {{\"now\": a time of RFC 3339}}")]
    Unknown,
    /// It failed.
    #[error(transparent)]
    Hourly(#[from] HourlyError),
}

impl Coded for CompactorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unreadable-event",
            Self::Hourly(error) => error.code(),
        }
    }
}

/// `shopfast-log-compactor`.
#[derive(Debug, Clone)]
pub struct LogCompactor {
    hourly: Hourly,
}

impl LogCompactor {
    /// From `ARCHIVE_BUCKET`. What does not fit into memory goes to the function's own disk.
    ///
    /// # Errors
    /// When it is missing, or the bucket cannot be opened.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, StartError> {
        let bucket = source.required("ARCHIVE_BUCKET")?;
        let store = log_archive_s3::open(&bucket, config, Patience::default())?;
        let hourly = Hourly::new(
            Archive::new(store),
            CompactLimits::default(),
            std::env::temp_dir(),
        );
        Ok(Self { hourly })
    }

    /// One run: a scheduled event, or somebody who cannot wait for the end of the hour and says which time it is to be. Lines that come
    /// after that are archived all the same.
    ///
    /// # Errors
    /// It is no such event, or the run failed. What was committed stays.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, CompactorError> {
        let clock = Timestamp::now();
        let now = as_if(&event.payload, clock).ok_or(CompactorError::Unknown)?;
        let summary = self.hourly.run(now, left(event.context.deadline, clock)).await?;
        Ok(told(&summary))
    }
}

/// The time that the run is to believe.
fn as_if(event: &Value, clock: Timestamp) -> Option<Timestamp> {
    if let Some(now) = event.get("now") {
        return now.as_str()?.parse().ok();
    }
    let is_scheduled = event["source"] == "aws.events" || event["source"] == "aws.scheduler";
    let is_empty = event.as_object().is_some_and(serde_json::Map::is_empty);
    (is_scheduled || is_empty).then_some(clock)
}

fn told(summary: &Summary) -> Value {
    let Summary {
        replayed,
        hours,
        lines,
        expired,
        held_back,
        is_cut_short,
        oldest_raw_s,
    } = summary;
    let held_back: Vec<_> = held_back
        .iter()
        .map(|(what, why)| json!({"what": what, "why": why}))
        .collect();
    json!({
        "replayed": replayed, "hours": hours, "lines": lines, "expired": expired, "heldBack": held_back,
        "cutShort": is_cut_short, "oldestRawSeconds": oldest_raw_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_clock_s_unless_somebody_says_otherwise() {
        let clock: Timestamp = "2026-11-21T20:25:00Z".parse().unwrap();
        let check = |event: Value, expected: Option<&str>| {
            let now = as_if(&event, clock).map(|now| now.to_string());
            assert_eq!(now.as_deref(), expected, "{event}");
        };
        check(
            json!({"source": "aws.events", "detail-type": "Scheduled Event"}),
            Some("2026-11-21T20:25:00Z"),
        );
        check(json!({}), Some("2026-11-21T20:25:00Z"));
        check(
            json!({"now": "2026-11-21T23:00:00+01:00"}),
            Some("2026-11-21T22:00:00Z"),
        );
        check(json!({"now": "tomorrow"}), None);
        check(json!({"now": 7}), None);
        check(json!({"awslogs": {}}), None);
        check(json!(null), None);
    }
}
