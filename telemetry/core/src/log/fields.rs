//! The fields of an event, as they are visited: into a line.

use std::error::Error;
use std::fmt::Debug;
use std::rc::Rc;

use tracing::Metadata;
use tracing::field::{Field, Visit};

use super::line::Line;
use super::names::{self, Name};
use crate::error::chain;

pub(super) struct IntoLine<'a, 'b> {
    line: &'a mut Line<'b>,
    names: Rc<[Name]>,
}

impl<'a, 'b> IntoLine<'a, 'b> {
    /// For the fields of an event with these metadata.
    pub(super) fn new(line: &'a mut Line<'b>, metadata: &'static Metadata<'static>) -> Self {
        Self {
            line,
            names: names::of(metadata),
        }
    }

    /// What the field writes with, and its name.
    fn at(&mut self, field: &Field) -> Option<(&mut Line<'b>, &Name)> {
        Some((&mut *self.line, self.names.get(field.index())?))
    }
}

impl Visit for IntoLine<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if let Some((line, name)) = self.at(field) {
            line.debug(name, value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some((line, name)) = self.at(field) {
            line.text(name, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if let Some((line, name)) = self.at(field) {
            line.signed(name, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if let Some((line, name)) = self.at(field) {
            line.unsigned(name, value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if let Some((line, name)) = self.at(field) {
            line.float(name, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if let Some((line, name)) = self.at(field) {
            line.bool(name, value);
        }
    }

    fn record_error(&mut self, _field: &Field, value: &(dyn Error + 'static)) {
        self.line.error(chain(value));
    }
}
