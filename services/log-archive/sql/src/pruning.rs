//! What a query need not read: hours by listing alone, parts by what manifests say of times and correlation IDs.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray, TimestampMillisecondArray};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::physical_optimizer::pruning::PruningPredicate;
use log_archive_domain::Hour;
use log_archive_store::Part;

/// Something that has least and greatest values.
pub(crate) trait Bounded {
    /// Of a column, for each of them; `None` if nothing is known.
    fn bounds(all: &[Self], column: &str, is_least: bool) -> Option<ArrayRef>
    where
        Self: Sized;
}

/// An hour and its newest generation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    pub(crate) hour: Hour,
    pub(crate) generation: u32,
}

/// A part, with what its manifest says of its lines.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) hour: Hour,
    pub(crate) part: Part,
    /// Times of the first and the last line of the hour.
    pub(crate) times: (i64, i64),
}

impl Bounded for Listed {
    fn bounds(all: &[Self], column: &str, _: bool) -> Option<ArrayRef> {
        of_hours(all.iter().map(|listed| listed.hour), column)
    }
}

impl Bounded for Placed {
    fn bounds(all: &[Self], column: &str, is_least: bool) -> Option<ArrayRef> {
        let time = |part: &Self| if is_least { part.times.0 } else { part.times.1 };
        let id = |part: &Self| {
            let Part {
                first_id, last_id, ..
            } = &part.part;
            if is_least {
                first_id.clone()
            } else {
                last_id.clone()
            }
        };
        match column {
            "at" => Some(Arc::new(TimestampMillisecondArray::from_iter_values(
                all.iter().map(time),
            ))),
            "correlation_id" => Some(Arc::new(all.iter().map(id).collect::<StringArray>())),
            other => of_hours(all.iter().map(|part| part.hour), other),
        }
    }
}

/// The partitions of hours: their least and greatest values are the same.
fn of_hours(hours: impl Iterator<Item = Hour>, column: &str) -> Option<ArrayRef> {
    match column {
        "dt" => Some(Arc::new(StringArray::from_iter_values(
            hours.map(|hour| hour.day().to_string()),
        ))),
        "hour" => Some(Arc::new(Int32Array::from_iter_values(
            hours.map(|hour| i32::try_from(hour.of_day()).unwrap_or_default()),
        ))),
        _ => None,
    }
}

/// Those that may have rows of which the predicate is true.
pub(crate) fn kept<T: Bounded>(predicate: Option<&PruningPredicate>, all: Vec<T>) -> Result<Vec<T>> {
    let Some(predicate) = predicate else {
        return Ok(all);
    };
    let is_kept = predicate.prune(&Ruled(&all))?;
    let kept = all.into_iter().zip(is_kept).filter(|(_, kept)| *kept);
    Ok(kept.map(|(one, _)| one).collect())
}

struct Ruled<'a, T>(&'a [T]);

impl<T: Bounded> PruningStatistics for Ruled<'_, T> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        T::bounds(self.0, &column.name, true)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        T::bounds(self.0, &column.name, false)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
