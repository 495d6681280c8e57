//! Files with recorded datapoints: the JSON that GetMetricData answers, that of `shopwatch metrics get`, CSV.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::evaluate::statistic::{Sample, SampleError};
use crate::model::{Dimension, Metric};

use super::Recording;

/// A text that is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Not the JSON of GetMetricData, nor that of `shopwatch metrics get`.
    #[error("not the JSON of GetMetricData, nor that of `shopwatch metrics get`: {0}")]
    Json(serde_json::Error),
    /// A value that CloudWatch would refuse.
    #[error(transparent)]
    Sample(#[from] SampleError),
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
    #[error("line {line}, cell {column}: {message}")]
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
#[serde(
    untagged,
    expecting = "expected `MetricDataResults`, or `namespace`, `name`, `dimensions`, `stat` and `datapoints`"
)]
enum Answer {
    Data {
        #[serde(rename = "MetricDataResults")]
        results: Vec<ResultOfId>,
    },
    Metric(Metrics),
}

/// What `shopwatch metrics get --json` prints.
#[derive(Deserialize)]
struct Metrics {
    namespace: String,
    name: String,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    stat: String,
    datapoints: Vec<Datapoint>,
}

#[derive(Deserialize)]
struct Datapoint {
    timestamp: serde_json::Value,
    value: f64,
}

impl Metrics {
    fn metric(&self) -> Metric {
        let dimensions = self.dimensions.iter().map(|(name, value)| Dimension {
            name: name.clone(),
            value: value.clone(),
        });
        Metric {
            namespace: self.namespace.clone(),
            metric_name: self.name.clone(),
            dimensions: dimensions.collect(),
        }
    }
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
    /// Reads any form: JSON begins with a bracket, everything else is CSV.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        if text.trim_start().starts_with(['{', '[']) {
            Self::from_json(text)
        } else {
            Self::from_csv(text)
        }
    }

    /// `{"MetricDataResults": [{"Id": …, "Timestamps": […], "Values": […]}]}`, or the answer of `shopwatch metrics get`.
    fn from_json(text: &str) -> Result<Self, RecordingError> {
        let mut recording = Self::default();
        let results = match serde_json::from_str(text).map_err(RecordingError::Json)? {
            Answer::Data { results } => results,
            Answer::Metric(one) => {
                let Metrics { datapoints, .. } = &one;
                recording.has(&one.metric());
                for datapoint in datapoints {
                    let at = time(&datapoint.timestamp)?;
                    recording.add_statistic(&one.metric(), &one.stat, at, datapoint.value)?;
                }
                recording.sort();
                return Ok(recording);
            }
        };
        for result in results {
            if result.timestamps.len() != result.values.len() {
                return Err(RecordingError::Lengths {
                    id: result.id,
                    timestamps: result.timestamps.len(),
                    values: result.values.len(),
                });
            }
            recording.has_named(&result.id);
            for (at, value) in result.timestamps.iter().zip(result.values) {
                recording.add_named(&result.id, time(at)?, Sample::value(value)?);
            }
        }
        recording.sort();
        Ok(recording)
    }

    /// Lines of `timestamp,value,…` below a line with the names of the metrics. An empty cell is a missing datapoint.
    fn from_csv(text: &str) -> Result<Self, RecordingError> {
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
        names.iter().for_each(|name| recording.has_named(name));
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
            // A row is a moment that was recorded, also where nothing was measured.
            recording.covers(at, at);
            let mut given = 1;
            for (column, cell) in row.enumerate() {
                given += 1;
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
                let sample = cell.parse().ok().and_then(|value| Sample::value(value).ok());
                let sample = sample.ok_or_else(|| {
                    wrong(
                        line,
                        column + 1,
                        format!("`{cell}` is not a number, expected one or nothing"),
                    )
                })?;
                recording.add_named(name, at, sample);
            }
            if given <= names.len() {
                let message = format!(
                    "only {given} of the {} cells of the heading: leave a cell empty where nothing was measured",
                    names.len() + 1
                );
                return Err(wrong(line, given - 1, message));
            }
        }
        recording.sort();
        Ok(recording)
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
