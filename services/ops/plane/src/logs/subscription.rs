//! Subscription filters: log lines that match a pattern are handed to a function, in batches.
//!
//! On AWS, CloudWatch Logs does this for every line of a group that has such a filter: `{"awslogs": {"data": …}}`, in which `data`
//! is base64 of gzip of JSON, with lines of one group and stream
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>). Functions' lines never reach the emulator,
//! which has the filters: they are asked for there, and applied here. Destinations that are no functions are left out and counted.
//! Lines keep the wall clock's time, as everywhere in logs (`crate::clock`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Notify, watch};

use super::early::Early;
use super::pattern::Pattern;
use crate::store::LogEvent;

/// Lines that wait to be delivered; what comes when so many wait is dropped and counted. AWS tries for a day.
const MOST_WAITING: usize = 400_000;
/// Bytes of lines that wait, likewise: a flood of long lines does not take the machine's memory.
const MOST_BYTES: u64 = 256 * 1_024 * 1_024;

/// A filter that leads to a function.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    name: Arc<str>,
    pattern: Pattern,
    pace: Pace,
    function: Arc<str>,
}

/// A line on its way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matched {
    pub(crate) filter: Arc<str>,
    pub(crate) function: Arc<str>,
    pub(crate) group: Arc<str>,
    pub(crate) stream: Arc<str>,
    pub(crate) id: u64,
    pub(crate) timestamp_ms: i64,
    pub(crate) message: Arc<str>,
}

/// What came of lines and filters, for `/_shopwatch/stats`.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Filters that are not applied: patterns that are not understood, destinations that are no functions.
    pub(crate) left_out: AtomicU64,
    /// Lines that were handed to a function.
    pub(crate) delivered: AtomicU64,
    /// Lines that were not: too many waited, the function refused them, or the platform was stopped.
    pub(crate) lost: AtomicU64,
}

/// How soon a filter's lines are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// Some lines of many: somebody wants to know of them.
    Soon,
    /// Every line: many go together.
    Gathered,
}

/// What waits, on the way included.
#[derive(Debug, Default)]
struct Waiting {
    lines: AtomicU64,
    bytes: AtomicU64,
    /// Told when none does.
    idle: Notify,
}

impl Waiting {
    /// `false` when there is no room.
    fn add(&self, bytes: u64) -> bool {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > MOST_BYTES {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.lines.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn remove(&self, lines: u64, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if self.lines.fetch_sub(lines, Ordering::Relaxed) == lines {
            self.idle.notify_waiters();
        }
    }

    async fn until_idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.lines.load(Ordering::Relaxed) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// The filters of all groups, and the lines that wait. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Subscriptions {
    by_group: Arc<RwLock<BTreeMap<String, Vec<Filter>>>>,
    /// Lines of groups that have no filter yet.
    early: Arc<Mutex<Early>>,
    /// Groups that are deployed, with lines or without.
    groups: Arc<RwLock<BTreeSet<String>>>,
    waiting: BTreeMap<Pace, Sender<Matched>>,
    load: Arc<Waiting>,
    taken: Arc<Mutex<BTreeMap<Pace, Receiver<Matched>>>>,
    /// Nobody gathers any more: what waits goes at once.
    hurry: watch::Sender<bool>,
    next: Arc<AtomicU64>,
    pub(crate) counted: Arc<Counted>,
}

impl Subscriptions {
    pub(crate) fn new() -> Self {
        let mut waiting = BTreeMap::new();
        let mut taken = BTreeMap::new();
        for pace in [Pace::Soon, Pace::Gathered] {
            let (sender, receiver) = channel(MOST_WAITING);
            waiting.insert(pace, sender);
            taken.insert(pace, receiver);
        }
        // Higher than any of an earlier run: a line has an ID of its own.
        let first = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or_default();
        Self {
            by_group: Arc::default(),
            early: Arc::default(),
            groups: Arc::default(),
            waiting,
            load: Arc::default(),
            taken: Arc::new(Mutex::new(taken)),
            hurry: watch::Sender::new(false),
            next: Arc::new(AtomicU64::new(first)),
            counted: Arc::default(),
        }
    }

    /// The lines that wait; there is one who takes them.
    pub(crate) fn take(&self, pace: Pace) -> Option<Receiver<Matched>> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&pace)
    }

    /// Lines are gathered for so long, or until somebody is in a hurry.
    pub(crate) async fn gather(&self, time: Duration) {
        let mut hurry = self.hurry.subscribe();
        drop(tokio::time::timeout(time, hurry.wait_for(|hurry| *hurry)).await);
    }

