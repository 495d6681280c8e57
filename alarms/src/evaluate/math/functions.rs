//! The functions, on series. NaN is a missing datapoint.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::expression::Function;

use super::Member;

/// On one datapoint, for the functions that look at nothing else. The logarithm of 0 and below is dropped.
#[inline]
pub(super) fn of_point(function: Function, value: f64) -> f64 {
    let result = match function {
        Function::Abs => value.abs(),
        Function::Ceil => value.ceil(),
        Function::Floor => value.floor(),
        Function::Log => value.ln(),
        Function::Log10 => value.log10(),
        _ => value,
    };
    if result.is_finite() { result } else { f64::NAN }
}

/// Of one series: a number, over the datapoints that are there. Without any it is missing, but sums and counts are 0.
pub(super) fn reduced(function: Function, series: &[f64]) -> f64 {
    let there = || series.iter().copied().filter(|value| !value.is_nan());
    reduce(function, there(), there().count())
}

/// Of an array: a series, period by period. AVG counts a missing point as 0, as the user guide's table says of it; the
/// others look at what is there. Where nothing is there the result is missing.
pub(super) fn reduced_across(function: Function, all: &[Member], periods: usize) -> Vec<f64> {
    let mut there = Vec::with_capacity(all.len());
    (0..periods)
        .map(|at| {
            there.clear();
            there.extend(
                all.iter()
                    .map(|member| member.values[at])
                    .filter(|value| !value.is_nan()),
            );
            reduced_of(function, &there, all.len())
        })
        .collect()
}

/// Of the values that are there in one period, of so many series.
pub(super) fn reduced_of(function: Function, there: &[f64], series: usize) -> f64 {
    let values = there.iter().copied();
    match there.len() {
        0 => f64::NAN,
        _ if function == Function::Avg => reduce(function, values, series),
        count => reduce(function, values, count),
    }
}

fn reduce(function: Function, values: impl Iterator<Item = f64> + Clone, count: usize) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an alarm has at most 8 642 periods and 10 metrics"
    )]
    let n = count as f64;
    match function {
        // From a positive zero: the sum of no floats is the negative one.
        Function::Sum => values.fold(0.0, |sum, value| sum + value),
        Function::DatapointCount => n,
        _ if count == 0 => f64::NAN,
        Function::Avg => values.sum::<f64>() / n,
        Function::Min => values.fold(f64::INFINITY, f64::min),
        Function::Max => values.fold(f64::NEG_INFINITY, f64::max),
        // Of the population: the user guide does not say which of the two, and a series is all there is.
        Function::Stddev => {
            let mean = values.clone().sum::<f64>() / n;
            (values.map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
        }
        _ => f64::NAN,
    }
}

/// Series to series, where a datapoint depends on earlier ones.
pub(super) fn along(function: Function, series: &[f64], starts: &[i64]) -> Vec<f64> {
    let mut last: Option<(f64, i64)> = None;
    let mut running = 0.0;
    series
        .iter()
        .zip(starts)
        .map(|(&value, &at)| {
            if value.is_nan() {
                return f64::NAN;
            }
            running += value;
            let before = last.replace((value, at));
            #[expect(clippy::cast_precision_loss, reason = "seconds within a week")]
            let seconds = |from: i64| (at - from) as f64;
            match (function, before) {
                (Function::RunningSum, _) => running,
                (_, None) => f64::NAN,
                (Function::Diff, Some((earlier, _))) => value - earlier,
                (Function::DiffTime, Some((_, from))) => seconds(from),
                (Function::Rate, Some((earlier, from))) => (value - earlier) / seconds(from),
                _ => f64::NAN,
            }
        })
        .collect()
}

/// The latest datapoint before the gap goes on; before the first there is none.
pub(super) fn fill_repeat(series: &mut [f64]) {
    let mut last = f64::NAN;
    for value in series {
        if value.is_nan() {
            *value = last;
        } else {
            last = *value;
        }
    }
}

/// A straight line over each gap; a gap at either end of the range has no other end, and stays.
pub(super) fn fill_linear(series: &mut [f64], starts: &[i64]) {
    let mut last: Option<usize> = None;
    for at in 0..series.len() {
        if series[at].is_nan() {
            continue;
        }
        if let Some(from) = last {
            #[expect(clippy::cast_precision_loss, reason = "seconds within a week")]
            let seconds = |place: usize| (starts[place] - starts[from]) as f64;
            for gap in from + 1..at {
                series[gap] = series[from] + (series[at] - series[from]) * seconds(gap) / seconds(at);
            }
        }
        last = Some(at);
    }
}

/// MINUTE, HOUR, DAY (1 is Monday), DATE, MONTH, YEAR, EPOCH of the start of a period, in UTC. Never missing.
pub(super) fn of_time(function: Function, start: i64) -> f64 {
    let Ok(timestamp) = Timestamp::from_second(start) else {
        return f64::NAN;
    };
    // Of days that are all as long no calendar is needed, which takes longer than all the rest of an evaluation.
    let (minutes, days) = (start.div_euclid(60), start.div_euclid(86_400));
    match function {
        Function::Minute => return small(minutes.rem_euclid(60)),
        Function::Hour => return small(minutes.div_euclid(60).rem_euclid(24)),
        // The epoch began on a Thursday.
        Function::Day => return small((days + 3).rem_euclid(7) + 1),
        _ => {}
    }
    let time = timestamp.to_zoned(TimeZone::UTC);
    match function {
        Function::Date => f64::from(time.day()),
        Function::Month => f64::from(time.month()),
        Function::Year => f64::from(time.year()),
        #[expect(clippy::cast_precision_loss, reason = "seconds of a timestamp are below 2^53")]
        Function::Epoch => start as f64,
        _ => f64::NAN,
    }
}

fn small(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(0))
}
