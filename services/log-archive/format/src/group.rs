//! A row group on its way to Parquet: lines by column.

use bytes::Bytes;
use log_archive_domain::filter::{self, SplitBlock};
use log_archive_domain::{EventId, KnownIds, Line};
use parquet::data_type::ByteArray;

use crate::{columns, template};

/// A filter of a row group before it is fitted: 2^11 blocks know 40,000 IDs.
const ROW_GROUP_BLOCKS: u32 = 11;

/// A row group that is being filled.
pub(crate) struct Group {
    pub(crate) at: Vec<i64>,
    pub(crate) numbers: Vec<i32>,
    /// By column; those of the numbers are empty.
    pub(crate) texts: [Texts; columns::COUNT],
    pub(crate) filter: SplitBlock,
    known: KnownIds,
    pub(crate) text: usize,
    pub(crate) last_id: Option<String>,
}

impl Default for Group {
    fn default() -> Self {
        let is_optional = |column| {
            matches!(
                column,
                columns::CORRELATION_ID
                    | columns::LEVEL
                    | columns::REQUEST_ID
                    | columns::TRACE_ID
                    | columns::ORDER_ID
                    | columns::EVENT_BATCH
                    | columns::EVENT_ID
            )
        };
        Self {
            at: Vec::new(),
            numbers: Vec::new(),
            texts: std::array::from_fn(|column| Texts::new(is_optional(column))),
            filter: SplitBlock::with_blocks_log2(ROW_GROUP_BLOCKS),
            known: KnownIds::default(),
            text: 0,
            last_id: None,
        }
    }
}

impl Group {
    /// An empty one with memory for what is in this one: row groups are much of a size.
    pub(crate) fn with_room_for_as_much(&self) -> Self {
        Self {
            at: Vec::with_capacity(self.at.len()),
            numbers: Vec::with_capacity(self.numbers.len()),
            texts: std::array::from_fn(|column| self.texts[column].with_room_for_as_much()),
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, line: &Line<'_>, templates: &mut template::Writer) {
        self.at.push(line.at);
        let optional = [
            (columns::CORRELATION_ID, line.correlation_id),
            (columns::LEVEL, line.level),
            (columns::REQUEST_ID, line.request_id),
            (columns::TRACE_ID, line.trace_id),
            (columns::ORDER_ID, line.order_id),
        ];
        let required = [
            (columns::LOG_GROUP, line.source.log_group),
            (columns::LOG_STREAM, line.source.log_stream),
            (columns::ACCOUNT, line.source.account),
        ];
        for (column, text) in optional {
            self.texts[column].push(text.map(str::as_bytes));
        }
        for (column, text) in required {
            self.texts[column].push(Some(text.as_bytes()));
        }
        self.event_id(line);
        self.texts[columns::TEMPLATE].push_with(|buffer| templates.write(line, buffer));
        for id in self.known.new_in(line).into_iter().flatten() {
            self.filter.insert(filter::hash(id));
        }
        if self.last_id.as_deref() != line.correlation_id {
            self.last_id = line.correlation_id.map(str::to_owned);
        }
        self.text += line.message.len();
    }

    /// In parts, if they and the line's time say what it was.
    fn event_id(&mut self, line: &Line<'_>) {
        let parts = EventId::read(line.event_id).filter(|id| i64::try_from(id.time) == Ok(line.at));
        let batch = parts.map(|id| id.batch.to_be_bytes());
        self.texts[columns::EVENT_BATCH].push(batch.as_ref().map(|bytes| bytes.as_slice()));
        self.numbers.push(parts.map_or(0, |id| i32::from(id.number)));
        let text = parts.is_none().then_some(line.event_id.as_bytes());
        self.texts[columns::EVENT_ID].push(text);
    }
}

/// Texts of a column, one after the other in one buffer.
pub(crate) struct Texts {
    buffer: Vec<u8>,
    ends: Vec<usize>,
    levels: Option<Vec<i16>>,
}

impl Texts {
    fn new(is_optional: bool) -> Self {
        Self {
            buffer: Vec::new(),
            ends: Vec::new(),
            levels: is_optional.then(Vec::new),
        }
    }

    fn with_room_for_as_much(&self) -> Self {
        Self {
            buffer: Vec::with_capacity(self.buffer.len()),
            ends: Vec::with_capacity(self.ends.len()),
            levels: self
                .levels
                .as_ref()
                .map(|levels| Vec::with_capacity(levels.len())),
        }
    }

    fn push(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.push_with(|buffer| buffer.extend_from_slice(text)),
            None => self.levels.iter_mut().for_each(|levels| levels.push(0)),
        }
    }

    fn push_with(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.levels.iter_mut().for_each(|levels| levels.push(1));
        append(&mut self.buffer);
        self.ends.push(self.buffer.len());
    }

    /// Values and definition levels as Parquet wants them.
    pub(crate) fn take_values(&mut self) -> (Vec<ByteArray>, Option<&[i16]>) {
        let buffer = Bytes::from(std::mem::take(&mut self.buffer));
        let mut start = 0;
        let mut values = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            values.push(ByteArray::from(buffer.slice(start..*end)));
            start = *end;
        }
        (values, self.levels.as_deref())
    }
}
