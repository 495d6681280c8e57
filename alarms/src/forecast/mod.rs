//! What an alarm will do next: when it fires if what comes breaches, when it clears if nothing does, what silence does. Computed
//! by running the evaluator's rules forward over datapoints that might come.
//!
//! The unit is the alarm's datapoint: after k periods the evaluation range has lost its k oldest datapoints and has k new ones,
//! and the verdict over it is [`range::evaluate`]'s. In between an alarm over longer periods sees windows that hold old and
//! new samples; what those say depends on values that nobody knows.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::evaluate::range::{self, Point, Rule};
use crate::evaluate::reason::java_double;
use crate::model::{ComparisonOperator, MetricAlarm, StateValue};

/// Something that is to happen if what comes is of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// How many datapoints of that kind it takes.
    pub datapoints: u32,
    /// When the last of them is evaluated.
    pub at: Timestamp,
    /// The state then.
    pub state: StateValue,
}

/// What an alarm will do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// It fires if each datapoint that comes breaches; none while it is in ALARM, or if it never would.
    pub fires: Option<Ahead>,
    /// It leaves ALARM if no datapoint that comes breaches; none while it is not in ALARM.
    pub clears: Option<Ahead>,
    /// It changes if no datapoint comes; the last change that silence makes. None if silence changes nothing.
    pub silence: Option<Ahead>,
}

/// The forecast for an alarm in a state whose evaluation range at a time, which is a boundary of its periods, is `points`,
/// oldest first. `period` is in seconds.
///
/// ```
/// use alarms::evaluate::range::{Range, Rule};
/// use alarms::forecast::forecast;
/// use alarms::model::{StateValue, TreatMissingData};
///
/// let rule = Rule::new(3, 2, TreatMissingData::NotBreaching)?;
/// let range: Range = "000X0".parse()?;
/// let forecast = forecast(range.points(), &rule, StateValue::Ok, 60, "2026-11-27T10:44:00Z".parse()?);
/// let fires = forecast.fires.ok_or("it fires")?;
/// assert_eq!((fires.datapoints, fires.at.to_string().as_str()), (1, "2026-11-27T10:45:00Z"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn forecast(points: &[Point], rule: &Rule, state: StateValue, period: u32, at: Timestamp) -> Forecast {
    let run = |coming| Run {
        points: points.to_vec(),
        rule,
        state,
        coming,
        period,
        at,
    };
    let fires = run(Point::Breaching).first(|state| state == StateValue::Alarm);
    let clears = run(Point::Within).first(|state| state != StateValue::Alarm);
    Forecast {
        fires: fires.filter(|_| state != StateValue::Alarm),
        clears: clears.filter(|_| state == StateValue::Alarm),
        silence: run(Point::Missing).last_change(),
    }
}

/// A range into which one kind of point comes, period by period.
struct Run<'a> {
    points: Vec<Point>,
    rule: &'a Rule,
    state: StateValue,
    coming: Point,
    period: u32,
    at: Timestamp,
}

impl Run<'_> {
    /// The states after one datapoint, two, … until the range holds nothing else.
    fn states(mut self) -> Vec<Ahead> {
        let steps = u32::try_from(self.points.len()).unwrap_or(u32::MAX);
        (1..=steps)
            .filter_map(|datapoints| {
                self.points.rotate_left(1);
                if let Some(newest) = self.points.last_mut() {
                    *newest = self.coming;
                }
                self.state = range::evaluate(&self.points, self.rule, self.state).state;
                let ahead = SignedDuration::from_secs(i64::from(self.period) * i64::from(datapoints));
                Some(Ahead {
                    datapoints,
                    at: self.at.checked_add(ahead).ok()?,
                    state: self.state,
                })
            })
            .collect()
    }

    fn first(self, is_it: impl Fn(StateValue) -> bool) -> Option<Ahead> {
        self.states().into_iter().find(|ahead| is_it(ahead.state))
    }

    fn last_change(self) -> Option<Ahead> {
        let before = self.state;
        let states = self.states();
        let end = states.last()?.state;
        if end == before {
            return None;
        }
        // The first of the states that stay as the last one.
        states
            .into_iter()
            .rev()
            .take_while(|ahead| ahead.state == end)
            .last()
    }
}

impl Forecast {
    /// The forecast in sentences, for an alarm at a time: `fires in 1 min if the next datapoint breaches (> 5)`. Times are in the
    /// zone.
    #[must_use]
    pub fn sentences(&self, alarm: &MetricAlarm, at: Timestamp, zone: &TimeZone) -> Vec<String> {
        let mut told = Vec::new();
        if let Some(fires) = &self.fires {
            let which = match fires.datapoints {
                1 => "the next datapoint breaches".to_owned(),
                count => format!("the next {count} datapoints breach"),
            };
            told.push(format!(
                "fires in {} if {which} ({})",
                distance(at, fires.at),
                breach(alarm)
            ));
        }
        if let Some(clears) = &self.clears {
            told.push(format!(
                "clears {} if nothing breaches",
                clock(at, clears.at, zone)
            ));
        }
        if let Some(silence) = &self.silence {
            let when = clock(at, silence.at, zone);
            told.push(match (self.clears, silence.state) {
                (Some(_), StateValue::Ok) => format!("clears {when} if nothing comes"),
                (_, state) => format!("goes to {state} {when} if nothing comes"),
            });
        }
        told
    }
}

/// `> 5`.
fn breach(alarm: &MetricAlarm) -> String {
    let sign = match alarm.comparison_operator {
        ComparisonOperator::GreaterThanOrEqualToThreshold => ">=",
        ComparisonOperator::GreaterThanThreshold => ">",
        ComparisonOperator::LessThanThreshold => "<",
        ComparisonOperator::LessThanOrEqualToThreshold => "<=",
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => {
            return "outside of the band".to_owned();
        }
        ComparisonOperator::LessThanLowerThreshold => return "below the band".to_owned(),
        ComparisonOperator::GreaterThanUpperThreshold => return "above the band".to_owned(),
    };
    let threshold = java_double(alarm.threshold.unwrap_or_default());
    format!("{sign} {}", threshold.strip_suffix(".0").unwrap_or(&threshold))
}

/// `1 min`, `40 s`, `2 h 5 min`.
fn distance(from: Timestamp, to: Timestamp) -> String {
    let seconds = from.duration_until(to).as_secs().max(0);
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    let mut text = String::new();
    for (count, unit) in [(hours, "h"), (minutes, "min"), (seconds % 60, "s")] {
        // Seconds only where nothing larger is to be said.
        if count > 0 && (unit != "s" || text.is_empty()) {
            let blank = if text.is_empty() { "" } else { " " };
            text.push_str(&format!("{blank}{count} {unit}"));
        }
    }
    if text.is_empty() { "0 s".to_owned() } else { text }
}

/// `10:47`, with the day if it is another one.
fn clock(now: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let (now, at) = (now.to_zoned(zone.clone()), at.to_zoned(zone.clone()));
    let format = match (now.date() == at.date(), at.second()) {
        (true, 0) => "%H:%M",
        (true, _) => "%H:%M:%S",
        (false, _) => "%Y-%m-%d %H:%M",
    };
    at.strftime(format).to_string()
}
