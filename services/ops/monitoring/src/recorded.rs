//! Recordings: files with datapoints, and the store of a local run, of which every sample is taken.

use std::collections::BTreeMap;
use std::path::Path;

use alarms::backtest::{Recording, RecordingError};
use alarms::evaluate::statistic::{Sample, SampleError};
use alarms::model::{Dimension, Metric};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Row};

use crate::{Refused, files};

/// The store of a local run in its state directory.
const STORES: &[&str] = &["data/observability.db", "observability.db"];
/// How an SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// A datapoint has at most so many values; a bucket of the store may have more.
const MOST_VALUES: usize = 150;

/// Reads a file of any form, or a state directory.
pub(crate) fn read(path: &Path) -> Result<Recording, Refused> {
    let refused = |cause: String| Refused::usage(format!("read {}", path.display())).because(cause);
    if path.is_dir() {
        let store = STORES
            .iter()
            .map(|store| path.join(store))
            .find(|store| store.is_file());
        let store = store.ok_or_else(|| {
            refused("no platform was recorded there".to_owned())
                .cure("name a file with datapoints, or the folder that `shopwatch up --state-dir` was given")
        })?;
        return of_store(&store).map_err(|error| refused(error.to_string()));
    }
    if is_sqlite(path) {
        return of_store(path).map_err(|error| refused(error.to_string()));
    }
    Recording::read(&files::text(path)?).map_err(|error| match error {
        RecordingError::Csv {
            line,
            column,
            message,
        } => refused(format!("{}:{line}: cell {column}: {message}", path.display())),
        error => refused(error.to_string()),
    })
}

fn is_sqlite(path: &Path) -> bool {
    use std::io::Read as _;
    let mut head = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == SQLITE
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("it is no store of a local run: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a bucket of {0} has no time")]
    Time(String),
    #[error("a bucket of {0} is none: {1}")]
    Sample(String, SampleError),
    #[error("the values of {0} are none: {1}")]
    Values(String, serde_json::Error),
}

/// A bucket of the store: one second or minute of one metric.
struct Bucket {
    metric: Metric,
    at: i64,
    count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
    /// Values with counts as JSON; an empty list where only the sums were published.
    values: String,
}

/// While a platform writes to it, too: it is opened for reading only.
fn of_store(path: &Path) -> Result<Recording, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let mut query = connection.prepare(
        "SELECT namespace, name, dimensions, ts, count, sum, min, max, histogram FROM datapoints JOIN series ON id = series \
         WHERE count > 0 ORDER BY ts",
    )?;
    let mut recording = Recording::default();
    for bucket in query.query_map([], Bucket::of)? {
        bucket?.add_to(&mut recording)?;
    }
    Ok(recording)
}

impl Bucket {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let dimensions: String = row.get(2)?;
        let dimensions: BTreeMap<String, String> = serde_json::from_str(&dimensions).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into())
        })?;
        Ok(Self {
            metric: Metric {
                namespace: row.get(0)?,
                metric_name: row.get(1)?,
                dimensions: dimensions
                    .into_iter()
                    .map(|(name, value)| Dimension { name, value })
                    .collect(),
            },
            at: row.get(3)?,
            count: row.get(4)?,
            sum: row.get(5)?,
            minimum: row.get(6)?,
            maximum: row.get(7)?,
            values: row.get(8)?,
        })
    }

    fn add_to(&self, recording: &mut Recording) -> Result<(), StoreError> {
        let name = || self.metric.metric_name.clone();
        let wrong = |error| StoreError::Sample(name(), error);
        let at = Timestamp::from_second(self.at).map_err(|_| StoreError::Time(name()))?;
        let values: Vec<(f64, f64)> =
            serde_json::from_str(&self.values).map_err(|error| StoreError::Values(name(), error))?;
        if values.is_empty() {
            let set = Sample::set(self.count, self.sum, self.minimum, self.maximum).map_err(wrong)?;
            recording.add(&self.metric, at, set);
        }
        for values in values.chunks(MOST_VALUES) {
            let sample = Sample::values(values.iter().copied()).map_err(wrong)?;
            recording.add(&self.metric, at, sample);
        }
        Ok(())
    }
}
