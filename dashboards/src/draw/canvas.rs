//! A drawing area with what widgets need of it: boxes, lines, text. Text is escaped by the backend.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, PathElement, Polygon, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoTextStyle, RGBColor, ShapeStyle};

use super::{DrawError, measure, style};

/// The whole picture.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A rectangle of the picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Place {
    /// Without margins.
    pub(super) fn inner(self, horizontal: i32, vertical: i32) -> Self {
        Self {
            x: self.x + horizontal,
            y: self.y + vertical,
            width: (self.width - 2 * horizontal).max(1),
            height: (self.height - 2 * vertical).max(1),
        }
    }

    /// Without its upper rows.
    pub(super) fn below(self, rows: i32) -> Self {
        Self {
            y: self.y + rows,
            height: (self.height - rows).max(1),
            ..self
        }
    }

    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }

    pub(super) fn room(self) -> u32 {
        u32::try_from(self.width).unwrap_or_default()
    }
}

/// Where text is, seen from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Begin,
    /// It is around it.
    Middle,
    /// It ends there.
    End,
}

/// How text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) size: u32,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
    pub(super) anchor: Anchor,
}

impl Ink {
    pub(super) const fn new(size: u32) -> Self {
        Self {
            size,
            bold: false,
            color: style::INK,
            anchor: Anchor::Begin,
        }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) const fn color(self, color: RGBColor) -> Self {
        Self { color, ..self }
    }

    pub(super) const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

pub(super) type Drawn = Result<(), DrawError>;

/// Makes the backend's errors ours.
pub(super) fn drawn<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, DrawError> {
    result.map_err(|error| DrawError::Drawing(error.to_string()))
}

pub(super) fn fill(area: &Area<'_>, place: Place, style: impl Into<ShapeStyle>) -> Drawn {
    let corners = [(place.x, place.y), (place.right(), place.bottom())];
    drawn(area.draw(&Rectangle::new(corners, style.into())))
}

pub(super) fn path(area: &Area<'_>, points: Vec<(i32, i32)>, style: impl Into<ShapeStyle>) -> Drawn {
    drawn(area.draw(&PathElement::new(points, style.into())))
}

pub(super) fn polygon(area: &Area<'_>, points: Vec<(i32, i32)>, style: impl Into<ShapeStyle>) -> Drawn {
    drawn(area.draw(&Polygon::new(points, style.into())))
}

/// Text in the middle of its line: `at` is the middle.
pub(super) fn text(area: &Area<'_>, text: &str, at: (i32, i32), ink: Ink) -> Drawn {
    let horizontal = match ink.anchor {
        Anchor::Begin => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let style = style::font(ink.size, ink.bold)
        .into_text_style(area)
        .color(&ink.color)
        .pos(Pos::new(horizontal, VPos::Center));
    // XML has no control characters, not even escaped ones.
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    drawn(area.draw(&Text::new(text, at, style)))
}

/// Text that is cut where the room ends.
pub(super) fn fitted(area: &Area<'_>, words: &str, at: (i32, i32), room: u32, ink: Ink) -> Drawn {
    text(area, &measure::fitted(words, room, ink.size, ink.bold), at, ink)
}

/// The same line every few pixels: a dashed one between two points on a row.
pub(super) fn dashes(area: &Area<'_>, (from, to): (i32, i32), y: i32, color: RGBColor) -> Drawn {
    let mut x = from;
    while x < to {
        path(area, vec![(x, y), ((x + 6).min(to), y)], color.stroke_width(1))?;
        x += 10;
    }
    Ok(())
}

/// As [`dashes`], downwards.
pub(super) fn dashes_down(area: &Area<'_>, (from, to): (i32, i32), x: i32, color: RGBColor) -> Drawn {
    let mut y = from;
    while y < to {
        path(area, vec![(x, y), (x, (y + 6).min(to))], color.stroke_width(1))?;
        y += 10;
    }
    Ok(())
}
