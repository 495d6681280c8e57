//! A delivery stream and a bucket that can refuse, and events as CloudWatch Logs delivers them.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use log_archive_forwarder::ports::{Clock, Objects, Outcome, PortError, Stream, StreamError};
use log_archive_forwarder::{ForwardError, Forwarded, Forwarder, Settings};
use serde_json::{Value, json};

/// The function's time limit.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const OWN: &str = "/aws/lambda/shopfast-log-forwarder";
pub(crate) const GROUP: &str = "/aws/lambda/shopfast-order-service";

/// What Firehose answers to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It takes all but these records.
    Without(Vec<usize>),
    /// It takes everything, and leaves so many records out of its answer.
    Shorter(usize),
    /// It takes nothing.
    Fails {
        /// Would it take it later?
        is_passing: bool,
    },
    /// It takes everything, and nobody hears so.
    Lost,
}

/// Everything outside.
#[derive(Default)]
pub(crate) struct World {
    /// For the next requests; after them Firehose takes everything.
    pub(crate) answers: Mutex<VecDeque<Answer>>,
    /// Every request, as the lengths of its records.
    pub(crate) requests: Mutex<Vec<Vec<usize>>>,
    /// What Firehose has taken.
    pub(crate) taken: Mutex<Vec<Bytes>>,
    pub(crate) objects: Mutex<BTreeMap<String, Bytes>>,
    pub(crate) bucket_is_closed: Mutex<bool>,
    /// This call, counted from 1, never ends, before or after it had its effect; 0: every call ends.
    pub(crate) hanging: AtomicUsize,
    pub(crate) hangs_after: Mutex<bool>,
    pub(crate) calls: AtomicUsize,
}

impl World {
    /// A call with its effect; it may hang before or after it.
    async fn call<T>(&self, effect: impl FnOnce() -> T) -> T {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call != self.hanging.load(Ordering::Relaxed) {
            return effect();
        }
        if *self.hangs_after.lock().unwrap() {
            effect();
        }
        std::future::pending().await
    }

    fn answer(&self, records: &[Bytes]) -> Result<Vec<Outcome>, StreamError> {
        self.requests
            .lock()
            .unwrap()
            .push(records.iter().map(Bytes::len).collect());
        let mut outcomes = vec![Outcome::Taken; records.len()];
        let failed = |is_passing| StreamError {
            is_passing,
            cause: "the connection was closed".into(),
        };
        let answer = self.answers.lock().unwrap().pop_front();
        let refused = match &answer {
            Some(Answer::Fails { is_passing }) => return Err(failed(*is_passing)),
            Some(Answer::Without(refused)) => refused.as_slice(),
            _ => &[],
        };
        let taken = records.iter().enumerate().filter(|(at, _)| !refused.contains(at));
        self.taken
            .lock()
            .unwrap()
            .extend(taken.map(|(_, record)| record.clone()));
        for at in refused {
            outcomes[*at] = Outcome::Refused("ServiceUnavailableException".to_owned());
        }
        match answer {
            Some(Answer::Lost) => return Err(failed(true)),
            Some(Answer::Shorter(by)) => outcomes.truncate(records.len() - by),
            _ => {}
        }
        Ok(outcomes)
    }

    /// Lines that Firehose has taken, by event ID.
    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let taken = self.taken.lock().unwrap().concat();
        let mut lines = Vec::new();
        log_archive_intake::read_raw(&taken, &mut |line| {
            lines.push((line.event_id.to_owned(), line.message.to_owned()));
        })
        .unwrap();
        lines
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.lines().into_iter().map(|(id, _)| id).collect()
    }
}

#[async_trait]
impl Stream for World {
    async fn put(&self, records: &[Bytes]) -> Result<Vec<Outcome>, StreamError> {
        self.call(|| self.answer(records)).await
    }
}

#[async_trait]
impl Objects for World {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), PortError> {
        if *self.bucket_is_closed.lock().unwrap() {
            return Err("access denied".into());
        }
        self.call(|| {
            self.objects.lock().unwrap().insert(key.to_owned(), bytes);
        })
        .await;
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        "2026-11-21T19:40:00Z".parse().unwrap()
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

pub(crate) fn forwarder(world: &Arc<World>) -> Forwarder {
    let settings = Settings {
        own_log_group: OWN.to_owned(),
    };
    Forwarder::new(
        Arc::clone(world) as Arc<dyn Stream>,
        Arc::clone(world) as Arc<dyn Objects>,
        Arc::clone(world) as Arc<dyn Clock>,
        settings,
    )
}

pub(crate) async fn forward(world: &Arc<World>, payload: &str) -> Result<Forwarded, ForwardError> {
    forwarder(world).forward(payload, LIMIT).await
}

/// Milliseconds within the hour of the tests.
pub(crate) fn at(number: usize) -> i64 {
    let hour: Timestamp = "2026-11-21T19:00:00Z".parse().unwrap();
    hour.as_millisecond() + i64::try_from(number).unwrap()
}

pub(crate) fn event(number: usize, message: &str) -> Value {
    json!({"id": format!("e{number:06}"), "timestamp": at(number), "message": message})
}

pub(crate) fn envelope(events: &[Value]) -> Value {
    json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": "2026/11/21/[$LATEST]1",
        "subscriptionFilters": ["log-archive"], "logEvents": events,
    })
}

/// Packed as the payload of a subscription filter.
pub(crate) fn packed(envelope: &Value) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(envelope.to_string().as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

/// So many lines of so many bytes: as many records as are wanted.
pub(crate) fn lines(count: usize, bytes: usize) -> Vec<Value> {
    (0..count)
        .map(|number| event(number, &format!("{number:06}{}", "x".repeat(bytes - 6))))
        .collect()
}

pub(crate) fn expected_ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("e{number:06}")).collect()
}
