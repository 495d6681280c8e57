//! A line as bytes, for sorting in memory and spilling to disk. Not a format that is kept: a spill lives as long as its run.

use std::cmp::Ordering;

use crate::{Hour, Line};

mod prefix;
mod sources;
mod view;

pub use prefix::Prefix;
pub use sources::Sources;
use view::View;

/// Appends a line of that hour and of that input.
pub fn encode(hour: Hour, input: u32, line: &Line<'_>, sources: &mut Sources, out: &mut Vec<u8>) {
    let source = sources.number(line.source);
    view::write(hour, input, line, source, out);
}

/// Reads what [`encode`] wrote with these sources; `None` if it is something else.
#[must_use]
pub fn decode<'r>(record: &'r [u8], sources: &'r Sources) -> Option<(Hour, u32, Line<'r>)> {
    let view = View::of(record)?;
    let line = view.line(sources)?;
    Some((Hour::of_number(view.hour()), view.input(), line))
}

/// The order of two records with these sources: by hour, then as [`Line::order`] has it. Reads only what it compares.
#[must_use]
pub fn order(one: &[u8], other: &[u8], sources: &Sources) -> Ordering {
    let (Some(one), Some(other)) = (View::of(one), View::of(other)) else {
        return one.cmp(other);
    };
    let without = |record: View<'_>| record.correlation_id().is_none();
    one.hour()
        .cmp(&other.hour())
        .then_with(|| without(one).cmp(&without(other)))
        .then_with(|| one.correlation_id().cmp(&other.correlation_id()))
        .then_with(|| one.at().cmp(&other.at()))
        .then_with(|| one.source(sources).cmp(&other.source(sources)))
        .then_with(|| one.event_id().cmp(other.event_id()))
        .then_with(|| one.message().cmp(other.message()))
}

#[cfg(test)]
mod tests;
