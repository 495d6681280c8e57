//! Writing a part: sorted lines in, a Parquet file out.

use bytes::Bytes;
use log_archive_domain::Line;
use log_archive_domain::filter::SplitBlock;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use crate::columns;
use crate::group::Group;
use crate::part_index::PartIndex;
use crate::{sums, template};

/// Share of unknown IDs that a fitted filter lets through: each is a row group that is read in vain, and an hour has hundreds.
const WRONG: f64 = 0.001;

/// How large things become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterLimits {
    /// Bytes of text in a row group. What one lookup reads grows with it, the footer and a full scan's overhead shrink.
    pub row_group_text: usize,
    /// zstd's level. Lines beside each other are so alike that the first level's matches are the longer ones: it is faster than the third,
    /// and what it writes is smaller.
    pub zstd_level: i32,
}

impl Default for WriterLimits {
    fn default() -> Self {
        Self {
            row_group_text: 2 * 1_024 * 1_024,
            zstd_level: 1,
        }
    }
}

/// A part, written.
#[derive(Debug, Clone)]
pub struct FinishedPart {
    /// The file.
    pub bytes: Bytes,
    /// Bytes at its end that have the page index and the footer.
    pub tail: u64,
    /// Checksum of these.
    pub tail_sum: String,
    /// Checksums of what is read alone, one text for each row group.
    pub sums: Vec<String>,
    /// For each row group a filter over all its IDs.
    pub filters: Vec<SplitBlock>,
    /// Lines in it.
    pub lines: u64,
    /// Bytes of their messages.
    pub text_bytes: u64,
    /// The least and the greatest correlation ID, if any line has one.
    pub ids: Option<(String, String)>,
    /// Time of the earliest and the latest line, in milliseconds since the epoch.
    pub times: (i64, i64),
    /// Sum of [`Line::checksum`] over all lines.
    pub checksum: u64,
}

/// Writes lines in the order of [`Line::order`] into one part.
pub struct PartWriter {
    limits: WriterLimits,
    file: SerializedFileWriter<Vec<u8>>,
    group: Group,
    templates: template::Writer,
    filters: Vec<SplitBlock>,
    lines: u64,
    text_bytes: u64,
    ids: Option<(String, String)>,
    times: (i64, i64),
    checksum: u64,
}

impl std::fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartWriter")
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl PartWriter {
    /// An empty part.
    ///
    /// # Errors
    /// The level is none of zstd's.
    pub fn new(limits: WriterLimits) -> Result<Self> {
        let properties = columns::properties(limits.zstd_level)?;
        let file = SerializedFileWriter::new(Vec::new(), columns::schema()?, properties.into())?;
        Ok(Self {
            limits,
            file,
            group: Group::default(),
            templates: template::Writer::default(),
            filters: Vec::new(),
            lines: 0,
            text_bytes: 0,
            ids: None,
            times: (i64::MAX, i64::MIN),
            checksum: 0,
        })
    }

    /// Bytes of text so far.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// Lines so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Would this line begin another story than the last one? Only there is a part cut.
    #[must_use]
    pub fn is_other_story(&self, line: &Line<'_>) -> bool {
        self.group.last_id.as_deref() != line.correlation_id || line.correlation_id.is_none()
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// Parquet refuses it.
    pub fn push(&mut self, line: &Line<'_>) -> Result<()> {
        let full = self.limits.row_group_text;
        let is_full = self.group.text >= full;
        // A story stays in one row group, unless it is as long as a row group.
        if is_full && (self.is_other_story(line) || self.group.text >= full.saturating_mul(2)) {
            self.end_group()?;
        }
        self.lines += 1;
        self.text_bytes += line.message.len() as u64;
        self.times = (self.times.0.min(line.at), self.times.1.max(line.at));
        self.checksum = self.checksum.wrapping_add(line.checksum());
        if let Some(id) = line.correlation_id {
            let ids = self.ids.get_or_insert_with(|| (id.to_owned(), id.to_owned()));
            if ids.1 != id {
                id.clone_into(&mut ids.1);
            }
        }
        self.group.push(line, &mut self.templates);
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        if self.group.at.is_empty() {
            return Ok(());
        }
        let next = self.group.with_room_for_as_much();
        let mut group = std::mem::replace(&mut self.group, next);
        self.filters.push(group.filter.fit(WRONG));
        let mut writer = self.file.next_row_group()?;
        write_texts(&mut writer, group.texts[columns::CORRELATION_ID].take_values())?;
        let mut at = next_column(&mut writer)?;
        at.typed::<Int64Type>().write_batch(&group.at, None, None)?;
        at.close()?;
        for texts in &mut group.texts[columns::LOG_GROUP..columns::EVENT_NUMBER] {
            write_texts(&mut writer, texts.take_values())?;
        }
        let mut numbers = next_column(&mut writer)?;
        numbers
            .typed::<Int32Type>()
            .write_batch(&group.numbers, None, None)?;
        numbers.close()?;
        for texts in &mut group.texts[columns::EVENT_ID..] {
            write_texts(&mut writer, texts.take_values())?;
        }
        writer.close()?;
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// Parquet cannot end it.
    pub fn finish(mut self) -> Result<FinishedPart> {
        self.end_group()?;
        // Ends the file too.
        let bytes = Bytes::from(self.file.into_inner()?);
        let index = PartIndex::of_file(&bytes)?;
        let tail = index.tail();
        let start = bytes
            .len()
            .saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX));
        Ok(FinishedPart {
            tail,
            tail_sum: sums::text(&bytes[start..]),
            sums: sums::of(&bytes, &index.units()?),
            bytes,
            filters: self.filters,
            lines: self.lines,
            text_bytes: self.text_bytes,
            ids: self.ids,
            times: self.times,
            checksum: self.checksum,
        })
    }
}

fn next_column<'w>(
    writer: &'w mut SerializedRowGroupWriter<'_, Vec<u8>>,
) -> Result<parquet::file::writer::SerializedColumnWriter<'w>> {
    let missing = || parquet::errors::ParquetError::General("the schema has fewer columns".to_owned());
    writer.next_column()?.ok_or_else(missing)
}

fn write_texts(
    writer: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    (values, levels): (Vec<ByteArray>, Option<&[i16]>),
) -> Result<()> {
    let mut column = next_column(writer)?;
    column
        .typed::<ByteArrayType>()
        .write_batch(&values, levels, None)?;
    column.close()
}
