//! The fields of an event, as they are visited: into a line.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::line::Line;
use crate::error::chain;

pub(super) struct IntoLine<'a, 'b>(pub(super) &'a mut Line<'b>);

impl Visit for IntoLine<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.debug(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.text(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.signed(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.unsigned(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.float(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.bool(field.name(), value);
    }

    fn record_error(&mut self, _field: &Field, value: &(dyn Error + 'static)) {
        self.0.error(chain(value));
    }
}
