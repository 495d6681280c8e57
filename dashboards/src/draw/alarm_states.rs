//! States of alarms. The state is written too: colour alone says nothing to some people.

use plotters::style::Color;

use alarms::model::StateValue;

use crate::model::{AlarmProperties, AlarmSort};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::data::{AlarmStatus, Data};
use super::{page, scale, style};

/// Pixels of an alarm.
const HEIGHT: i32 = 36;
const WIDTH: i32 = 300;

pub(super) fn draw(area: &Area<'_>, place: Place, properties: &AlarmProperties, data: &dyn Data) -> Drawn {
    let mut alarms: Vec<(&str, Option<AlarmStatus>)> = properties
        .alarms
        .iter()
        .map(|arn| (name(arn), data.alarm(arn)))
        .collect();
    if !properties.states.is_empty() {
        let wanted = |status: &AlarmStatus| properties.states.contains(&status.state);
        alarms.retain(|(_, status)| status.as_ref().is_some_and(wanted));
    }
    sort(&mut alarms, properties.sort_by.unwrap_or(AlarmSort::Default));
    if alarms.is_empty() {
        return page::remark(area, place, "no alarm in these states");
    }
    let columns = (place.width / WIDTH).max(1);
    let width = place.width / columns;
    let fits = usize::try_from(columns * (place.height / HEIGHT).max(1)).unwrap_or(1);
    let cut = alarms.len() > fits;
    let shown = if cut { fits - 1 } else { alarms.len() };
    for (n, (name, status)) in (0..).zip(&alarms[..shown]) {
        chip(area, cell(place, n, columns, width), name, status.as_ref())?;
    }
    if cut {
        let n = i32::try_from(shown).unwrap_or_default();
        let at = cell(place, n, columns, width);
        let more = format!("and {} more", alarms.len() - shown);
        canvas::text(
            area,
            &more,
            (at.x + 8, at.y + HEIGHT / 2 - 2),
            Ink::new(11).color(style::QUIET),
        )?;
    }
    Ok(())
}

fn cell(place: Place, n: i32, columns: i32, width: i32) -> Place {
    Place {
        x: place.x + n % columns * width,
        y: place.y + n / columns * HEIGHT,
        width: width - 6,
        height: HEIGHT - 5,
    }
}

/// One alarm in the place of a graph.
pub(super) fn one(area: &Area<'_>, place: Place, arn: &str, status: Option<&AlarmStatus>) -> Drawn {
    let place = Place {
        y: place.y + (place.height - HEIGHT) / 2,
        height: HEIGHT,
        ..place
    };
    chip(area, place, name(arn), status)
}

/// The last part of the ARN.
fn name(arn: &str) -> &str {
    arn.splitn(7, ':').last().unwrap_or(arn)
}

fn chip(area: &Area<'_>, place: Place, name: &str, status: Option<&AlarmStatus>) -> Drawn {
    let (color, word) = match status.map(|status| status.state) {
        Some(StateValue::Alarm) => (style::ALARM, "ALARM"),
        Some(StateValue::Ok) => (style::OK, "OK"),
        Some(StateValue::InsufficientData) => (style::QUIET, "INSUFFICIENT_DATA"),
        None => (style::QUIET, "state not known"),
    };
    let alarming = status.is_some_and(|status| status.state == StateValue::Alarm);
    let background = if alarming {
        style::light(color, 0.14)
    } else {
        style::CARD.mix(1.0)
    };
    canvas::fill(area, place, background.filled())?;
    canvas::fill(area, place, style::BORDER.stroke_width(1))?;
    let bar = Place { width: 5, ..place };
    canvas::fill(area, bar, color.filled())?;
    let since = status
        .and_then(|status| status.since)
        .map(|since| format!(" since {}", scale::clock(since)));
    let state = format!("{word}{}", since.unwrap_or_default());
    let room = u32::try_from(place.width - 18).unwrap_or_default();
    let upper = if place.height >= 28 { 10 } else { place.height / 2 };
    let ink = if alarming {
        Ink::new(12).bold()
    } else {
        Ink::new(12)
    };
    canvas::fitted(area, name, (place.x + 12, place.y + upper), room, ink)?;
    canvas::fitted(
        area,
        &state,
        (place.x + 12, place.y + upper + 14),
        room,
        Ink::new(10).color(color),
    )
}

fn sort(alarms: &mut [(&str, Option<AlarmStatus>)], by: AlarmSort) {
    let since = |status: &Option<AlarmStatus>| status.as_ref().and_then(|status| status.since);
    let rank = |status: &Option<AlarmStatus>| match status.as_ref().map(|status| status.state) {
        Some(StateValue::Alarm) => 0,
        Some(StateValue::InsufficientData) => 1,
        Some(StateValue::Ok) => 2,
        None => 3,
    };
    alarms.sort_by(|(a, of_a), (b, of_b)| {
        let newest = since(of_b).cmp(&since(of_a));
        let order = match by {
            AlarmSort::Default => std::cmp::Ordering::Equal,
            AlarmSort::StateUpdatedTimestamp => rank(of_a).cmp(&rank(of_b)).then(newest),
            AlarmSort::Timestamp => newest,
        };
        order.then(a.cmp(b))
    });
}
