//! The points of a range, and their notation: `0` within the threshold, `X` breaching, `-` missing.

use std::fmt;
use std::str::FromStr;

/// One period of an evaluation range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// A datapoint within the threshold.
    Within,
    /// A datapoint that breaches it.
    Breaching,
    /// No datapoint.
    Missing,
}

impl Point {
    const fn as_char(self) -> char {
        match self {
            Self::Within => '0',
            Self::Breaching => 'X',
            Self::Missing => '-',
        }
    }
}

/// An evaluation range, oldest point first. Written as in AWS's tables: `0-X-X`, blanks between points are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Range(Vec<Point>);

/// A text that is not a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// There is no point in it.
    #[error("a range has at least one point: 0 within the threshold, X breaching, - missing")]
    Empty,
    /// A character is none of the three.
    #[error(
        "`{found}` at position {position} is not a point: 0 within the threshold, X breaching, - missing"
    )]
    Unknown {
        /// The character.
        found: char,
        /// Its place in the text, in characters from 1.
        position: usize,
    },
}

impl Range {
    /// The points, oldest first.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// How many points are there, and not missing.
    pub fn real(&self) -> usize {
        self.0.iter().filter(|point| **point != Point::Missing).count()
    }
}

impl From<Vec<Point>> for Range {
    fn from(points: Vec<Point>) -> Self {
        Self(points)
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let points: Vec<Point> = text
            .chars()
            .enumerate()
            .filter(|(_, found)| *found != ' ')
            .map(|(at, found)| match found {
                '0' => Ok(Point::Within),
                'X' | 'x' => Ok(Point::Breaching),
                '-' => Ok(Point::Missing),
                found => Err(RangeError::Unknown {
                    found,
                    position: at + 1,
                }),
            })
            .collect::<Result<_, _>>()?;
        if points.is_empty() {
            Err(RangeError::Empty)
        } else {
            Ok(Self(points))
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|point| write!(f, "{}", point.as_char()))
    }
}
