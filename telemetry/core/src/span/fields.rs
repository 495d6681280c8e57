//! Fields of `tracing`'s spans as attributes.

use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::place::Place;
use super::store::SpanStore;
use super::value::Value;

/// Sets what it visits. A value that writes itself may open spans of its own: no lock is held while it does.
pub(super) struct IntoSpan<'a> {
    pub(super) store: &'a SpanStore,
    pub(super) id: u64,
}

impl IntoSpan<'_> {
    fn set(&self, field: &Field, value: &Value<'_>) {
        let (place, key) = Place::of(field.name());
        self.store.set(self.id, place, key, value);
    }
}

impl Visit for IntoSpan<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, &value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, &value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, &value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, &value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, &value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, &format!("{value:?}").into());
    }
}
