//! The recorder behind the `metrics` facade: it puts every value into the invocation that runs. Outside of one (init, a
//! task that outlives its invocation) values wait for the next invocation to end.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

use super::buffer::{Added, Buffer, What};
use super::handle::tell_folded;
use super::identity::Identity;
use crate::drops::DropReason;
use crate::invocation::{Invocation, with_invocation};

/// The recorder. Install it once per process.
#[derive(Debug, Default, Clone)]
pub struct Recorder {
    waiting: Arc<Mutex<Waiting>>,
    /// The handles of keys that were registered: the facade's macros register theirs again for every value.
    known: Arc<Mutex<Known>>,
}

type Known = HashMap<Key, Arc<Series>, BuildHasherDefault<OwnHash>>;

/// What was counted outside of invocations.
#[derive(Debug, Default)]
struct Waiting {
    values: Vec<Value>,
    /// Values for which there was no room.
    dropped: u64,
}

/// At most this many values wait.
const MOST_WAITING: usize = 1000;
/// At most this many keys are known; others have a handle of their own for every value.
const MOST_KNOWN: usize = 500;

#[derive(Debug, Clone)]
struct Value {
    series: Arc<Identity>,
    what: What,
}

impl Recorder {
    /// Puts what was counted outside of invocations into this one.
    pub fn adopt_waiting(&self, invocation: &Invocation) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.values.is_empty() && waiting.dropped == 0 {
            return;
        }
        invocation.with_metrics(|buffer| {
            if waiting.dropped > 0 {
                buffer.count_dropped(DropReason::MetricBuffer, waiting.dropped);
            }
            for value in &waiting.values {
                put_into(invocation, buffer, &value.series, value.what);
            }
        });
    }

    fn series(&self, key: &Key) -> Arc<Series> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(key) {
            return Arc::clone(series);
        }
        let series = Arc::new(Series {
            identity: Arc::new(Identity::of(key)),
            waiting: Arc::clone(&self.waiting),
        });
        if known.len() < MOST_KNOWN {
            known.insert(key.clone(), Arc::clone(&series));
        }
        series
    }
}

fn put_into(invocation: &Invocation, buffer: &mut Buffer, series: &Arc<Identity>, what: What) -> Added {
    let (settings, cardinality) = (invocation.process.settings(), invocation.process.cardinality());
    buffer.put_known(settings, series, what, cardinality)
}

/// A key brings its hash.
#[derive(Debug, Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // No key does; should one, then hashes are poor and still right.
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
}

impl metrics::Recorder for Recorder {
    // Units and descriptions come from declarations.
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

/// One series, as a handle of the facade.
#[derive(Debug)]
struct Series {
    identity: Arc<Identity>,
    waiting: Arc<Mutex<Waiting>>,
}

impl Series {
    fn put(&self, what: What) {
        let added = with_invocation(|invocation| {
            invocation.with_metrics(|buffer| put_into(invocation, buffer, &self.identity, what))
        });
        match added.flatten() {
            Some(Added::As) => {}
            Some(Added::FoldedFirst) => tell_folded(&self.identity.name),
            // No invocation, or one that ended.
            None => self.wait(what),
        }
    }

    fn wait(&self, what: What) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.values.len() < MOST_WAITING {
            let series = Arc::clone(&self.identity);
            waiting.values.push(Value { series, what });
        } else {
            waiting.dropped += 1;
        }
    }
}

impl CounterFn for Series {
    #[expect(clippy::cast_precision_loss, reason = "CloudWatch's numbers are doubles")]
    fn increment(&self, value: u64) {
        self.put(What::Add(value as f64));
    }

    /// CloudWatch has no absolute counters: an invocation's share is what it adds.
    fn absolute(&self, value: u64) {
        CounterFn::increment(self, value);
    }
}

impl GaugeFn for Series {
    fn increment(&self, value: f64) {
        self.put(What::Add(value));
    }

    fn decrement(&self, value: f64) {
        self.put(What::Add(-value));
    }

    fn set(&self, value: f64) {
        self.put(What::Set(value));
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.put(What::Record(value));
    }
}

#[cfg(test)]
mod tests {
    use metrics::{counter, gauge, histogram};

    use super::*;
    use crate::log::tests::process;
    use crate::{CorrelationContext, Scope, within};

    /// What one invocation counted.
    fn counted(recorder: &Recorder, work: impl FnOnce()) -> serde_json::Value {
        let invocation = Arc::new(Invocation::new(process(), "r-1".into(), false, None));
        let scope = Scope::new(
            Arc::clone(&invocation),
            CorrelationContext::begin(),
            tracing::Span::none(),
        );
        metrics::with_local_recorder(recorder, || within(Arc::new(scope), work));
        let lines = invocation.take_metrics("c-1", 0);
        assert_eq!(lines.len(), 1);
        serde_json::from_str(&lines[0]).unwrap()
    }

    #[test]
    fn a_known_key_counts_in_the_invocation_that_runs() {
        let recorder = Recorder::default();
        for _ in 0..2 {
            let document = counted(&recorder, || {
                for n in [1, 2] {
                    counter!("Views", "Operation" => "list").increment(n);
                    counter!("Views", "Operation" => "list", "Service" => "s").increment(n);
                    histogram!("Took").record(f64::from(u32::try_from(n).unwrap()));
                    gauge!("Open").set(3.0);
                    gauge!("Open").decrement(1.0);
                }
            });
            assert_eq!(document["Views"], 6);
            assert_eq!(document["Took"], serde_json::json!([1, 2]));
            assert_eq!(document["Open"], 2);
        }
        assert_eq!(recorder.known.lock().unwrap().len(), 4);
    }

    #[test]
    fn a_handle_that_is_kept_counts_in_every_invocation_and_so_do_keys_that_are_not_known() {
        let recorder = Recorder::default();
        let kept = metrics::with_local_recorder(&recorder, || counter!("Kept"));
        metrics::with_local_recorder(&recorder, || {
            (0..MOST_KNOWN).for_each(|n| drop(counter!("Many", "Id" => n.to_string())));
        });
        for _ in 0..2 {
            let document = counted(&recorder, || {
                for _ in 0..2 {
                    kept.increment(1);
                    counter!("Unknown").increment(1);
                }
            });
            assert_eq!((&document["Kept"], &document["Unknown"]), (&2.into(), &2.into()));
        }
        assert_eq!(recorder.known.lock().unwrap().len(), MOST_KNOWN);
    }

    #[test]
    fn what_is_counted_outside_waits_and_is_bounded() {
        let recorder = Recorder::default();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..MOST_WAITING + 5 {
                crate::count_dropped(DropReason::LogLineSize, 1);
            }
        });
        let invocation = Invocation::new(process(), "r-1".into(), false, None);
        recorder.adopt_waiting(&invocation);
        assert_eq!(invocation.dropped(), [(DropReason::MetricBuffer, 5)]);
        let lines = invocation.take_metrics("c-1", 0).concat();
        assert!(
            lines.contains("\"TelemetryDropped\":1000") && lines.contains("\"TelemetryDropped\":5"),
            "{lines}"
        );
    }
}
