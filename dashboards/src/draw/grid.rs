//! Where widgets are: the grid of a dashboard in pixels.

use crate::model::Widget;

use super::canvas::Place;

/// Columns of a dashboard.
const COLUMNS: i32 = 24;
/// Pixels of a row.
const ROW: i32 = 46;
/// Pixels between widgets.
pub(super) const GAP: i32 = 8;
/// Pixels of the line with title and range.
pub(super) const HEAD: i32 = 40;

/// Widgets with their pixels. One without a place goes below all others, as CloudWatch has it.
pub(super) fn placed(widgets: &[Widget], width: i32) -> Vec<(Place, &Widget)> {
    let signed = |number: u32| {
        i32::try_from(number)
            .unwrap_or(i32::MAX / 1_000)
            .min(i32::MAX / 1_000)
    };
    let mut next = 0;
    let mut placed = Vec::new();
    for widget in widgets {
        let (x, y) = match (widget.x, widget.y) {
            (Some(x), Some(y)) => (signed(x), signed(y)),
            _ => (0, next),
        };
        let (columns, rows) = (signed(widget.width), signed(widget.height));
        next = next.max(y + rows);
        let edge = |column: i32| GAP + column * width / COLUMNS;
        let place = Place {
            x: edge(x) + GAP / 2,
            y: HEAD + y * ROW + GAP / 2,
            width: edge(x + columns) - edge(x) - GAP,
            height: rows * ROW - GAP,
        };
        placed.push((place, widget));
    }
    placed
}
