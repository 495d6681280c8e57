//! Dashboards as pictures, for a person without a console: SVG, and PNG from it. Data come through [`Data`]; times are UTC.
//!
//! Lines, areas and axes are `plotters`' work; the PNG is the SVG rasterised with the fonts in `fonts/`, so both look alike.
//! What does not belong here: where data come from, and what a dashboard should show.

mod alarm_states;
mod arithmetic;
mod bars;
mod canvas;
mod circle;
mod curves;
mod custom;
mod data;
mod gauge;
mod grid;
mod html;
mod logs;
mod markdown;
mod marks;
mod measure;
mod metric;
mod numbers;
mod page;
mod raster;
mod scale;
mod style;
mod table;

#[cfg(test)]
mod tests;

pub use arithmetic::{Recorded, Rows, curves, is_for_the_service, metric_of, queries, reduced};
pub use custom::{CustomAsk, calls};
pub use data::{AlarmStatus, Curve, CustomAnswer, Data, LogAsk, Logs, MetricAsk, NoData, Range};
pub use page::{Page, asks, svg};
pub use raster::png;

/// What can go wrong while drawing.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The picture cannot be made.
    #[error("the picture cannot be drawn: {0}")]
    Drawing(String),
    /// The SVG cannot be made a PNG.
    #[error("the picture cannot be made a PNG: {0}")]
    Raster(String),
}
