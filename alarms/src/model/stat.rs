//! Statistics: what a period's samples become one number by. Syntax and meaning are those of "CloudWatch statistics
//! definitions" in the user guide.

use std::fmt;
use std::str::FromStr;

/// A statistic, of those that have a name (`Sum`) and those with parameters (`p99`, `TM(10%:90%)`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stat {
    /// The number of samples.
    SampleCount,
    /// Sum / SampleCount.
    Average,
    /// The sum of the samples.
    Sum,
    /// The lowest sample.
    Minimum,
    /// The highest sample.
    Maximum,
    /// `pNN`: so many percent of the samples are not above it.
    Percentile(f64),
    /// Something of the samples between two bounds.
    Trimmed(Trimmed, Bounds),
    /// `PR(a:b)`: the percentage of the samples that are above `a` and not above `b`.
    PercentileRank {
        /// Exclusive.
        lower: Option<f64>,
        /// Inclusive.
        upper: Option<f64>,
    },
}

/// What is taken of the samples between the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trimmed {
    /// `TM`: their mean.
    Mean,
    /// `TC`: their number.
    Count,
    /// `TS`: their sum.
    Sum,
    /// `WM`: the mean of all samples, those outside counted as the nearest bound.
    Winsorized,
}

/// Which samples count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// By rank, in percent from 0 to 100.
    Percent {
        /// So many percent of the lowest samples are left out.
        lower: f64,
        /// The samples above this percentile are left out.
        upper: f64,
    },
    /// By value.
    Absolute {
        /// Exclusive.
        lower: Option<f64>,
        /// Inclusive.
        upper: Option<f64>,
    },
}

/// A text that is not a statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a statistic: {why}")]
pub struct StatError {
    found: String,
    why: &'static str,
}

/// The most decimal places of a percentile or bound.
const DECIMALS: usize = 10;

impl Stat {
    /// Does it need the samples themselves, or statistic sets that stand for equal samples?
    pub const fn needs_samples(self) -> bool {
        matches!(
            self,
            Self::Percentile(_) | Self::Trimmed(..) | Self::PercentileRank { .. }
        )
    }

    /// Is it one of the five of the property `Statistic`? The others are for `ExtendedStatistic`.
    pub const fn is_standard(self) -> bool {
        !self.needs_samples()
    }
}

impl FromStr for Stat {
    type Err = StatError;

    fn from_str(text: &str) -> Result<Self, StatError> {
        match text {
            "SampleCount" => return Ok(Self::SampleCount),
            "Average" => return Ok(Self::Average),
            "Sum" => return Ok(Self::Sum),
            "Minimum" => return Ok(Self::Minimum),
            "Maximum" => return Ok(Self::Maximum),
            "IQM" => {
                return Ok(Self::Trimmed(
                    Trimmed::Mean,
                    Bounds::Percent {
                        lower: 25.0,
                        upper: 75.0,
                    },
                ));
            }
            _ => {}
        }
        parameterised(text).map_err(|why| StatError {
            found: text.to_owned(),
            why,
        })
    }
}

fn parameterised(text: &str) -> Result<Stat, &'static str> {
    if let Some((name, rest)) = text.split_once('(') {
        let inside = rest.strip_suffix(')').ok_or("the bracket is not closed")?;
        let (lower, upper) = inside.split_once(':').ok_or("bounds are written (lower:upper)")?;
        let bounds = bounds(lower, upper)?;
        return match (name, bounds) {
            ("TM", bounds) => Ok(Stat::Trimmed(Trimmed::Mean, bounds)),
            ("TC", bounds) => Ok(Stat::Trimmed(Trimmed::Count, bounds)),
            ("TS", bounds) => Ok(Stat::Trimmed(Trimmed::Sum, bounds)),
            ("WM", bounds) => Ok(Stat::Trimmed(Trimmed::Winsorized, bounds)),
            ("PR", Bounds::Absolute { lower, upper }) => Ok(Stat::PercentileRank { lower, upper }),
            ("PR", Bounds::Percent { .. }) => Err("PR takes values, not percentages"),
            ("tm" | "tc" | "ts" | "wm" | "pr", _) => Err("with brackets the name is in upper case"),
            _ => Err("known with brackets are TM, TC, TS, WM, PR"),
        };
    }
    // By characters, not bytes: the text may be anything.
    let name: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let number = &text[name.len()..];
    let trimmed = |what| {
        Ok(Stat::Trimmed(
            what,
            Bounds::Percent {
                lower: 0.0,
                upper: percent(number)?,
            },
        ))
    };
    match name.as_str() {
        "p" => Ok(Stat::Percentile(percent(number)?)),
        "tm" => trimmed(Trimmed::Mean),
        "tc" => trimmed(Trimmed::Count),
        "ts" => trimmed(Trimmed::Sum),
        "wm" => trimmed(Trimmed::Winsorized),
        _ => Err(
            "known are SampleCount, Average, Sum, Minimum, Maximum, pNN, tmNN, tcNN, tsNN, wmNN, IQM, \
                  TM(a:b), TC(a:b), TS(a:b), WM(a:b), PR(a:b)",
        ),
    }
}

