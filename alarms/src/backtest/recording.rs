//! Recorded datapoints by metric, from the JSON that GetMetricData answers or from CSV.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// Datapoints of metrics, by id or name, in the order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    series: BTreeMap<String, Vec<(Timestamp, f64)>>,
}

/// A text that is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Not the JSON of GetMetricData.
    #[error("not the JSON of GetMetricData")]
    Json(#[source] serde_json::Error),
    /// As many timestamps as values.
    #[error("`{id}` has {timestamps} timestamps and {values} values, expected as many")]
    Lengths {
        /// Of the result.
        id: String,
        /// How many.
        timestamps: usize,
        /// How many.
        values: usize,
    },
    /// A line of CSV.
    #[error("line {line}, column {column}: {message}")]
    Csv {
        /// Counted from 1.
        line: usize,
        /// Cells, counted from 1.
        column: usize,
        /// What is wrong, and what is expected.
        message: String,
    },
    /// A timestamp outside of what can be.
    #[error("{0} is not a time: expected seconds of the Unix epoch, or a text like 2026-11-27T02:00:00Z")]
    Time(String),
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "MetricDataResults")]
    results: Vec<ResultOfId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultOfId {
    id: String,
    #[serde(default)]
    timestamps: Vec<serde_json::Value>,
    #[serde(default)]
    values: Vec<f64>,
}

impl Recording {
    /// Reads either form: JSON begins with a brace.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        if text.trim_start().starts_with('{') {
            Self::from_get_metric_data(text)
        } else {
            Self::from_csv(text)
        }
    }

    /// The answer of GetMetricData: `{"MetricDataResults": [{"Id": …, "Timestamps": […], "Values": […]}]}`.
    ///
    /// # Errors
    /// It is not.
    pub fn from_get_metric_data(text: &str) -> Result<Self, RecordingError> {
        let answer: Answer = serde_json::from_str(text).map_err(RecordingError::Json)?;
        let mut recording = Self::default();
        for result in answer.results {
            if result.timestamps.len() != result.values.len() {
                return Err(RecordingError::Lengths {
                    id: result.id,
                    timestamps: result.timestamps.len(),
                    values: result.values.len(),
                });
            }
            let series = recording.series.entry(result.id).or_default();
            for (at, value) in result.timestamps.iter().zip(result.values) {
                series.push((time(at)?, value));
            }
        }
        recording.sort();
        Ok(recording)
    }

    /// Lines of `timestamp,value,…` below a line with the names of the metrics. An empty cell is a missing datapoint.
    ///
    /// # Errors
    /// A cell is not what it should be.
    pub fn from_csv(text: &str) -> Result<Self, RecordingError> {
        let wrong = |line: usize, column: usize, message: String| RecordingError::Csv {
            line: line + 1,
            column: column + 1,
            message,
        };
        let mut lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let heading = lines.next().map(|(_, line)| line).unwrap_or_default();
        let names: Vec<&str> = cells(heading).skip(1).collect();
        if names.is_empty() {
            let message = "expected a heading like `timestamp,Errors`, with a name for each metric";
            return Err(wrong(0, 0, message.to_owned()));
        }
        let mut recording = Self::default();
        for (line, text) in lines {
            let mut row = cells(text);
            let first = row.next().unwrap_or_default();
            let at = time_of(first).ok_or_else(|| {
                wrong(
                    line,
                    0,
                    format!("`{first}` is not a time, expected one like 2026-11-27T02:00:00Z"),
                )
            })?;
            for (column, cell) in row.enumerate() {
                let name = names.get(column).ok_or_else(|| {
                    wrong(
                        line,
                        column + 1,
                        format!("more cells than the {} of the heading", names.len() + 1),
                    )
                })?;
                if cell.is_empty() {
                    continue;
                }
                let value: Option<f64> = cell.parse().ok().filter(|value: &f64| value.is_finite());
                let value = value.ok_or_else(|| {
                    wrong(
                        line,
                        column + 1,
                        format!("`{cell}` is not a number, expected one or nothing"),
                    )
                })?;
                recording
                    .series
                    .entry((*name).to_owned())
                    .or_default()
                    .push((at, value));
            }
        }
        recording.sort();
        Ok(recording)
    }

    /// What it has datapoints of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(String::as_str)
    }

    /// The datapoints of a metric.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&[(Timestamp, f64)]> {
        self.series.get(name).map(Vec::as_slice)
    }

    /// AWS answers the newest first, by default.
    fn sort(&mut self) {
        self.series
            .values_mut()
            .for_each(|series| series.sort_by_key(|(at, _)| *at));
    }
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

/// A text, or seconds of the epoch.
fn time_of(text: &str) -> Option<Timestamp> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.or_else(|| text.parse().ok())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole seconds are what is asked for; others saturate and are refused"
)]
fn time(value: &serde_json::Value) -> Result<Timestamp, RecordingError> {
    let found = match value {
        serde_json::Value::String(text) => time_of(text),
        value => value
            .as_f64()
            .and_then(|seconds| Timestamp::from_second(seconds as i64).ok()),
    };
    found.ok_or_else(|| RecordingError::Time(value.to_string()))
}
