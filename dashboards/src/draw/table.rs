//! Rows and columns: of log queries, and of metrics with their summaries and newest datapoints.

use plotters::style::Color;

use crate::model::{MetricProperties, SummaryColumn};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::metric::Shown;
use super::{measure, scale, style};

/// Pixels of a row.
const ROW: i32 = 20;
/// Datapoints of a metric that have room beside its summaries.
const NEWEST: usize = 6;

pub(super) fn draw_summaries(
    area: &Area<'_>,
    place: Place,
    properties: &MetricProperties,
    shown: &[Shown],
) -> Drawn {
    let table = properties.table.as_ref();
    let summaries = table
        .and_then(|table| table.summary_columns.clone())
        .unwrap_or_else(|| SummaryColumn::ALL.to_vec());
    let with_points = table
        .and_then(|table| table.show_time_series_data)
        .unwrap_or(true);
    let newest = if with_points { newest(shown) } else { Vec::new() };
    let names = summaries
        .iter()
        .map(|summary| format!("{summary:?}").to_lowercase());
    let times = newest.iter().map(|at| scale::clock(*at).split_off(11));
    let columns: Vec<String> = std::iter::once(String::new()).chain(names).chain(times).collect();
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|one| {
            let values: Vec<f64> = one.curve.points.iter().map(|(_, value)| *value).collect();
            let of_summaries = summaries.iter().map(|kind| summary(*kind, &values));
            let of_points = newest.iter().map(|at| {
                let point = one.curve.points.iter().find(|(moment, _)| moment == at);
                point.map(|(_, value)| scale::number(*value)).unwrap_or_default()
            });
            std::iter::once(one.curve.label.clone())
                .chain(of_summaries)
                .chain(of_points)
                .collect()
        })
        .collect();
    draw(area, place, &columns, &rows)
}

fn newest(shown: &[Shown]) -> Vec<jiff::Timestamp> {
    let moments = shown
        .iter()
        .flat_map(|one| one.curve.points.iter().map(|(at, _)| *at));
    let moments: std::collections::BTreeSet<_> = moments.collect();
    moments.into_iter().rev().take(NEWEST).collect()
}

fn summary(kind: SummaryColumn, values: &[f64]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let sum: f64 = values.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of datapoints")]
    let count = values.len() as f64;
    scale::number(match kind {
        SummaryColumn::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        SummaryColumn::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        SummaryColumn::Sum => sum,
        SummaryColumn::Avg => sum / count,
    })
}

/// As many rows as have room; the last line says how many have none.
pub(super) fn draw(area: &Area<'_>, place: Place, columns: &[String], rows: &[Vec<String>]) -> Drawn {
    let widths = widths(columns, rows, place.width);
    let fits = usize::try_from((place.height / ROW - 1).max(0)).unwrap_or_default();
    let cut = rows.len() > fits;
    let shown = if cut { fits.saturating_sub(1) } else { rows.len() };
    line(area, place, 0, columns, &widths, Ink::new(11).bold())?;
    let below = place.y + ROW;
    canvas::path(
        area,
        vec![(place.x, below), (place.right(), below)],
        style::BORDER.stroke_width(1),
    )?;
    for (n, row) in (1..).zip(rows.iter().take(shown)) {
        line(area, place, n, row, &widths, Ink::new(11))?;
        let y = place.y + (n + 1) * ROW;
        canvas::path(
            area,
            vec![(place.x, y), (place.right(), y)],
            style::FAINT.stroke_width(1),
        )?;
    }
    if cut {
        let more = format!("and {} more", rows.len() - shown);
        let n = i32::try_from(shown + 1).unwrap_or(1);
        line(
            area,
            place,
            n,
            &[more],
            &[place.width],
            Ink::new(11).color(style::QUIET),
        )?;
    }
    Ok(())
}

fn line(area: &Area<'_>, place: Place, n: i32, cells: &[String], widths: &[i32], ink: Ink) -> Drawn {
    let mut x = place.x;
    let y = place.y + n * ROW + ROW / 2;
    for (cell, width) in cells.iter().zip(widths) {
        let room = u32::try_from(width - 10).unwrap_or_default();
        canvas::fitted(area, cell, (x + 2, y), room, ink)?;
        x += width;
    }
    Ok(())
}

/// What each column needs; when that is too much, the widest ones share what is left.
fn widths(columns: &[String], rows: &[Vec<String>], room: i32) -> Vec<i32> {
    let needed = |n: usize| {
        let head = columns.get(n).map(|text| measure::width(text, 11, true));
        let cells = rows
            .iter()
            .filter_map(|row| row.get(n))
            .map(|text| measure::width(text, 11, false));
        let most = cells.chain(head).max().unwrap_or_default();
        i32::try_from(most).unwrap_or(i32::MAX / 64).min(i32::MAX / 64) + 14
    };
    let mut widths: Vec<i32> = (0..columns.len()).map(needed).collect();
    // The fair share grows as columns that need less than it leave the rest to others.
    let mut open: Vec<usize> = (0..widths.len()).collect();
    let mut left = room;
    loop {
        let Some(share) = i32::try_from(open.len())
            .ok()
            .filter(|count| *count > 0)
            .map(|count| left / count)
        else {
            return widths;
        };
        let (small, large): (Vec<usize>, Vec<usize>) = open.iter().partition(|n| widths[**n] <= share);
        if small.is_empty() {
            large.iter().for_each(|n| widths[*n] = share);
            return widths;
        }
        left -= small.iter().map(|n| widths[*n]).sum::<i32>();
        open = large;
    }
}
