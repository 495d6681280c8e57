//! Which parts a query needs: by day, hour, time and correlation ID, from manifests alone.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, StringArray, TimestampMillisecondArray};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use log_archive_domain::Hour;
use log_archive_store::Part;

/// A part, with what its manifest says of its lines.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) hour: Hour,
    pub(crate) part: Part,
    /// Times of the first and the last line of the hour.
    pub(crate) times: (i64, i64),
}

/// All parts, as something that can be ruled out.
pub(crate) struct Parts<'p>(pub(crate) &'p [Placed]);

impl Parts<'_> {
    fn bounds(&self, column: &Column, is_least: bool) -> Option<ArrayRef> {
        let parts = self.0.iter();
        let array: ArrayRef = match column.name.as_str() {
            "dt" => Arc::new(StringArray::from_iter_values(
                parts.map(|part| part.hour.day().to_string()),
            )),
            "hour" => {
                let hours = parts.map(|part| i32::try_from(part.hour.of_day()).unwrap_or_default());
                Arc::new(Int32Array::from_iter_values(hours))
            }
            "at" => {
                let bound = |part: &Placed| if is_least { part.times.0 } else { part.times.1 };
                Arc::new(TimestampMillisecondArray::from_iter_values(parts.map(bound)))
            }
            "correlation_id" => {
                let bound = |part: &Placed| {
                    let Part {
                        first_id, last_id, ..
                    } = &part.part;
                    if is_least {
                        first_id.clone()
                    } else {
                        last_id.clone()
                    }
                };
                Arc::new(parts.map(bound).collect::<StringArray>())
            }
            _ => return None,
        };
        Some(array)
    }
}

impl PruningStatistics for Parts<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, true)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, false)
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
