//! Sends records until every one is taken, or there is no time left for another attempt.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::metrics;
use crate::ports::{Clock, Outcome, PortError, Stream};
use crate::request::requests;

/// The first pause; each further one is twice as long. Firehose asks for exponential backoff and says no numbers: ours.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why records were not delivered. Others of the same event may have been.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// There was no time left.
    #[error(
        "{left} of {total} records are not taken after {attempts} attempts, the last one because of {why}"
    )]
    TimeIsUp {
        /// Records that were not taken.
        left: usize,
        /// Records of the event.
        total: usize,
        /// How often they were sent.
        attempts: u32,
        /// What Firehose said last.
        why: String,
    },
    /// The request is one that Firehose will never take: there is no such stream, or no right to it.
    #[error("Firehose refuses the records")]
    Refused(#[source] PortError),
}

/// Sends records, again where they were refused, and begins no attempt after `until`.
pub(crate) async fn deliver(
    stream: &dyn Stream,
    clock: &dyn Clock,
    records: Vec<Bytes>,
    until: Instant,
) -> Result<(), DeliveryError> {
    let total = records.len();
    let (mut left, mut attempts) = (records, 0);
    while !left.is_empty() {
        let refused = attempt(stream, &left).await?;
        attempts += 1;
        let Some(why) = refused.why else {
            return Ok(());
        };
        left = refused.records;
        metrics::REFUSED.add(left.len() as u64, &[]);
        let pause = pause(attempts, clock.chance());
        if Instant::now() + pause >= until {
            return Err(DeliveryError::TimeIsUp {
                left: left.len(),
                total,
                attempts,
                why,
            });
        }
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// What was not taken.
#[derive(Default)]
struct Refused {
    records: Vec<Bytes>,
    why: Option<String>,
}

async fn attempt(stream: &dyn Stream, records: &[Bytes]) -> Result<Refused, DeliveryError> {
    let mut refused = Refused::default();
    for request in requests(records) {
        let records = &records[request];
        match stream.put(records).await {
            Ok(outcomes) => refused.add(records, &outcomes),
            Err(error) if error.is_passing => {
                refused.records.extend_from_slice(records);
                refused.why = Some(error.cause.to_string());
            }
            Err(error) => return Err(DeliveryError::Refused(error.cause)),
        }
    }
    Ok(refused)
}

impl Refused {
    /// A record of which nothing is said was not taken.
    fn add(&mut self, records: &[Bytes], outcomes: &[Outcome]) {
        for (at, record) in records.iter().enumerate() {
            let why = match outcomes.get(at) {
                Some(Outcome::Taken) => continue,
                Some(Outcome::Refused(why)) => why.as_str(),
                None => "an answer that leaves records out",
            };
            self.records.push(record.clone());
            self.why = Some(why.to_owned());
        }
    }
}

/// How long to wait after so many attempts: between half of the time and all of it.
fn pause(attempts: u32, chance: f64) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    let longest = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let check = |attempts, chance, ms| assert_eq!(pause(attempts, chance), Duration::from_millis(ms));
        check(1, 0.0, 50);
        check(1, 1.0, 100);
        check(4, 0.5, 600);
        check(40, 0.0, 2_500);
        check(u32::MAX, 7.0, 5_000);
    }
}
