//! States of alarms.

use crate::model::{AlarmProperties, AlarmSort, Content, Widget};

use super::grid::COLUMNS;
use super::{WatchedAlarm, arn};

/// Alarms of one widget.
const MOST: usize = 100;
/// Alarms beside each other, as wide as their names need.
const IN_A_ROW: usize = 4;

/// As many widgets as the alarms need.
pub(super) fn states(title: &str, alarms: &[&WatchedAlarm]) -> Vec<Widget> {
    let chunks: Vec<&[&WatchedAlarm]> = alarms.chunks(MOST).collect();
    let several = chunks.len() > 1;
    let widgets = chunks.iter().enumerate().map(|(place, alarms)| {
        let title = match several {
            true => format!("{title} ({} of {})", place + 1, chunks.len()),
            false => title.to_owned(),
        };
        let properties = AlarmProperties {
            alarms: alarms.iter().map(|alarm| arn::alarm(&alarm.name)).collect(),
            title: Some(title),
            sort_by: Some(AlarmSort::StateUpdatedTimestamp),
            ..AlarmProperties::default()
        };
        let rows = u32::try_from(alarms.len().div_ceil(IN_A_ROW)).unwrap_or(u32::MAX);
        Widget::sized(
            COLUMNS,
            (rows * 4 / 5 + 1).clamp(2, 20),
            Content::Alarm(properties),
        )
    });
    widgets.collect()
}
