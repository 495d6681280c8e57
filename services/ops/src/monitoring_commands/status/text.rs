//! How `alarms status` looks: for people and for programs.

use alarms::evaluate::range::Point;
use alarms::model::StateValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::range::Range;
use super::{Shown, Watched};

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const GREY: &str = "\u{1b}[90m";
const PLAIN: &str = "\u{1b}[0m";

/// For people. Times are in UTC, as in CloudWatch's reasons.
pub(super) fn text(shown: &[Shown], now: Timestamp, colored: bool) -> String {
    let count = |state| shown.iter().filter(|shown| shown.state == state).count();
    let mut text = format!(
        "{}: {} ALARM, {} OK, {} INSUFFICIENT_DATA\n",
        now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        count(StateValue::Alarm),
        count(StateValue::Ok),
        count(StateValue::InsufficientData)
    );
    for one in shown {
        text.push_str(&alarm(one, colored));
    }
    text
}

fn alarm(shown: &Shown, colored: bool) -> String {
    let state = painted(shown.state, colored);
    let since = shown
        .since
        .map(|at| at.strftime(" since %Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default();
    let mut text = format!("\n{}  {state}{since}\n  {}\n", shown.name, shown.reason);
    if let Some(by) = &shown.suppressed_by {
        text.push_str(&format!("  actions are held back: {by}\n"));
    }
    match &shown.watched {
        Some(Watched {
            definition,
            range: Ok(range),
        }) => {
            text.push_str(&format!("  points, newest right: {}\n", points(range)));
            for sentence in range.forecast.sentences(definition, range.at, &TimeZone::UTC) {
                text.push_str(&format!("  {sentence}\n"));
            }
        }
        Some(Watched { range: Err(told), .. }) => text.push_str(&format!("  no forecast: {told}\n")),
        None => {}
    }
    text
}

fn painted(state: StateValue, colored: bool) -> String {
    let color = match state {
        StateValue::Alarm => RED,
        StateValue::Ok => GREEN,
        StateValue::InsufficientData => GREY,
    };
    if colored {
        format!("{color}{state}{PLAIN}")
    } else {
        state.to_string()
    }
}

/// Values with a mark where they breach; `-` is missing.
fn points(range: &Range) -> String {
    let one = |(point, value): (&Point, &Option<f64>)| match (point, value) {
        (Point::Missing, _) | (_, None) => "-".to_owned(),
        (Point::Within, Some(value)) => number(*value),
        (Point::Breaching, Some(value)) => format!("{}!", number(*value)),
    };
    let all: Vec<String> = range.points.iter().zip(&range.values).map(one).collect();
    all.join(" ")
}

fn number(value: f64) -> String {
    let rounded = format!("{value:.3}");
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    short.to_owned()
}

/// For programs.
pub(super) fn json(shown: &[Shown]) -> Value {
    shown.iter().map(one).collect()
}

fn one(shown: &Shown) -> Value {
    let mut told = json!({
        "name": shown.name,
        "state": shown.state,
        "since": shown.since,
        "reason": shown.reason,
    });
    if let Some(by) = &shown.suppressed_by {
        told["actionsSuppressedBy"] = json!(by);
    }
    match &shown.watched {
        Some(Watched {
            definition,
            range: Ok(range),
        }) => {
            let marks: String = alarms::evaluate::range::Range::from(range.points.clone()).to_string();
            told["range"] = json!({"points": marks, "values": range.values, "at": range.at});
            let ahead = |ahead: Option<alarms::forecast::Ahead>| match ahead {
                Some(ahead) => json!({"datapoints": ahead.datapoints, "at": ahead.at, "state": ahead.state}),
                None => Value::Null,
            };
            told["forecast"] = json!({
                "ifItBreaches": ahead(range.forecast.fires),
                "ifNothingBreaches": ahead(range.forecast.clears),
                "ifNothingComes": ahead(range.forecast.silence),
                "sentences": range.forecast.sentences(definition, range.at, &TimeZone::UTC),
            });
        }
        Some(Watched { range: Err(why), .. }) => told["noForecast"] = json!(why),
        None => {}
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarms::evaluate::range::Rule;
    use alarms::forecast::forecast;
    use alarms::model::{MetricAlarm, Stat, TreatMissingData};

    #[test]
    fn an_alarm_is_shown_with_its_range_and_forecast() {
        let at: Timestamp = "2026-11-27T10:44:00Z".parse().unwrap();
        let rule = Rule::new(1, 1, TreatMissingData::NotBreaching).unwrap();
        let points: alarms::evaluate::range::Range = "0-X".parse().unwrap();
        let mut definition = MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60);
        definition.threshold = Some(5.0);
        let shown = Shown {
            name: "shopfast-order-service-errors".to_owned(),
            state: StateValue::Alarm,
            since: Some("2026-11-27T10:44:00.5Z".parse().unwrap()),
            reason: "Threshold Crossed: 1 datapoint [7.25 (27/11/26 10:43:00)] was greater than the threshold (5.0)."
                .to_owned(),
            suppressed_by: None,
            watched: Some(Watched {
                definition,
                range: Ok(Range {
                    forecast: forecast(points.points(), &rule, StateValue::Alarm, 60, at),
                    points: points.points().to_vec(),
                    values: vec![Some(0.0), None, Some(7.25)],
                    at,
                }),
            }),
        };
        let printed = text(&[shown], at, false);
        assert_eq!(
            printed,
            "2026-11-27 10:44:00 UTC: 1 ALARM, 0 OK, 0 INSUFFICIENT_DATA\n\n\
             shopfast-order-service-errors  ALARM since 2026-11-27 10:44:00\n  Threshold Crossed: 1 datapoint \
             [7.25 (27/11/26 10:43:00)] was greater than the threshold (5.0).\n  \
             points, newest right: 0 - 7.25!\n  clears 10:45 if nothing breaches\n  clears 10:47 if nothing comes\n"
        );
        let page = include_str!("../../../monitoring/README.md");
        let example = format!("$ shopwatch alarms status shopfast-order-service-errors\n{printed}```\n");
        assert!(page.contains(&example), "the page has another example");
    }
}
