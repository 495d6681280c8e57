//! Axes: round numbers, round times, and how both are written.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::data::Range;

/// Seconds between marks of a time axis, shortest first.
const STEPS: [i64; 14] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/// Marks of a time axis, at most `most`, with what stands below them.
pub(super) fn moments(range: Range, most: usize) -> Vec<(i64, String)> {
    let (begin, end) = (range.begin.as_second(), range.end.as_second());
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    let fits = |step: &i64| (end - begin) / step <= most;
    let step = STEPS.into_iter().find(|step| fits(step)).unwrap_or_else(|| {
        let last = STEPS[STEPS.len() - 1];
        ((end - begin) / most / last + 1) * last
    });
    let first = begin.div_euclid(step) * step;
    let marks = (0..).map(|n| first + n * step).take_while(|at| *at <= end);
    let within = marks.filter(|at| *at >= begin);
    within.filter_map(|at| Some((at, moment(at, step)?))).collect()
}

fn moment(at: i64, step: i64) -> Option<String> {
    let time = Timestamp::from_second(at).ok()?.to_zoned(TimeZone::UTC);
    let midnight = time.hour() == 0 && time.minute() == 0;
    let format = if step >= 86_400 || midnight {
        "%b %-d"
    } else {
        "%H:%M"
    };
    Some(time.strftime(format).to_string())
}

/// When something was, to the minute.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Round numbers from below the least to above the most value, about `count` of them.
pub(super) fn numbers(least: f64, most: f64, count: usize) -> Vec<f64> {
    let span = most - least;
    if !(span.is_finite() && span > 0.0) {
        return vec![least];
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of marks")]
    let rough = span / count.max(1) as f64;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|round| round * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let first = (least / step).floor();
    let marks = (0..=60u32).map(|n| (first + f64::from(n)) * step);
    // One above the most value, so that no line touches the upper end.
    let last = (most / step).ceil() * step;
    marks.take_while(|mark| *mark <= last + step / 1e6).collect()
}

/// A number for an axis or a cell: three digits that matter, and k, M, G.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let (divided, unit) = match size {
        _ if size >= 1e9 => (value / 1e9, "G"),
        _ if size >= 1e6 => (value / 1e6, "M"),
        _ if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let size = divided.abs();
    let digits = match size {
        _ if size >= 100.0 || divided.fract() == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.01 => 3,
        _ if size == 0.0 => 0,
        _ => return format!("{value:.1e}"),
    };
    let text = format!("{divided:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}
