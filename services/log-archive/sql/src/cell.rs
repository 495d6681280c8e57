//! Values of an answer, without the library that made them.

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text, and everything else as text: times are RFC 3339.
    Text(String),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// The values of a column.
pub(crate) fn cells(column: &ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    let rows = 0..column.len();
    let or_null = |row: usize, cell: Cell| if column.is_null(row) { Cell::Null } else { cell };
    match column.data_type() {
        DataType::Boolean => {
            let values = column.as_boolean();
            Ok(rows
                .map(|row| or_null(row, Cell::Bool(values.value(row))))
                .collect())
        }
        // A sum of counts is unsigned; none of an archive is beyond the signed ones.
        kind if kind.is_integer() => {
            let values = cast(column, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            Ok(rows
                .map(|row| or_null(row, Cell::Int(values.value(row))))
                .collect())
        }
        kind if kind.is_floating() => {
            let values = cast(column, &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            Ok(rows
                .map(|row| or_null(row, Cell::Float(values.value(row))))
                .collect())
        }
        _ => texts(column),
    }
}

fn texts(column: &ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.3fZ"))
        .with_display_error(false);
    let shown = ArrayFormatter::try_new(column.as_ref(), &options)?;
    let cell = |row: usize| {
        if column.is_null(row) {
            return Ok(Cell::Null);
        }
        shown.value(row).try_to_string().map(Cell::Text)
    };
    (0..column.len()).map(cell).collect()
}
