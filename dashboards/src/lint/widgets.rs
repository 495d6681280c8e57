//! Widgets as such: their places, titles, and whether one is there twice.

use std::collections::BTreeMap;

use crate::model::{Body, Content, Widget};

use super::checks::{DUPLICATE_WIDGET, MISSING_TITLE, NOTHING_VISIBLE, OFF_GRID, OVERLAPPING_WIDGETS};
use super::report::Report;

/// Columns of a dashboard.
const COLUMNS: u32 = 24;

pub(super) fn check(body: &Body, report: &mut Report) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (place, widget) in body.widgets.iter().enumerate() {
        let path = format!("/widgets/{place}");
        if let (Some(x), true) = (widget.x, widget.x.is_some_and(|x| x + widget.width > COLUMNS)) {
            let end = x + widget.width;
            report.say(
                &OFF_GRID,
                &path,
                format!("it ends in column {end}, and a dashboard has {COLUMNS}: CloudWatch moves it"),
            );
        }
        title(widget, &path, report);
        visible(widget, &path, report);
        // Titles differ where what is shown does not.
        if let Some(shown) = shown(widget) {
            match seen.get(&shown) {
                Some(first) => report.say(
                    &DUPLICATE_WIDGET,
                    &path,
                    format!("it shows what /widgets/{first} shows"),
                ),
                None => {
                    seen.insert(shown, place);
                }
            }
        }
        for (other, earlier) in body.widgets[..place].iter().enumerate() {
            if overlap(widget, earlier) {
                report.say(
                    &OVERLAPPING_WIDGETS,
                    &path,
                    format!("it lies on /widgets/{other}"),
                );
            }
        }
    }
}

fn title(widget: &Widget, path: &str, report: &mut Report) {
    let stands_for_itself = match &widget.content {
        Content::Text(_) => true,
        // CloudWatch shows the alarm's name.
        Content::Metric(metric) => metric.metrics.is_none(),
        _ => false,
    };
    if !stands_for_itself && widget.title().is_none_or(|title| title.trim().is_empty()) {
        report.say(&MISSING_TITLE, path, "it has no title");
    }
}

fn visible(widget: &Widget, path: &str, report: &mut Report) {
    if let Content::Metric(metric) = &widget.content {
        let lines = metric.lines();
        if !lines.is_empty() && !lines.iter().any(crate::model::Line::is_visible) {
            report.say(
                &NOTHING_VISIBLE,
                path,
                "every line is hidden: set visible of one to true",
            );
        }
    }
}

/// What a widget shows, without place and title; none for text, of which a blank one is often there twice.
fn shown(widget: &Widget) -> Option<String> {
    let mut content = widget.content.clone();
    match &mut content {
        Content::Text(_) => return None,
        Content::Metric(metric) => metric.title = None,
        Content::Log(log) => log.title = None,
        Content::Alarm(alarm) => alarm.title = None,
        Content::Explorer(explorer) => explorer.title = None,
        Content::Custom(custom) => custom.title = None,
    }
    serde_json::to_string(&content).ok()
}

/// Widgets without place are put where there is room.
fn overlap(a: &Widget, b: &Widget) -> bool {
    let apart = |a: u32, a_size: u32, b: u32, b_size: u32| {
        a.saturating_add(a_size) <= b || b.saturating_add(b_size) <= a
    };
    match (a.x, a.y, b.x, b.y) {
        (Some(ax), Some(ay), Some(bx), Some(by)) => {
            !apart(ax, a.width, bx, b.width) && !apart(ay, a.height, by, b.height)
        }
        _ => false,
    }
}
