//! The columns of a part: their order, and how each is written.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::Result;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, TypePtr};

/// Names of the columns; Athena's table and SQL use them. The template stands last: what is before it is small.
const SCHEMA: &str = "
message line {
  OPTIONAL BYTE_ARRAY correlation_id (STRING);
  REQUIRED INT64 at (TIMESTAMP(MILLIS,true));
  REQUIRED BYTE_ARRAY log_group (STRING);
  REQUIRED BYTE_ARRAY log_stream (STRING);
  OPTIONAL BYTE_ARRAY level (STRING);
  OPTIONAL BYTE_ARRAY request_id (STRING);
  OPTIONAL BYTE_ARRAY trace_id (STRING);
  OPTIONAL BYTE_ARRAY order_id (STRING);
  REQUIRED BYTE_ARRAY account (STRING);
  OPTIONAL BYTE_ARRAY event_batch;
  REQUIRED INT32 event_number;
  OPTIONAL BYTE_ARRAY event_id (STRING);
  REQUIRED BYTE_ARRAY template (STRING);
}";

pub(crate) const CORRELATION_ID: usize = 0;
pub(crate) const AT: usize = 1;
pub(crate) const LOG_GROUP: usize = 2;
pub(crate) const LOG_STREAM: usize = 3;
pub(crate) const LEVEL: usize = 4;
pub(crate) const REQUEST_ID: usize = 5;
pub(crate) const TRACE_ID: usize = 6;
pub(crate) const ORDER_ID: usize = 7;
pub(crate) const ACCOUNT: usize = 8;
/// What events of one delivery have in common, 16 bytes.
pub(crate) const EVENT_BATCH: usize = 9;
/// Counts them.
pub(crate) const EVENT_NUMBER: usize = 10;
/// Event IDs that have not the form of CloudWatch Logs.
pub(crate) const EVENT_ID: usize = 11;
/// Messages without the IDs that are columns: [`crate::template`].
pub(crate) const TEMPLATE: usize = 12;
/// How many there are.
pub(crate) const COUNT: usize = 13;

/// Columns that people look for IDs in.
const WITH_FILTER: [&str; 4] = ["correlation_id", "request_id", "trace_id", "order_id"];
/// Columns of which the least and the greatest value of a page lead somewhere: lines are sorted by them.
const WITH_PAGE_STATISTICS: [&str; 2] = ["correlation_id", "at"];
/// Columns of which they say nothing.
const WITHOUT_STATISTICS: [&str; 4] = ["event_batch", "event_number", "event_id", "template"];
/// Share of unknown IDs that a Bloom filter lets through.
const WRONG: f64 = 0.01;
/// IDs of one kind in a row group that a Bloom filter has room for. It is folded to what it needs; until then it takes memory.
const MOST_IDS: u64 = 8_192;
/// Bytes of templates in a page: what a lookup unpacks at least.
const TEMPLATE_PAGE: usize = 64 * 1_024;
/// Rows in a page of the other columns.
const ROWS_PER_PAGE: usize = 2_048;
/// Rows between two looks at a page's size.
const BATCH: usize = 64;

pub(crate) fn schema() -> Result<TypePtr> {
    Ok(Arc::new(parse_message_type(SCHEMA)?))
}

pub(crate) fn properties(zstd_level: i32) -> Result<WriterProperties> {
    let path = |name: &str| ColumnPath::from(name);
    let sorting = [CORRELATION_ID, AT].map(|column| SortingColumn {
        column_idx: i32::try_from(column).unwrap_or_default(),
        descending: false,
        nulls_first: false,
    });
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(zstd_level)?))
        .set_created_by("shopwatch log-archive".to_owned())
        .set_sorting_columns(Some(sorting.to_vec()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_data_page_row_count_limit(ROWS_PER_PAGE)
        .set_write_batch_size(BATCH)
        .set_column_dictionary_enabled(path("template"), false)
        .set_column_data_page_size_limit(path("template"), TEMPLATE_PAGE);
    for name in ["at", "event_number"] {
        properties = properties
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in WITH_PAGE_STATISTICS {
        properties = properties.set_column_statistics_enabled(path(name), EnabledStatistics::Page);
    }
    for name in WITHOUT_STATISTICS {
        properties = properties.set_column_statistics_enabled(path(name), EnabledStatistics::None);
    }
    for name in WITH_FILTER {
        properties = properties
            .set_column_bloom_filter_fpp(path(name), WRONG)
            .set_column_bloom_filter_max_ndv(path(name), MOST_IDS);
    }
    Ok(properties.build())
}
