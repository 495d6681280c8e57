//! Columns out of lines.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, Int32Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use log_archive_domain::{EventId, Hour, OwnedLine};
use log_archive_store::{glue, template_of};

/// Which of the two a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The columns of the files.
    Lines,
    /// What a person asks for, with whole messages.
    Messages,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Lines, Self::Messages];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lines => glue::TABLE,
            Self::Messages => glue::VIEW,
        }
    }

    /// Names and types as Athena has them.
    fn columns(self) -> Vec<(&'static str, &'static str)> {
        let mut columns = match self {
            Self::Lines => glue::COLUMNS.to_vec(),
            Self::Messages => {
                let shown = glue::message_columns();
                let is_shown = |column: &&(&str, &str)| shown.contains(&column.0);
                let mut columns: Vec<_> = glue::COLUMNS.iter().filter(is_shown).copied().collect();
                columns.push(("message", "string"));
                columns
            }
        };
        columns.extend(glue::PARTITIONS);
        columns
    }

    pub(crate) fn schema(self) -> SchemaRef {
        let field = |(name, kind): (&str, &str)| Field::new(name, data_type(kind), true);
        Arc::new(Schema::new(
            self.columns().into_iter().map(field).collect::<Vec<_>>(),
        ))
    }
}

/// Athena's times have no zone: they are UTC.
fn data_type(glue_type: &str) -> DataType {
    match glue_type {
        "timestamp" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "binary" => DataType::Binary,
        "int" => DataType::Int32,
        _ => DataType::Utf8,
    }
}

/// Does a query that needs these columns need messages?
pub(crate) fn needs_messages(schema: &Schema) -> bool {
    let mut fields = schema.fields().iter();
    fields.any(|field| matches!(field.name().as_str(), "message" | "template"))
}

/// The columns of `schema` of these lines.
pub(crate) fn of_lines(
    schema: &SchemaRef,
    hour: Hour,
    lines: &[OwnedLine],
) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| column(field.name(), hour, lines);
    let columns = schema.fields().iter().map(column).collect();
    // To count lines takes no column.
    let options = RecordBatchOptions::new().with_row_count(Some(lines.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn column(name: &str, hour: Hour, lines: &[OwnedLine]) -> ArrayRef {
    let count = lines.len();
    match name {
        "at" => Arc::new(TimestampMillisecondArray::from_iter_values(
            lines.iter().map(|line| line.at),
        )),
        "event_batch" => {
            let batches = lines
                .iter()
                .map(|line| event(line).map(|id| id.batch.to_be_bytes()));
            Arc::new(batches.collect::<BinaryArray>())
        }
        "event_number" => {
            let numbers = lines
                .iter()
                .map(|line| event(line).map_or(0, |id| i32::from(id.number)));
            Arc::new(Int32Array::from_iter_values(numbers))
        }
        "hour" => {
            let own = i32::try_from(hour.of_day()).unwrap_or_default();
            Arc::new(Int32Array::from_value(own, count))
        }
        "dt" => {
            let day = hour.day().to_string();
            Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&day, count)))
        }
        "template" => {
            let templates = lines.iter().map(|line| template_of(&line.as_line()));
            Arc::new(StringArray::from_iter_values(templates))
        }
        other => Arc::new(
            lines
                .iter()
                .map(|line| text(other, line))
                .collect::<StringArray>(),
        ),
    }
}

fn text<'l>(column: &str, line: &'l OwnedLine) -> Option<&'l str> {
    match column {
        "correlation_id" => line.correlation_id.as_deref(),
        "log_group" => Some(&line.log_group),
        "log_stream" => Some(&line.log_stream),
        "level" => line.level.as_deref(),
        "request_id" => line.request_id.as_deref(),
        "trace_id" => line.trace_id.as_deref(),
        "order_id" => line.order_id.as_deref(),
        "account" => Some(&line.account),
        "event_id" => event(line).is_none().then_some(&line.event_id),
        "message" => Some(&line.message),
        _ => None,
    }
}

/// The parts of an event's ID, if the files have it in parts.
fn event(line: &OwnedLine) -> Option<EventId> {
    EventId::read(&line.event_id).filter(|id| i64::try_from(id.time) == Ok(line.at))
}
