//! Lines out of the bytes of a part that [`PartIndex`] says are needed.

use std::ops::Range;
use std::sync::Arc;

use log_archive_domain::{EventId, OwnedLine};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::serialized_reader::SerializedPageReader;

use crate::part_index::{PartError, PartIndex, Rows};
use crate::sparse::Sparse;
use crate::{columns, sums, template};

/// Columns with IDs that a line is found by.
const IDS: [usize; 4] = [
    columns::CORRELATION_ID,
    columns::REQUEST_ID,
    columns::TRACE_ID,
    columns::ORDER_ID,
];

impl PartIndex {
    /// Those of these rows that stand between the first and the last one with this ID, both included; `None` if no row has it. A text for
    /// every column of every row would take most of a lookup's time, so the columns with IDs are looked at first, without a copy.
    /// `file` has [`PartIndex::keys_range`].
    ///
    /// # Errors
    /// The bytes are not there, or altered.
    pub fn rows_with_id(
        &self,
        among: &Rows,
        file: &Sparse,
        sums: &[String],
        id: &str,
    ) -> Result<Option<Rows>, PartError> {
        let row_group = among.row_group;
        let expected = sums::expected(sums, row_group, 0);
        check(file, &self.keys_range(row_group)?, expected, row_group)?;
        let (mut first, mut last) = (None, None);
        for column in IDS {
            let mut texts = self.texts(among, column, file)?;
            for row in among.rows.clone() {
                if texts.next_value().is_some_and(|own| own.data() == id.as_bytes()) {
                    first = Some(first.map_or(row, |first: usize| first.min(row)));
                    last = last.max(Some(row));
                }
            }
        }
        Ok(first.zip(last).map(|(first, last)| {
            let rows = first..last + 1;
            Rows { row_group, rows }
        }))
    }

    /// Lines of these rows, without their messages. `file` has [`PartIndex::keys_range`].
    ///
    /// # Errors
    /// The bytes are not there, or altered.
    pub fn keys(&self, wanted: &Rows, file: &Sparse, sums: &[String]) -> Result<Vec<OwnedLine>, PartError> {
        let row_group = wanted.row_group;
        let expected = sums::expected(sums, row_group, 0);
        check(file, &self.keys_range(row_group)?, expected, row_group)?;
        let texts = |column| self.texts(wanted, column, file);
        let mut at = self.values::<Int64Type>(wanted, columns::AT, file)?.0.into_iter();
        let mut correlation_id = texts(columns::CORRELATION_ID)?;
        let mut log_group = texts(columns::LOG_GROUP)?;
        let mut log_stream = texts(columns::LOG_STREAM)?;
        let mut level = texts(columns::LEVEL)?;
        let mut request_id = texts(columns::REQUEST_ID)?;
        let mut trace_id = texts(columns::TRACE_ID)?;
        let mut order_id = texts(columns::ORDER_ID)?;
        let mut account = texts(columns::ACCOUNT)?;
        let mut event_id = self.event_ids(wanted, file)?;
        let required = |texts: &mut Texts| texts.next_text().unwrap_or_default();
        let lines = wanted.rows.clone().map(|_| {
            let at = at.next().unwrap_or_default();
            OwnedLine {
                at,
                event_id: event_id.next(at),
                account: required(&mut account),
                log_group: required(&mut log_group),
                log_stream: required(&mut log_stream),
                correlation_id: correlation_id.next_text(),
                request_id: request_id.next_text(),
                trace_id: trace_id.next_text(),
                order_id: order_id.next_text(),
                level: level.next_text(),
                message: String::new(),
            }
        });
        Ok(lines.collect())
    }

