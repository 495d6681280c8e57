//! Colours, sizes, fonts. The colours are those of Okabe and Ito, which people with any kind of colour vision tell apart, in an
//! order that puts contrast first.

use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor};

/// Families with nearly the same widths, the first of which a PNG has. `raster` knows the first one.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

pub(super) const PAGE: RGBColor = RGBColor(242, 243, 243);
pub(super) const CARD: RGBColor = RGBColor(255, 255, 255);
pub(super) const BORDER: RGBColor = RGBColor(209, 213, 219);
pub(super) const INK: RGBColor = RGBColor(22, 25, 31);
pub(super) const QUIET: RGBColor = RGBColor(84, 91, 100);
pub(super) const FAINT: RGBColor = RGBColor(226, 229, 233);
pub(super) const LINK: RGBColor = RGBColor(0, 92, 158);
pub(super) const ALARM: RGBColor = RGBColor(190, 60, 0);
pub(super) const OK: RGBColor = RGBColor(0, 120, 90);

/// Vermilion and orange are not among them: those are thresholds.
const SERIES: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(51, 34, 136),
    RGBColor(127, 127, 127),
    RGBColor(136, 34, 85),
    RGBColor(153, 153, 51),
];

/// The colour of a line by its place.
pub(super) fn series(place: usize) -> RGBColor {
    SERIES[place % SERIES.len()]
}

/// `#1f77b4`, `#aaa`.
pub(super) fn parse(text: &str) -> Option<RGBColor> {
    let digits = text.strip_prefix('#')?;
    let long: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    let part = |from: usize| u8::from_str_radix(long.get(from..from + 2)?, 16).ok();
    Some(RGBColor(part(0)?, part(2)?, part(4)?))
}

/// A colour as it looks through white: areas of it do not darken each other.
pub(super) fn pale(color: RGBColor, share: f64) -> RGBColor {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 255"
    )]
    let through = |part: u8| (255.0 - (255.0 - f64::from(part)) * share).round() as u8;
    RGBColor(through(color.0), through(color.1), through(color.2))
}

/// A colour through which others are seen.
pub(super) fn light(color: RGBColor, share: f64) -> RGBAColor {
    color.mix(share)
}

/// The backend writes sizes divided by this.
const BACKEND: f64 = 1.24;

/// A font, with the size in pixels.
pub(super) fn font(size: u32, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), f64::from(size) * BACKEND, style)
}
