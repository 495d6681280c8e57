//! What an alarm does whose math makes values of missing datapoints (`FILL`, `IF` over a comparison, `TIME_SERIES`): asked of the
//! evaluator itself, with series that are good, that breach and that stop.
//!
//! The rules about missing data say nothing of such an alarm, because nothing is missing where they look. So nothing is reasoned
//! here: inputs are sought with which a datapoint breaches and with which it does not, and the alarm is run over them, a datapoint a
//! period. Times are in periods.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::evaluate::range::Point;
use crate::evaluate::series::Evaluator;
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::expression::{Function, Node, parse};
use crate::model::{MetricAlarm, StateValue, time_zone};

use super::inputs::{Inputs, candidates};

/// What comes, and for how many periods.
type Phase<'a> = (&'a Inputs, u32);

/// An alarm, and what to run it over.
#[derive(Debug)]
pub(super) struct Rehearsal<'a> {
    alarm: &'a MetricAlarm,
    /// Seconds.
    period: i64,
    /// Periods of an evaluation range.
    range: u32,
    nothing: Inputs,
    good: Inputs,
    /// None where no input was found with which a datapoint breaches.
    bad: Option<Inputs>,
    /// When trouble begins: it may be trouble at some hours only.
    begins: Timestamp,
    asks_the_clock: bool,
}

impl<'a> Rehearsal<'a> {
    /// None: the alarm is over data as they come, missing stays missing, or no input was found with which a datapoint is good.
    pub(super) fn of(alarm: &'a MetricAlarm) -> Option<Self> {
        if alarm.metrics.is_empty() || alarm.threshold_metric_id.is_some() {
            return None;
        }
        let evaluator = Evaluator::new(alarm, Switches::DEFAULT).ok()?;
        let metrics = evaluator.metrics().count();
        let mut found = Self {
            alarm,
            period: i64::from(alarm.effective_period()?),
            range: evaluator.rule().range(),
            nothing: vec![None; metrics],
            good: vec![None; metrics],
            bad: None,
            begins: monday(alarm)?,
            asks_the_clock: asks_the_clock(alarm),
        };
        let good = |inputs: &Inputs| found.point(inputs, found.begins) == Point::Within;
        let tried = candidates(metrics, alarm.threshold.unwrap_or_default());
        found.good = tried.iter().find(|inputs| good(inputs))?.clone();
        found.seek_trouble(&tried);
        found.fills().then_some(found)
    }

    fn seek_trouble(&mut self, tried: &[Inputs]) {
        const DAY: i64 = 86_400;
        let end = if self.asks_the_clock { DAY } else { self.period };
        let mut after = 0;
        while after < end && self.bad.is_none() {
            let Some(begins) = later(self.begins, after) else {
                return;
            };
            let Some(ends) = later(begins, self.period) else {
                return;
            };
            let breaches = |inputs: &&Inputs| self.point(inputs, ends) == Point::Breaching;
            // The strongest trouble first: it is the soonest to be seen.
            if let Some(bad) = tried.iter().rev().find(breaches) {
                (self.bad, self.begins) = (Some(bad.clone()), begins);
            }
            after += self.period;
        }
    }

    /// Does a gap after good data, or between, have a value?
    fn fills(&self) -> bool {
        let Ok(mut evaluator) = Evaluator::new(self.alarm, Switches::DEFAULT) else {
            return false;
        };
        let silent = (self.range / 2).max(1);
        let Some(at) = later(self.begins, self.period * i64::from(silent)) else {
            return false;
        };
        self.push(&mut evaluator, &self.good, self.begins, self.range);
        evaluator.evaluate(at);
        let periods = evaluator.periods(at);
        periods
            .iter()
            .rev()
            .take(silent as usize)
            .any(|period| period.value.is_some())
    }

    /// What the newest datapoint at a time counts as, if this came all the time.
    fn point(&self, inputs: &Inputs, at: Timestamp) -> Point {
        let Ok(mut evaluator) = Evaluator::new(self.alarm, Switches::DEFAULT) else {
            return Point::Missing;
        };
        self.push(&mut evaluator, inputs, at, self.range);
        evaluator.evaluate(at);
        evaluator
            .periods(at)
            .last()
            .map_or(Point::Missing, |newest| newest.point)
    }

