//! PNG from SVG, with the fonts of this crate and none of the system's: the same picture everywhere.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::DrawError;

const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");

/// Pixels of the longest picture: beyond it the memory for one is no longer reasonable.
const MOST_PIXELS: u64 = 120_000_000;

/// The picture as PNG.
///
/// # Errors
/// The SVG is none, or too large.
pub fn png(svg: &str) -> Result<Vec<u8>, DrawError> {
    let wrong = |error: &dyn std::fmt::Display| DrawError::Raster(error.to_string());
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options = Options {
        fontdb: Arc::new(fonts),
        font_family: "DejaVu Sans".to_owned(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| wrong(&error))?;
    let size = tree.size().to_int_size();
    if u64::from(size.width()) * u64::from(size.height()) > MOST_PIXELS {
        return Err(DrawError::Raster(format!(
            "{} x {} pixels are too many: draw it narrower, or as SVG",
            size.width(),
            size.height()
        )));
    }
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| wrong(&"it has no size"))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| wrong(&error))
}
