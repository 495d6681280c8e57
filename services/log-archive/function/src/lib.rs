//! The log archive's Lambda functions: their adapters, and what puts them together from the functions' environment.
//!
//! In reading order: [`LogForwarder`] and [`LogCompactor`] are the functions; `firehose` and `bucket` call AWS, each with the right that it
//! names.
//!
//! Not here: what becomes of an event (`log-archive-forwarder`) and of an hour (`log-archive-compactor`), and the store's protocol
//! (`log-archive-s3`).

mod bucket;
mod compactor;
mod firehose;
mod forwarder;
#[cfg(test)]
mod metrics_page;

pub use compactor::{CompactorError, LogCompactor};
pub use forwarder::{ForwarderError, LogForwarder};

/// The namespace of the functions' metrics: that of the shop whose lines they keep.
pub const NAMESPACE: &str = "ShopFast/Application";

/// Why a function does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Environment(#[from] platform::env::EnvError),
    /// The bucket cannot be opened.
    #[error(transparent)]
    Bucket(#[from] log_archive_s3::OpenError),
}

/// How long a function may still run, from when Lambda stops it: Unix time in milliseconds.
fn left(deadline_ms: u64, now: jiff::Timestamp) -> std::time::Duration {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
    std::time::Duration::from_millis(deadline_ms.saturating_sub(now_ms))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_left_is_counted_from_lambda_s_deadline() {
        let now: jiff::Timestamp = "2026-11-27T02:03:11Z".parse().unwrap();
        let deadline = |ms: i64| u64::try_from(now.as_millisecond() + ms).unwrap();
        assert_eq!(left(deadline(60_000), now), Duration::from_secs(60));
        assert_eq!(left(deadline(-1), now), Duration::ZERO);
    }
}
