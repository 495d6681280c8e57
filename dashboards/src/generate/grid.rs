//! Places on the grid of 24 columns: shelves, filled from the left, one below the other. Nothing overlaps, nothing sticks out.

use crate::model::{Background, Content, TextProperties, Widget};

/// Columns of a dashboard.
pub(super) const COLUMNS: u32 = 24;
/// Rows of a graph.
pub(super) const GRAPH: u32 = 6;

/// Widgets in their places.
#[derive(Debug, Default)]
pub(super) struct Grid {
    placed: Vec<Widget>,
    /// Where the shelf begins, and how high it is.
    y: u32,
    height: u32,
    /// How far the shelf is filled.
    x: u32,
}

impl Grid {
    /// On the shelf when there is room, else on the next one.
    pub(super) fn put(&mut self, mut widget: Widget) {
        widget.width = widget.width.min(COLUMNS);
        if self.x + widget.width > COLUMNS {
            self.next_shelf();
        }
        widget.x = Some(self.x);
        widget.y = Some(self.y);
        self.x += widget.width;
        self.height = self.height.max(widget.height);
        self.placed.push(widget);
    }

    /// Widgets of one row: a new shelf, its width shared equally.
    pub(super) fn row(&mut self, widgets: Vec<Widget>) {
        self.next_shelf();
        let count = u32::try_from(widgets.len()).unwrap_or(COLUMNS).clamp(1, COLUMNS);
        let share = COLUMNS / count;
        for mut widget in widgets {
            widget.width = share;
            self.put(widget);
        }
        self.next_shelf();
    }

    /// Text over the whole width.
    pub(super) fn text(&mut self, markdown: String, height: u32) {
        self.next_shelf();
        let content = Content::Text(TextProperties {
            markdown,
            background: Some(Background::Transparent),
            ..TextProperties::default()
        });
        self.put(Widget::sized(COLUMNS, height, content));
        self.next_shelf();
    }

    pub(super) fn next_shelf(&mut self) {
        self.y += self.height;
        self.height = 0;
        self.x = 0;
    }

    pub(super) fn done(self) -> Vec<Widget> {
        self.placed
    }
}
