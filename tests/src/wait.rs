//! Waiting for something that another process does, where no event can be awaited over HTTP.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `probe` until it has an answer, at growing distances, at most `limit` long.
///
/// # Errors
/// What the probe failed with, or that `what` did not happen in time, with the last thing seen.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<Result<T, String>>,
) -> Result<T> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(20);
    loop {
        let seen = match probe()? {
            Ok(found) => return Ok(found),
            Err(seen) => seen,
        };
        if started.elapsed() > limit {
            bail!("{what} did not happen within {limit:?}; last seen: {seen}");
        }
        pause_for(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(500));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that polls; the other process sends no event"
)]
fn pause_for(pause: Duration) {
    std::thread::sleep(pause);
}
