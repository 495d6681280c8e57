//! Results of queries over logs: rows, or bars and circles of the first column with the second.

use crate::model::{LogProperties, LogView};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::data::Logs;
use super::metric::Value;
use super::{bars, circle, page, style, table};

/// Pixels of a remark below the rows.
const REMARK: i32 = 18;

pub(super) fn draw(area: &Area<'_>, place: Place, properties: &LogProperties, logs: Option<&Logs>) -> Drawn {
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
        LogView::Table | LogView::TimeSeries => table::draw(area, inner, &logs.columns, &logs.rows),
    }
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
