//! The notation of values: words after the manner of promtool, with blanks between them.
//!
//! | word | values |
//! |---|---|
//! | `a` | one |
//! | `axn` | n times a |
//! | `a+bxn`, `a-bxn` | n values: a, a + b, a + 2b … |
//! | `_` | a missing one |
//! | `_xn` | n missing ones |
//!
//! Numbers may have a sign, decimals and an exponent. Unlike in promtool n is how many values a word has, with or without a
//! step: there `1x4` are five values and `_x4` four.

use crate::evaluate::statistic::Sample;

/// What is wrong with a series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// A word that is none of the known ones.
    #[error(
        "`{word}`, word {place}, is not a value: expected a, axn, a+bxn, a-bxn, _ or _xn, with numbers a and b and a count n"
    )]
    Word {
        /// As written.
        word: String,
        /// Counted from 1.
        place: usize,
    },
    /// Too many values.
    #[error("more than {MOST} values, at `{word}`, word {place}")]
    Long {
        /// As written.
        word: String,
        /// Counted from 1.
        place: usize,
    },
}

/// The most values of a series: a week of high resolution, and some.
pub const MOST: usize = 100_000;

/// The values; none where one is missing.
///
/// ```
/// use alarms::scenario::series::values;
///
/// assert_eq!(values("0x2 _ 1+0.5x3"), Ok(vec![Some(0.0), Some(0.0), None, Some(1.0), Some(1.5), Some(2.0)]));
/// ```
///
/// # Errors
/// A word is not understood, a value is one that CloudWatch refuses, or there are more than [`MOST`] values.
pub fn values(text: &str) -> Result<Vec<Option<f64>>, SeriesError> {
    let mut found = Vec::new();
    for (place, word) in (1..).zip(text.split_whitespace()) {
        let wrong = || SeriesError::Word {
            word: word.to_owned(),
            place,
        };
        let word_read = Word::read(word).ok_or_else(wrong)?;
        if word_read.count > MOST - found.len() {
            return Err(SeriesError::Long {
                word: word.to_owned(),
                place,
            });
        }
        for n in 0..word_read.count {
            let value = word_read.value(n);
            if value.is_some_and(|value| Sample::value(value).is_err()) {
                return Err(wrong());
            }
            found.push(value);
        }
    }
    Ok(found)
}

struct Word {
    first: Option<f64>,
    step: f64,
    count: usize,
}

impl Word {
    fn read(word: &str) -> Option<Self> {
        let (values, count) = match word.split_once('x') {
            Some((values, count)) => (values, whole(count)?),
            None => (word, 1),
        };
        if values == "_" {
            return Some(Self {
                first: None,
                step: 0.0,
                count,
            });
        }
        let (first, rest) = number(values)?;
        let step = match rest {
            "" => 0.0,
            // A step without a count would be one value and say otherwise.
            _ if !word.contains('x') => return None,
            rest => {
                let (sign, step) = match rest.split_at_checked(1)? {
                    ("+", step) => (1.0, step),
                    ("-", step) => (-1.0, step),
                    _ => return None,
                };
                let (step, rest) = number(step)?;
                if !rest.is_empty() {
                    return None;
                }
                sign * step
            }
        };
        Some(Self {
            first: Some(first),
            step,
            count,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "at most MOST")]
    fn value(&self, n: usize) -> Option<f64> {
        self.first.map(|first| first + self.step * n as f64)
    }
}

fn whole(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The number at the beginning, and the rest.
fn number(text: &str) -> Option<(f64, &str)> {
    let digits = |from: usize| {
        let rest = &text.as_bytes()[from..];
        from + rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let is_at = |at: usize, chars: &[u8]| text.as_bytes().get(at).is_some_and(|found| chars.contains(found));
    let start = usize::from(is_at(0, b"+-"));
    let mut end = digits(start);
    if is_at(end, b".") {
        end = digits(end + 1);
    }
    if is_at(end, b"eE") {
        let sign = usize::from(is_at(end + 1, b"+-"));
        let exponent = digits(end + 1 + sign);
        if exponent == end + 1 + sign {
            return None;
        }
        end = exponent;
    }
    let found: f64 = text[..end].parse().ok()?;
    found.is_finite().then_some((found, &text[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_values() {
        let check = |text: &str, expect: &str| {
            let shown = match values(text) {
                Ok(values) => values
                    .iter()
                    .map(|value| value.map_or("_".to_owned(), |value| value.to_string()))
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(error) => error.to_string(),
            };
            assert!(
                shown == expect || !expect.is_empty() && shown.starts_with(&format!("`{expect}`")),
                "{text}: {shown}"
            );
        };
        check("", "");
        check("5", "5");
        check("0x3 3 _x2 1+1x4", "0 0 0 3 _ _ 1 2 3 4");
        check("10-2.5x3 _ 1e-2 -1+1x3", "10 7.5 5 _ 0.01 -1 0 1");
        check("1e2+1e1x2 .5 5. +3", "100 110 0.5 5 3");
        check("7x0 _x0 1", "1");
        check("1-1e1x2", "1 -9");
        check("1--1x2", "1 2");
        for wrong in [
            "x",
            "1x",
            "x3",
            "1+x2",
            "1+1",
            "a",
            "_y2",
            "_1",
            "1x2x3",
            "1x-2",
            "1x1.5",
            "1e",
            "inf",
            "NaN",
            "é",
            "1e999",
            "--1",
            "1e308+1e308x5",
        ] {
            check(wrong, wrong);
            check(&format!("0 {wrong}"), wrong);
        }
    }

    #[test]
    fn a_series_has_an_end() {
        assert!(values("1x100000").is_ok());
        assert!(matches!(
            values("1x100000 1"),
            Err(SeriesError::Long { place: 2, .. })
        ));
        assert!(matches!(
            values("_x18446744073709551615"),
            Err(SeriesError::Long { place: 1, .. })
        ));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", near in "[0-9x_+.e -]{0,16}") {
            drop((values(&text), values(&near)));
        }

        #[test]
        fn numbers_are_read_as_written(number in -1e100_f64..1e100, count in 0_usize..50) {
            prop_assert_eq!(values(&format!("{number:e}x{count}")), Ok(vec![Some(number); count]));
            prop_assert_eq!(values(&format!("{number} _")), Ok(vec![Some(number), None]));
        }
    }
}
