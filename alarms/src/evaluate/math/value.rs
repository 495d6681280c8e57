//! What is computed with: numbers, series, arrays of series; and the periods they are over.

use crate::evaluate::anomaly::BandModel;

/// A value of metric math. NaN in a series is a missing datapoint.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// S.
    Scalar(f64),
    /// TS: oldest period first.
    Series(Vec<f64>),
    /// TS[].
    Array(Vec<Member>),
}

/// A series of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The id of the metric that it is, or is made of, if it is one's: so that it can be called what that is called.
    pub of: Option<String>,
    /// A value per period, NaN where it is missing.
    pub values: Vec<f64>,
}

/// The periods that are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When each period starts, in seconds of the Unix epoch; oldest first.
    pub starts: &'a [i64],
    /// The length of a period in seconds.
    pub period: u32,
    /// The metrics, in the program's order; each has a value per period, NaN where it is missing.
    pub metrics: &'a [Vec<f64>],
    /// What ANOMALY_DETECTION_BAND expects; without it a band is missing.
    pub model: Option<&'a dyn BandModel>,
}

impl Value {
    /// Its series: one for each of an array, none for a number.
    pub(super) fn into_members(self) -> Vec<Member> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::Series(values) => vec![Member { of: None, values }],
            Self::Array(all) => all,
        }
    }

    /// Every series through the same function; numbers stay.
    pub(super) fn map_series(self, map: impl Fn(Vec<f64>) -> Vec<f64>) -> Self {
        match self {
            Self::Scalar(number) => Self::Scalar(number),
            Self::Series(series) => Self::Series(map(series)),
            Self::Array(all) => {
                let mapped = all.into_iter().map(|Member { of, values }| {
                    let values = map(values);
                    Member { of, values }
                });
                Self::Array(mapped.collect())
            }
        }
    }
}