    /// So many datapoints before a time.
    fn push(&self, evaluator: &mut Evaluator, inputs: &Inputs, before: Timestamp, periods: u32) {
        for back in (1..=i64::from(periods)).rev() {
            if let Some(at) = later(before, -back * self.period) {
                push_one(evaluator, inputs, at);
            }
        }
    }

    /// The states after each period from `begins` on. The first phase is over then, the second begins; the last goes on for as long
    /// as is looked. Data are seen so many periods late.
    fn run(&self, phases: &[Phase<'_>], state: StateValue, late: u32, periods: u32) -> Vec<StateValue> {
        let Ok(evaluator) = Evaluator::new(self.alarm, Switches::DEFAULT) else {
            return Vec::new();
        };
        let mut evaluator = evaluator.in_state(state);
        let mut coming: Vec<&Inputs> = Vec::new();
        for (inputs, periods) in phases {
            coming.extend(std::iter::repeat_n(*inputs, *periods as usize));
        }
        let lead = phases.first().map_or(0, |(_, periods)| i64::from(*periods));
        let mut seen = 0;
        let mut states = Vec::new();
        for after in 0..=i64::from(periods) {
            let visible = usize::try_from(after + lead - i64::from(late)).unwrap_or(0);
            while seen < visible {
                let inputs = coming.get(seen).or(coming.last());
                let place = i64::try_from(seen).unwrap_or(0) - lead;
                if let (Some(inputs), Some(at)) = (inputs, later(self.begins, place * self.period)) {
                    push_one(&mut evaluator, inputs, at);
                }
                seen += 1;
            }
            if let Some(at) = later(self.begins, after * self.period) {
                states.push(evaluator.evaluate(at).verdict.state);
            }
        }
        states
    }

    fn long(&self) -> u32 {
        3 * self.range
    }

    fn n(&self) -> u32 {
        self.alarm.evaluation_periods
    }

    /// The state in the end of an alarm that never gets a datapoint; none if it keeps the one that it has.
    pub(super) fn without_data(&self) -> Option<StateValue> {
        let from = |state| {
            self.run(&[(&self.nothing, 0)], state, 0, self.long())
                .last()
                .copied()
        };
        let (after_ok, after_alarm) = (from(StateValue::Ok), from(StateValue::Alarm));
        after_ok.filter(|_| after_ok == after_alarm)
    }

    /// Periods of silence after good data until it is in ALARM; none if silence does not bring it there.
    pub(super) fn silence_fires(&self) -> Option<u32> {
        let phases = [(&self.good, self.range + 1), (&self.nothing, 1)];
        first(&self.run(&phases, StateValue::Ok, 0, self.long()), |state| {
            state == StateValue::Alarm
        })
    }

    /// Periods from one breach in the midst of silence to ALARM.
    pub(super) fn one_breach_fires(&self) -> Option<u32> {
        let phases = [(&self.nothing, 0), (self.bad.as_ref()?, 1), (&self.nothing, 1)];
        let states = self.run(&phases, StateValue::Ok, 0, self.long());
        first(&states, |state| state == StateValue::Alarm)
    }

    /// Seconds from the begin of trouble to ALARM, as soon as it can be: each step of `step` seconds brings the worst datapoint.
    pub(super) fn soonest(&self, step: i64) -> Option<i64> {
        let bad = self.bad.as_ref()?;
        let mut evaluator = Evaluator::new(self.alarm, Switches::DEFAULT)
            .ok()?
            .in_state(StateValue::Ok);
        let mut lead = -self.period * i64::from(self.range + 1);
        while lead < 0 {
            push_one(&mut evaluator, &self.good, later(self.begins, lead)?);
            lead += step;
        }
        let mut pushed = 0;
        for period in 0..i64::from(self.range) {
            for after in [period * self.period + step, (period + 1) * self.period] {
                while pushed < after {
                    push_one(&mut evaluator, bad, later(self.begins, pushed)?);
                    pushed += step;
                }
                let state = evaluator.evaluate(later(self.begins, after)?).verdict.state;
                if state == StateValue::Alarm {
                    return Some(after);
                }
            }
        }
        None
    }

    /// Periods from the end of trouble until it leaves ALARM, with data that are good.
    pub(super) fn recovers(&self) -> Option<u32> {
        self.leaves(&self.good).map(|(periods, _)| periods)
    }

    /// Periods from the end of trouble until it leaves ALARM if nothing comes, and for which state.
    pub(super) fn falls_silent(&self) -> Option<(u32, StateValue)> {
        self.leaves(&self.nothing)
    }

    fn leaves(&self, then: &Inputs) -> Option<(u32, StateValue)> {
        // Trouble that depends on the clock may not last longer than it takes to fire.
        let lasts = if self.asks_the_clock {
            self.alarm.datapoints_to_alarm()
        } else {
            self.n()
        };
        let phases = [
            (&self.good, self.range + 1),
            (self.bad.as_ref()?, lasts),
            (then, 1),
        ];
        let states = self.run(&phases, StateValue::Ok, 0, self.long() + lasts);
        let after = states.get(lasts as usize..)?;
        let left = first(after, |state| state != StateValue::Alarm)?;
        Some((left, *after.get(left as usize)?))
    }

    /// Has it a datapoint that breaches at all, with any data that were tried?
    pub(super) const fn can_breach(&self) -> bool {
        self.bad.is_some()
    }

    /// The fewest periods that data must be late for trouble that does not end never to fire. None if it fires however late.
    pub(super) fn late_data_hides(&self) -> Option<u32> {
        let bad = self.bad.as_ref().filter(|_| !self.asks_the_clock)?;
        (1..=self.range + 1).find(|late| {
            let phases = [(&self.good, self.range + late), (bad, 1)];
            let states = self.run(&phases, StateValue::Ok, *late, self.long() + late);
            first(&states, |state| state == StateValue::Alarm).is_none()
        })
    }

    /// The fewest periods that good data must be late to fire.
    pub(super) fn late_data_fires(&self) -> Option<u32> {
        (1..=self.range + 1).find(|late| {
            let states = self.run(
                &[(&self.good, self.range + late)],
                StateValue::Ok,
                *late,
                self.long(),
            );
            states.contains(&StateValue::Alarm)
        })
    }
}

fn first(states: &[StateValue], is_it: impl Fn(StateValue) -> bool) -> Option<u32> {
    let place = states.iter().position(|state| is_it(*state))?;
    u32::try_from(place).ok()
}

fn push_one(evaluator: &mut Evaluator, inputs: &Inputs, at: Timestamp) {
    for (metric, value) in inputs.iter().enumerate() {
        if let Some(Ok(sample)) = value.map(Sample::value) {
            evaluator.push(metric, at, &sample);
        }
    }
}

fn later(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    at.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// A Monday's midnight in the alarm's zone: every period begins there, also one of the calendar.
fn monday(alarm: &MetricAlarm) -> Option<Timestamp> {
    let zone = match alarm.wall_clock_window() {
        Some(window) => time_zone(window.timezone.as_deref().unwrap_or("UTC")).ok()?,
        None => TimeZone::UTC,
    };
    let midnight = jiff::civil::date(2026, 6, 1).to_zoned(zone).ok()?;
    Some(midnight.timestamp())
}

/// Does an expression say something else at another hour?
fn asks_the_clock(alarm: &MetricAlarm) -> bool {
    let clock = [
        Function::Minute,
        Function::Hour,
        Function::Day,
        Function::Date,
        Function::Month,
        Function::Year,
        Function::Epoch,
    ];
    let expressions = alarm
        .metrics
        .iter()
        .filter_map(|query| query.expression.as_deref());
    expressions.filter_map(|text| parse(text).ok()).any(|expr| {
        let mut asks = false;
        expr.visit(&mut |part| {
            asks |= matches!(&part.node, Node::Call(function, _) if clock.contains(function))
        });
        asks
    })
}
