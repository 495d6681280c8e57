//! Results of queries over logs: rows, bars and circles of the first column with the second, or lines over time.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::{LogProperties, LogView, MetricProperties, Side};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::data::{Curve, Logs, Range};
use super::metric::{Shown, Value};
use super::{bars, circle, curves, page, style, table};

/// Pixels of a remark below the rows.
const REMARK: i32 = 18;

pub(super) fn draw(
    area: &Area<'_>,
    place: Place,
    properties: &LogProperties,
    range: Range,
    logs: Option<&Logs>,
) -> Drawn {
    let Some(logs) = logs else {
        let query = properties
            .query
            .split('|')
            .map(str::trim)
            .filter(|part| !part.starts_with("SOURCE"));
        let query: Vec<&str> = query.collect();
        return page::remark(area, place, &format!("not asked: {}", query.join(" | ")));
    };
    let mut inner = place;
    if let Some(remark) = &logs.remark {
        inner.height -= REMARK;
        let at = (place.x + 2, place.bottom() - REMARK / 2);
        canvas::fitted(area, remark, at, place.room(), Ink::new(10).color(style::QUIET))?;
    }
    if logs.rows.is_empty() {
        return page::remark(area, inner, "no log lines");
    }
    match properties.view.unwrap_or(LogView::Table) {
        LogView::Bar => bars::draw(area, inner, &values(logs)),
        LogView::Pie => circle::draw(area, inner, &values(logs)),
        LogView::TimeSeries => match over_time(logs) {
            // Rows without times or numbers are shown as they are.
            lines if lines.is_empty() => table::draw(area, inner, &logs.columns, &logs.rows),
            lines => curves::draw(area, inner, &MetricProperties::default(), &lines, range),
        },
        LogView::Table => table::draw(area, inner, &logs.columns, &logs.rows),
    }
}

/// A line for each column of numbers, and for each combination of the other texts in its rows.
fn over_time(logs: &Logs) -> Vec<Shown> {
    let mut lines: BTreeMap<(usize, String), BTreeMap<i64, f64>> = BTreeMap::new();
    for row in &logs.rows {
        let Some((time, at)) = row
            .iter()
            .enumerate()
            .find_map(|(n, cell)| Some((n, seconds(cell)?)))
        else {
            continue;
        };
        let others = || row.iter().enumerate().filter(|(n, _)| *n != time);
        let texts = others().filter(|(_, cell)| cell.parse::<f64>().is_err());
        let texts: Vec<&str> = texts.map(|(_, cell)| cell.as_str()).collect();
        for (n, cell) in others() {
            if let Ok(value) = cell.parse::<f64>() {
                lines.entry((n, texts.join(" "))).or_default().insert(at, value);
            }
        }
    }
    let shown = lines
        .into_iter()
        .enumerate()
        .map(|(place, ((column, text), points))| {
            let name = logs.columns.get(column).map_or("", String::as_str);
            let times: Vec<i64> = points.keys().copied().collect();
            let step = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(60);
            let points = points.into_iter();
            let curve = Curve {
                row: place,
                label: [text.as_str(), name].join(" ").trim().to_owned(),
                period: u32::try_from(step).unwrap_or(60),
                points: points
                    .filter_map(|(at, value)| Some((jiff::Timestamp::from_second(at).ok()?, value)))
                    .collect(),
            };
            Shown {
                curve,
                color: style::series(place),
                side: Side::Left,
            }
        });
    shown.collect()
}

/// `2026-11-27 03:52:11.204`, as Logs Insights writes times.
fn seconds(cell: &str) -> Option<i64> {
    let time: DateTime = cell.parse().ok().filter(|_| cell.len() >= 19)?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Each row's first text with its first number.
fn values(logs: &Logs) -> Vec<Value> {
    let value = |(n, row): (usize, &Vec<String>)| {
        let number = row.iter().find_map(|cell| cell.parse::<f64>().ok())?;
        let label = row.iter().find(|cell| cell.parse::<f64>().is_err()).cloned();
        Some((label.unwrap_or_default(), number, style::series(n)))
    };
    logs.rows.iter().enumerate().filter_map(value).collect()
}
