//! The recorder behind the `metrics` facade: it puts every value into the invocation that runs. Outside of one (init, a
//! task that outlives its invocation) values wait for the next invocation to end.

use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit,
};

use super::buffer::{Added, Buffer, Dimension, What};
use super::handle::tell_folded;
use crate::drops::DropReason;
use crate::invocation::{Invocation, with_invocation};

/// The recorder. Install it once per process.
#[derive(Debug, Default, Clone)]
pub struct Recorder {
    waiting: Arc<Mutex<Waiting>>,
}

/// What was counted outside of invocations.
#[derive(Debug, Default)]
struct Waiting {
    values: Vec<Value>,
    /// Values for which there was no room.
    dropped: u64,
}

/// At most this many values wait.
const MOST_WAITING: usize = 1000;

#[derive(Debug, Clone)]
struct Value {
    name: String,
    dimensions: Vec<Dimension>,
    what: What,
}

impl Recorder {
    /// Puts what was counted outside of invocations into this one.
    pub fn adopt_waiting(&self, invocation: &Invocation) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        invocation.with_metrics(|buffer| {
            if waiting.dropped > 0 {
                buffer.count_dropped(DropReason::MetricBuffer, waiting.dropped);
            }
            for value in waiting.values {
                value.put_into(invocation, buffer);
            }
        });
    }

    fn put(&self, value: Value) {
        let mut value = Some(value);
        let name = value.as_ref().map(|value| value.name.clone());
        let added = with_invocation(|invocation| {
            invocation.with_metrics(|buffer| value.take().map(|value| value.put_into(invocation, buffer)))
        });
        if let (Some(name), Some(Some(Some(Added::FoldedFirst)))) = (name, added) {
            tell_folded(&name);
        }
        // No invocation, or one that ended.
        if let Some(value) = value {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.values.len() < MOST_WAITING {
                waiting.values.push(value);
            } else {
                waiting.dropped += 1;
            }
        }
    }

    fn series(&self, key: &Key) -> Arc<Series> {
        let dimensions = key
            .labels()
            .map(|label| (label.key().to_owned().into(), label.value().to_owned()))
            .collect();
        Arc::new(Series {
            recorder: self.clone(),
            name: key.name().to_owned(),
            dimensions,
        })
    }
}

impl Value {
    fn put_into(self, invocation: &Invocation, buffer: &mut Buffer) -> Added {
        let (settings, cardinality) = (invocation.process.settings(), invocation.process.cardinality());
        buffer.put_named(settings, &self.name, self.dimensions, self.what, cardinality)
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
struct Series {
    recorder: Recorder,
    name: String,
    dimensions: Vec<Dimension>,
}

impl Series {
    fn put(&self, what: What) {
        self.recorder.put(Value {
            name: self.name.clone(),
            dimensions: self.dimensions.clone(),
            what,
        });
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
    use super::*;
    use crate::log::tests::process;

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