fn bounds(lower: &str, upper: &str) -> Result<Bounds, &'static str> {
    const PERCENT: &str = "both bounds are percentages, or none is";
    let is_percent = |text: &str| text.ends_with('%');
    if lower.is_empty() && upper.is_empty() {
        return Err("at least one bound is a number");
    }
    if is_percent(lower) || is_percent(upper) {
        let part = |text: &str, open: f64| match text.strip_suffix('%') {
            Some(number) => percent(number),
            None if text.is_empty() => Ok(open),
            None => Err(PERCENT),
        };
        let (lower, upper) = (part(lower, 0.0)?, part(upper, 100.0)?);
        return if lower < upper {
            Ok(Bounds::Percent { lower, upper })
        } else {
            Err("the lower bound is below the upper")
        };
    }
    let part = |text: &str| {
        if text.is_empty() {
            Ok(None)
        } else {
            number(text).map(Some)
        }
    };
    let (lower, upper) = (part(lower)?, part(upper)?);
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower >= upper => Err("the lower bound is below the upper"),
        _ => Ok(Bounds::Absolute { lower, upper }),
    }
}

fn percent(text: &str) -> Result<f64, &'static str> {
    match number(text)? {
        found if found <= 100.0 => Ok(found),
        _ => Err("a percentage is from 0 to 100"),
    }
}

/// Digits with at most ten decimal places. No sign: these statistics are not there for metrics with negative values.
fn number(text: &str) -> Result<f64, &'static str> {
    const WRONG: &str = "a number is digits, with at most ten decimal places";
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
        return Err(WRONG);
    }
    text.parse()
        .ok()
        .filter(|found: &f64| found.is_finite())
        .ok_or(WRONG)
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |what: &Trimmed| match what {
            Trimmed::Mean => "tm",
            Trimmed::Count => "tc",
            Trimmed::Sum => "ts",
            Trimmed::Winsorized => "wm",
        };
        let open = |bound: &Option<f64>| bound.map(|b| b.to_string()).unwrap_or_default();
        match self {
            Self::SampleCount => f.write_str("SampleCount"),
            Self::Average => f.write_str("Average"),
            Self::Sum => f.write_str("Sum"),
            Self::Minimum => f.write_str("Minimum"),
            Self::Maximum => f.write_str("Maximum"),
            Self::Percentile(p) => write!(f, "p{p}"),
            Self::Trimmed(what, Bounds::Percent { lower: 0.0, upper }) => write!(f, "{}{upper}", word(what)),
            Self::Trimmed(
                Trimmed::Mean,
                Bounds::Percent {
                    lower: 25.0,
                    upper: 75.0,
                },
            ) => f.write_str("IQM"),
            Self::Trimmed(what, Bounds::Percent { lower, upper }) => {
                write!(f, "{}({lower}%:{upper}%)", word(what).to_uppercase())
            }
            Self::Trimmed(what, Bounds::Absolute { lower, upper }) => {
                write!(
                    f,
                    "{}({}:{})",
                    word(what).to_uppercase(),
                    open(lower),
                    open(upper)
                )
            }
            Self::PercentileRank { lower, upper } => write!(f, "PR({}:{})", open(lower), open(upper)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        match (text.parse::<Stat>(), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found.to_string(), expect, "{text}"),
            (Err(found), Err(expect)) => assert!(found.to_string().contains(expect), "{text}: {found}"),
            (found, expect) => panic!("{text}: {found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn the_forms_of_the_user_guide_are_read() {
        for text in [
            "SampleCount",
            "Average",
            "Sum",
            "Minimum",
            "Maximum",
            "p95",
            "p99.9",
            "p100",
            "tm90",
            "IQM",
        ] {
            check(text, Ok(text));
        }
        for text in [
            "TM(2%:98%)",
            "TM(150:1000)",
            "WM(10%:90%)",
            "PR(:300)",
            "PR(100:2000)",
            "TC(0.005:0.03)",
            "TC(:0.5)",
        ] {
            check(text, Ok(text));
        }
        check("TM(:95%)", Ok("tm95"));
        check("TS(80%:)", Ok("TS(80%:100%)"));
        check("TM(25%:75%)", Ok("IQM"));
    }

    #[test]
    fn what_is_not_a_statistic_is_refused() {
        check("sum", Err("known are"));
        check("p", Err("digits"));
        check("p101", Err("0 to 100"));
        check("p-1", Err("digits"));
        check("p99.12345678901", Err("ten decimal"));
        check("tm(5%:95%)", Err("upper case"));
        check("TM(5%:95)", Err("both bounds"));
        check("TM(:)", Err("at least one"));
        check("TM(95%:5%)", Err("below"));
        check("PR(5%:95%)", Err("not percentages"));
        check("TM(1:2", Err("not closed"));
        check("TM(1)", Err("(lower:upper)"));
        check("XX(1:2)", Err("known with brackets"));
        check("é99", Err("known are"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            drop(text.parse::<Stat>());
        }

        #[test]
        fn what_is_written_is_read_back(p in 0.0..=100.0_f64, a in 0_u32..1000, b in 1_u32..1000) {
            let p = (p * 100.0).round() / 100.0;
            for text in [format!("p{p}"), format!("TM({a}:{})", a + b), format!("PR(:{b})")] {
                let stat: Stat = text.parse().unwrap();
                proptest::prop_assert_eq!(stat.to_string().parse::<Stat>().unwrap(), stat);
            }
        }
    }
}