    /// Gives the lines of these rows, as [`PartIndex::keys`] has them, their messages. `file` has [`PartIndex::messages_range`].
    ///
    /// # Errors
    /// The bytes are not there, or altered.
    pub fn messages(
        &self,
        wanted: &Rows,
        file: &Sparse,
        sums: &[String],
        lines: &mut [OwnedLine],
    ) -> Result<(), PartError> {
        let row_group = wanted.row_group;
        let ranges = self.message_page_ranges(row_group)?;
        for page in self.message_pages(wanted)? {
            let range = ranges.get(page).cloned().unwrap_or_default();
            let expected = sums::expected(sums, row_group, 1 + page);
            check(file, &range, expected, row_group)?;
        }
        let mut templates = self.texts(wanted, columns::TEMPLATE, file)?;
        for line in lines {
            let template = templates.next_value().unwrap_or_default();
            let message = template::read(template.data(), &line.as_line());
            line.message = message.ok_or(PartError::Template { row_group })?;
        }
        Ok(())
    }

    fn event_ids(&self, wanted: &Rows, file: &Sparse) -> Result<EventIds, PartError> {
        let numbers = self.values::<Int32Type>(wanted, columns::EVENT_NUMBER, file)?.0;
        Ok(EventIds {
            batches: self.texts(wanted, columns::EVENT_BATCH, file)?,
            numbers: numbers.into_iter(),
            texts: self.texts(wanted, columns::EVENT_ID, file)?,
        })
    }

    fn texts(&self, wanted: &Rows, column: usize, file: &Sparse) -> Result<Texts, PartError> {
        let (values, levels) = self.values::<ByteArrayType>(wanted, column, file)?;
        let schema = self.metadata.file_metadata().schema_descr();
        let is_optional = schema.column(column).max_def_level() > 0;
        Ok(Texts {
            values: values.into_iter(),
            levels: is_optional.then(|| levels.into_iter()),
        })
    }

    fn values<T: DataType>(
        &self,
        wanted: &Rows,
        column: usize,
        file: &Sparse,
    ) -> Result<(Vec<T::T>, Vec<i16>), PartError> {
        let row_group = wanted.row_group;
        let all = self.all_rows(row_group)?.rows.len();
        let chunk = self.metadata.row_group(row_group).column(column);
        let locations = self.locations(row_group, column)?;
        let pages = SerializedPageReader::new(Arc::new(file.clone()), chunk, all, Some(locations))?;
        let mut reader = ColumnReaderImpl::<T>::new(chunk.column_descr_ptr(), Box::new(pages));
        reader.skip_records(wanted.rows.start)?;
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, ..) = reader.read_records(wanted.rows.len(), Some(&mut levels), None, &mut values)?;
        if read != wanted.rows.len() {
            return Err(PartError::Short { row_group, column });
        }
        Ok((values, levels))
    }
}

fn check(
    file: &Sparse,
    range: &Range<u64>,
    expected: Option<u32>,
    row_group: usize,
) -> Result<(), PartError> {
    let found = file.get(range).map(|bytes| sums::sum(&bytes));
    if found.is_some() && found == expected {
        return Ok(());
    }
    let bytes = range.clone();
    Err(PartError::Altered { row_group, bytes })
}

/// Event IDs from their parts, or as they were written.
struct EventIds {
    batches: Texts,
    numbers: std::vec::IntoIter<i32>,
    texts: Texts,
}

impl EventIds {
    /// That of the next line, which is of this time.
    fn next(&mut self, at: i64) -> String {
        let number = self.numbers.next().unwrap_or_default();
        let text = self.texts.next_text();
        let Some(batch) = self.batches.next_value() else {
            return text.unwrap_or_default();
        };
        let parts = EventId {
            time: at.unsigned_abs(),
            batch: batch.data().try_into().map_or(0, u128::from_be_bytes),
            number: number as u16,
        };
        parts.text()
    }
}

/// Texts of a column with those that are missing.
struct Texts {
    values: std::vec::IntoIter<ByteArray>,
    levels: Option<std::vec::IntoIter<i16>>,
}

impl Texts {
    fn next_value(&mut self) -> Option<ByteArray> {
        if let Some(levels) = &mut self.levels
            && levels.next()? == 0
        {
            return None;
        }
        self.values.next()
    }

    fn next_text(&mut self) -> Option<String> {
        let value = self.next_value()?;
        Some(String::from_utf8_lossy(value.data()).into_owned())
    }
}