    /// Hands on what waits, for so long at most. Lines are not gathered from now on.
    pub(crate) async fn flush(&self, limit: Duration) {
        self.hurry.send_replace(true);
        drop(tokio::time::timeout(limit, self.load.until_idle()).await);
    }

    /// Takes the names of all groups.
    pub(crate) fn set_groups(&self, groups: BTreeSet<String>) {
        *self.groups.write().unwrap_or_else(PoisonError::into_inner) = groups;
    }

    /// Is there such a group?
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.groups
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(name)
    }

    /// Takes the answers of `DescribeSubscriptionFilters` for all groups, and applies them to lines that came before.
    pub(crate) fn replace<'a>(&self, described: impl Iterator<Item = &'a Value>) {
        let mut by_group: BTreeMap<String, Vec<Filter>> = BTreeMap::new();
        let mut left_out = 0;
        for described in described {
            let group = described["logGroupName"].as_str().unwrap_or_default();
            match read(described) {
                Some(filter) => by_group.entry(group.to_owned()).or_default().push(filter),
                None => left_out += 1,
            }
        }
        self.counted.left_out.store(left_out, Ordering::Relaxed);
        let has_filter = |group: &str| by_group.contains_key(group);
        let waited = self.early().looked(has_filter);
        *self.by_group.write().unwrap_or_else(PoisonError::into_inner) = by_group;
        waited.iter().for_each(|event| self.apply(event));
    }

    fn early(&self) -> MutexGuard<'_, Early> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a line for every filter of its group that it matches.
    pub(crate) fn apply(&self, event: &LogEvent) {
        let by_group = self.by_group.read().unwrap_or_else(PoisonError::into_inner);
        let Some(filters) = by_group.get(&event.log_group) else {
            if !self.early().keep(event) {
                self.counted.lost.fetch_add(1, Ordering::Relaxed);
            }
            return;
        };
        for filter in filters
            .iter()
            .filter(|filter| filter.pattern.matches(&event.message))
        {
            let matched = Matched {
                filter: Arc::clone(&filter.name),
                function: Arc::clone(&filter.function),
                group: event.log_group.as_str().into(),
                stream: event.log_stream.as_str().into(),
                id: self.next.fetch_add(1, Ordering::Relaxed),
                timestamp_ms: event.timestamp_ms,
                message: event.message.as_str().into(),
            };
            let bytes = matched.message.len() as u64;
            let is_kept = self.load.add(bytes) && {
                let sender = self.waiting.get(&filter.pace);
                let is_sent = sender.is_some_and(|sender| sender.try_send(matched).is_ok());
                if !is_sent {
                    self.load.remove(1, bytes);
                }
                is_sent
            };
            if !is_kept {
                self.counted.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Lines are delivered, or lost: they wait no longer.
    pub(crate) fn over(&self, lines: &[Matched], is_delivered: bool) {
        let bytes = lines.iter().map(|line| line.message.len() as u64).sum();
        self.load.remove(lines.len() as u64, bytes);
        let of = if is_delivered {
            &self.counted.delivered
        } else {
            &self.counted.lost
        };
        of.fetch_add(lines.len() as u64, Ordering::Relaxed);
    }

    /// Nobody delivers any more: what waits is lost.
    pub(crate) fn stop(&self) {
        let lost = self.load.lines.swap(0, Ordering::Relaxed);
        self.load.bytes.store(0, Ordering::Relaxed);
        self.counted.lost.fetch_add(lost, Ordering::Relaxed);
    }
}

fn read(described: &Value) -> Option<Filter> {
    let (_, function) = described["destinationArn"].as_str()?.split_once(":function:")?;
    let pattern = described["filterPattern"].as_str().unwrap_or_default();
    Some(Filter {
        name: described["filterName"].as_str().unwrap_or_default().into(),
        pattern: Pattern::parse(pattern).ok()?,
        pace: if pattern.is_empty() {
            Pace::Gathered
        } else {
            Pace::Soon
        },
        function: function.split(':').next()?.into(),
    })
}

/// What CloudWatch Logs packs: lines of one filter and stream.
pub(crate) fn envelope(account: &str, lines: &[Matched]) -> Value {
    let first = lines.first();
    let text = |of: fn(&Matched) -> &Arc<str>| first.map(|line| of(line).to_string()).unwrap_or_default();
    let events: Vec<Value> = lines
        .iter()
        .map(|line| json!({"id": format!("{:056}", line.id), "timestamp": line.timestamp_ms, "message": &*line.message}))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": text(|line| &line.group),
        "logStream": text(|line| &line.stream),
        "subscriptionFilters": [text(|line| &line.filter)],
        "logEvents": events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::line;

    fn described(group: &str, pattern: &str, destination: &str) -> Value {
        json!({"logGroupName": group, "filterName": "f", "filterPattern": pattern, "destinationArn": destination})
    }

    #[test]
    fn what_waits_is_bounded_and_nothing_vanishes_uncounted() {
        let subscriptions = Subscriptions::new();
        let mut waiting = subscriptions.take(Pace::Gathered).unwrap();
        let function = "arn:aws:lambda:us-east-1:000000000000:function:report";
        subscriptions.replace([described("/shop", "", function)].iter());
        let megabytes = "x".repeat(64 * 1_024 * 1_024);
        for _ in 0..5 {
            subscriptions.apply(&line("/shop", &megabytes));
        }
        let lost = || subscriptions.counted.lost.load(Ordering::Relaxed);
        assert_eq!(lost(), 1, "five times 64 MB are more than wait");
        let taken = [waiting.try_recv().unwrap(), waiting.try_recv().unwrap()];
        subscriptions.over(&taken[..1], true);
        // There is room again.
        subscriptions.apply(&line("/shop", "short"));
        assert_eq!(lost(), 1);
        // One is on its way and three wait when it is stopped.
        subscriptions.stop();
        assert_eq!(
            (lost(), subscriptions.counted.delivered.load(Ordering::Relaxed)),
            (5, 1)
        );
    }

    #[tokio::test]
    async fn nothing_is_gathered_any_more_when_somebody_is_in_a_hurry() {
        let subscriptions = Subscriptions::new();
        let mut waiting = subscriptions.take(Pace::Gathered).unwrap();
        let function = "arn:aws:lambda:us-east-1:000000000000:function:archive";
        subscriptions.replace([described("/shop", "", function)].iter());
        subscriptions.apply(&line("/shop", "last words"));
        let deliver = async {
            subscriptions.gather(Duration::from_secs(3_600)).await;
            let taken = waiting.recv().await.unwrap();
            subscriptions.over(&[taken], true);
        };
        tokio::join!(deliver, subscriptions.flush(Duration::from_secs(3_600)));
        assert_eq!(subscriptions.counted.delivered.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_line_that_comes_before_the_look_at_the_filters_is_delivered() {
        let subscriptions = Subscriptions::new();
        let mut waiting = subscriptions.take(Pace::Gathered).unwrap();
        let function = "arn:aws:lambda:us-east-1:000000000000:function:archive";
        subscriptions.apply(&line("/shop", "first"));
        // This look began before the group was there.
        subscriptions.replace([].iter());
        subscriptions.apply(&line("/shop", "second"));
        subscriptions.replace([described("/shop", "", function)].iter());
        subscriptions.apply(&line("/shop", "third"));
        let found = std::iter::from_fn(|| waiting.try_recv().ok());
        let told: Vec<String> = found.map(|one| one.message.to_string()).collect();
        assert_eq!(told, ["first", "second", "third"]);
    }

    #[test]
    fn lines_that_match_wait_for_their_function() {
        let subscriptions = Subscriptions::new();
        let mut waiting = subscriptions.take(Pace::Soon).unwrap();
        assert!(subscriptions.take(Pace::Soon).is_none());
        let function = "arn:aws:lambda:us-east-1:000000000000:function:report";
        let answers = [
            described(
                "/shop",
                "{ $.level = \"ERROR\" || $.record.status = \"timeout\" }",
                function,
            ),
            described(
                "/other",
                "",
                "arn:aws:firehose:us-east-1:000000000000:deliverystream/d",
            ),
            described("/other", "{ broken }", function),
        ];
        subscriptions.replace(answers.iter());
        assert_eq!(subscriptions.counted.left_out.load(Ordering::Relaxed), 2);
        let lines = [
            ("/shop", r#"{"level":"ERROR"}"#),
            ("/shop", r#"{"level":"INFO"}"#),
            ("/other", r#"{"level":"ERROR"}"#),
            (
                "/shop",
                r#"{"type":"platform.report","record":{"status":"timeout"}}"#,
            ),
        ];
        for (group, message) in lines {
            subscriptions.apply(&line(group, message));
        }
        let found: Vec<Matched> = std::iter::from_fn(|| waiting.try_recv().ok()).collect();
        let told: Vec<&str> = found.iter().map(|one| &*one.message).collect();
        assert_eq!(told, [lines[0].1, lines[3].1]);
        assert!(
            found
                .iter()
                .all(|one| &*one.function == "report" && &*one.group == "/shop")
        );
        let envelope = envelope("1", &found);
        assert_eq!(
            (&envelope["logGroup"], &envelope["logStream"]),
            (&json!("/shop"), &json!("s"))
        );
        let ids: Vec<&str> = envelope["logEvents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap())
            .collect();
        assert!(ids[0].len() == 56 && ids[0] < ids[1], "{ids:?}");
    }
}
