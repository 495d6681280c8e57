//! One alarm, evaluated again and again as datapoints come in.

use jiff::Timestamp;

use crate::evaluate::anomaly::BandModel;
use crate::evaluate::range::{Point, Reason, Rule, Verdict};
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;
use crate::model::{MetricAlarm, Stat, StateValue};

use super::columns::InColumns;
use super::marks::{MOST, Marks, Register};
use super::memo::Memos;
use super::plan::{Criterion, Plan, PlanError};
use super::source::{Mark, Source};
use super::verdict::{
    WIDEST, bits_verdict, depends_on_readings, enough, few_ones, is_low, marks_of, ones, said, sized_verdict,
    verdict_of_marks,
};
use super::wall_clock::Calendar;
use super::wide::Wide;

/// One alarm with its state and the samples it may still look at.
///
/// Datapoints may come late and in any order; each evaluation sees those that came before it, as on AWS. An evaluation of
/// an alarm over a minute costs some nanoseconds, so that a year of minutes can be replayed in a moment.
///
/// ```
/// use alarms::evaluate::series::Evaluator;
/// use alarms::evaluate::statistic::Sample;
/// use alarms::evaluate::switches::Switches;
/// use alarms::model::{MetricAlarm, Stat, StateValue};
///
/// let alarm = MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60);
/// let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT)?;
/// evaluator.push(0, "2026-11-27T02:00:30Z".parse()?, &Sample::value(1.0)?);
/// let evaluation = evaluator.evaluate("2026-11-27T02:01:00Z".parse()?);
/// assert_eq!(evaluation.verdict.state, StateValue::Alarm);
/// assert!(evaluation.is_change());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    plan: Plan,
    source: Source,
    marks: Marks,
    /// For alarms with a wall clock window.
    calendar: Option<Calendar>,
    state: StateValue,
    /// The end of the last evaluated window in steps.
    evaluated: i64,
    /// The second at which the window ends one step later: the usual next evaluation. A division costs more than all the rest.
    next: i64,
    /// The step of the last datapoint, and the second in which it begins.
    pushed: (i64, i64),
    /// The first step that can still be looked at.
    oldest: i64,
    /// How many steps can be looked at.
    reach: i64,
    /// Steps of a period.
    steps: i64,
    /// Are its periods remembered as bits of a word?
    is_remembered: bool,
    /// No warm-up, no calendar, periods that are remembered: the usual alarm.
    is_usual: bool,
    /// Is a period one step of one metric?
    is_simple: bool,
    /// Of such an alarm: the step of the last datapoint, and what it is since. The usual evaluation is of this step, and need
    /// not look its samples up again.
    fresh: (i64, Point),
    /// The bits of the periods that a verdict or its sensitivity looks at.
    kept: u64,
    /// The bits of the newest N periods.
    newest: u64,
    /// For alarms that look at more periods than a word has bits.
    wide: Option<Wide>,
    /// The creation of the alarm, for its warm-up.
    created: Option<Timestamp>,
    first_data: Option<i64>,
    /// Did its warm-up end? It does not begin again when data pauses later.
    is_warm: bool,
    memo: Memos,
}

/// An alarm over one metric of which a step is a period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InBits {
    pub(crate) stat: Stat,
    pub(super) criterion: Criterion,
    /// Seconds.
    pub(super) step: i64,
    /// How many steps can be looked at.
    pub(super) reach: i64,
}

/// What an evaluation said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluation {
    /// The state before.
    pub previous: StateValue,
    /// The state after, and why.
    pub verdict: Verdict,
}

impl Evaluation {
    /// Did the state change? Then actions run.
    pub fn is_change(&self) -> bool {
        self.previous != self.verdict.state
    }
}

/// A period of an evaluation range, as the reason for a state tells of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// When it starts.
    pub start: Timestamp,
    /// Its value, if it has one.
    pub value: Option<f64>,
    /// How many samples that is of; none for metric math.
    pub sample_count: Option<f64>,
    /// What it counts as.
    pub point: Point,
    /// The lower and upper bound it was compared with, if it was a band.
    pub band: Option<(f64, f64)>,
}

impl Evaluator {
    /// For a new alarm: its state is INSUFFICIENT_DATA.
    ///
    /// # Errors
    /// The definition cannot be evaluated.
    pub fn new(alarm: &MetricAlarm, switches: Switches) -> Result<Self, PlanError> {
        let plan = Plan::new(alarm, switches)?;
        let steps = i64::from(plan.period / plan.step);
        let n = plan.rule.evaluation_periods() as usize;
        let periods = (plan.rule.range() as usize).max(n + WIDEST as usize);
        // A calendar day may have an hour more than 24, and a week two.
        let spare = if plan.zone.is_some() { steps + 120 } else { 0 };
        let reach = steps * i64::try_from(periods).unwrap_or(0) + spare;
        let source = Source::new(&plan, usize::try_from(reach).unwrap_or(0) + 1);
        let is_remembered = !source.sees_the_range() && periods <= MOST;
        let is_wide = !source.sees_the_range() && periods > MOST && plan.zone.is_none();
        let is_simple = source.is_simple();
        let plan_is_sliding = plan.zone.is_none();
        Ok(Self {
            source,
            marks: Marks::new(steps, periods.min(MOST)),
            calendar: plan.zone.clone().map(|zone| Calendar::new(zone, plan.period, n)),
            plan,
            state: StateValue::InsufficientData,
            evaluated: i64::MIN,
            next: i64::MIN,
            pushed: (i64::MIN, i64::MIN),
            oldest: i64::MIN + 1,
            reach,
            steps,
            is_remembered,
            is_usual: is_remembered && plan_is_sliding,
            is_simple,
            fresh: (i64::MIN, Point::Missing),
            kept: ones(periods),
            newest: ones(n),
            wide: is_wide.then(|| Wide::new(steps, periods, n)),
            created: None,
            first_data: None,
            is_warm: false,
            memo: Memos::default(),
        })
    }

    /// The same, with what ANOMALY_DETECTION_BAND expects. Without a model all datapoints of such an alarm are missing.
    #[must_use]
    pub fn with_model(mut self, model: Box<dyn BandModel + Send>) -> Self {
        self.source.set_model(model);
        self
    }

    /// The same, created at this time: a warm-up starts here. Without it there is none.
    #[must_use]
    pub fn created(mut self, at: Timestamp) -> Self {
        self.created = Some(at);
        self.is_usual = false;
        self.is_warm = false;
        self
    }

    /// The same, in this state.
    #[must_use]
    pub fn in_state(mut self, state: StateValue) -> Self {
        self.state = state;
        self
    }

    /// Takes a state that did not come from an evaluation (`SetAlarmState`): the next one starts from it.
    pub const fn set_state(&mut self, state: StateValue) {
        self.state = state;
    }

    /// The ids of the metrics it wants datapoints of, in the order of [`Self::push`]; `m1` for an alarm over one metric.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.plan.metrics.iter().map(|(id, _)| id.as_str())
    }

    /// The state now.
    pub const fn state(&self) -> StateValue {
        self.state
    }

    /// The rule, with M, N and the size of the range.
    pub const fn rule(&self) -> &Rule {
        &self.plan.rule
    }

    /// The time between evaluations in seconds: 60, or 10 with periods below a minute. An hour if more than a day is
    /// looked at: evaluations in between see the data up to the full hour.
    pub const fn interval(&self) -> u32 {
        if self.plan.is_hourly { 3600 } else { self.plan.step }
    }

    /// A datapoint of the metric at this place. False: there is no such metric, or it is older than any evaluation looks.
    #[inline]
    pub fn push(&mut self, metric: usize, at: Timestamp, sample: &Sample) -> bool {
        let step = self.step(at);
        if self.is_simple && metric == 0 {
            let Some(point) = self.source.add_to_step(step, sample, self.oldest) else {
                return false;
            };
            self.fresh = (step, point);
        } else {
            let Some(store) = self.source.stores.get_mut(metric) else {
                return false;
            };
            if !store.add(step, sample, self.oldest) {
                return false;
            }
        }
        if self.created.is_some() && self.first_data.is_none_or(|first| step < first) {
            self.first_data = Some(step);
        }
        if step < self.evaluated {
            self.marks.late(step);
            if let Some(wide) = &mut self.wide {
                wide.late(step);
            }
            if let Some(calendar) = &mut self.calendar {
                calendar.late(step);
            }
        }
        true
    }

    /// Evaluates at this time, with the datapoints that were pushed before, and takes the new state.
    #[inline]
    pub fn evaluate(&mut self, at: Timestamp) -> Evaluation {
        let previous = self.state;
        let end = self.next_end(at);
        self.oldest = end - self.reach;
        self.evaluated = end;
        let verdict = if self.is_usual {
            self.over_marks(end, previous)
        } else {
            self.over_the_rest(at, end, previous)
        };
        self.state = verdict.state;
        Evaluation { previous, verdict }
    }

    fn over_the_rest(&mut self, at: Timestamp, end: i64, previous: StateValue) -> Verdict {
        if self.is_warming_up(at, end) {
            said(StateValue::InsufficientData, Reason::WarmUp)
        } else if let Some(verdict) = self.over_calendar(at, previous) {
            verdict
        } else if self.is_remembered {
            self.over_marks(end, previous)
        } else if self.wide.is_some() {
            self.over_wide(end, previous)
        } else {
            self.over_range(end, previous)
        }
    }

    /// What a replay needs that makes columns of a recording; none where a period is more than sums, or some samples are kept already.
    pub(super) fn in_columns(&self) -> Option<InColumns> {
        let is_new = self.pushed.0 == i64::MIN && self.evaluated == i64::MIN;
        let (step, interval) = (i64::from(self.plan.step), i64::from(self.interval()));
        let is_of_minutes = interval == step || step == 60;
        if !(is_new && self.is_usual && is_of_minutes) {
            return None;
        }
        let (stats, math, criterion) = self.source.in_columns()?;
        Some(InColumns {
            stats,
            math,
            criterion,
            step,
            interval,
            steps: usize::try_from(self.steps).ok()?,
            periods: self.kept.count_ones() as usize,
            reach: self.reach,
        })
    }

    /// What a replay needs that keeps its own bits; none where samples or periods have to be kept, or some are kept already.
    pub(crate) fn in_bits(&self) -> Option<InBits> {
        let is_new = self.pushed.0 == i64::MIN && self.evaluated == i64::MIN;
        let (stat, criterion) = self.source.in_bits()?;
        (is_new && self.is_usual && self.is_simple).then(|| InBits {
            stat,
            criterion,
            step: i64::from(self.plan.step),
            reach: self.reach,
        })
    }

    /// The step of a datapoint: mostly that of the last one, or the one behind it.
    #[inline]
    fn step(&mut self, at: Timestamp) -> i64 {
        let (step, start) = self.pushed;
        let length = i64::from(self.plan.step);
        let second = at.as_second();
        let since = second.wrapping_sub(start).cast_unsigned();
        if since < length.cast_unsigned() {
            return step;
        }
        if since < 2 * length.cast_unsigned() {
            self.pushed = (step + 1, start + length);
            return step + 1;
        }
        self.step_by_division(at)
    }

    /// Not in line: otherwise it is computed each time, to choose without a branch.
    #[inline(never)]
    fn step_by_division(&mut self, at: Timestamp) -> i64 {
        let step = self.plan.steps_at(at);
        self.pushed = (step, step * i64::from(self.plan.step));
        step
    }

    /// The end of the newest window at a time, in steps, for the evaluation at that time.
    #[inline]
    fn next_end(&mut self, at: Timestamp) -> i64 {
        let second = at.as_second();
        let is_next = second == self.next;
        if !self.plan.is_hourly {
            self.next = second + i64::from(self.plan.step);
        }
        if is_next { self.evaluated + 1 } else { self.end(at) }
    }

    /// The end of the newest window at a time, in steps. Not in line, as above.
    #[inline(never)]
    fn end(&self, at: Timestamp) -> i64 {
        if self.plan.is_hourly {
            at.as_second().div_euclid(3600) * 60
        } else {
            self.plan.steps_at(at)
        }
    }

    /// "The alarm ends warm-up as soon as it can fill its evaluation window. The evaluation window spans Period multiplied
    /// by Evaluation Periods and is full when a datapoint exists for the most recent period" (user guide, "Alarm warm-up
    /// periods"). The span is counted from the first datapoint, as its example does: created 10:00, first data 10:04,
    /// 3 periods of 5 minutes, evaluated from 10:19 on. What has ended is over: a metric that pauses later has missing data, which
    /// is what the alarm may be there for.
    fn is_warming_up(&mut self, at: Timestamp, end: i64) -> bool {
        if self.is_warm {
            return false;
        }
        let is_cold = self.is_cold(at, end);
        self.is_warm = !is_cold;
        is_cold
    }

    /// Would a warm-up that has not ended before go on at this time?
    fn is_cold(&mut self, at: Timestamp, end: i64) -> bool {
        let (Some(warm_up), Some(created)) = (&self.plan.warm_up, self.created) else {
            return false;
        };
        let since = at.as_second() - created.as_second();
        if since >= 60 * i64::from(warm_up.warm_up_period_duration_in_minutes) {
            return false;
        }
        if warm_up
            .only_start_evaluating_after_warm_up_period_ends
            .unwrap_or(false)
        {
            return true;
        }
        let steps = self.steps;
        let filled = steps * i64::from(self.plan.rule.evaluation_periods());
        let is_filled = self.first_data.is_some_and(|first| end - first >= filled);
        !is_filled
            || self
                .source
                .measure_range(&[(end - steps, end)])
                .iter()
                .all(|(value, _)| value.is_nan())
    }

    /// The sliding windows that end at a step, oldest first.
    fn sliding(&self, end: i64, periods: usize) -> Vec<(i64, i64)> {
        let ages = (0..i64::try_from(periods).unwrap_or(0)).rev();
        ages.map(|age| (end - (age + 1) * self.steps, end - age * self.steps))
            .collect()
    }

    /// Over calendar windows, for alarms that have such: exactly N.
    fn over_calendar(&mut self, at: Timestamp, previous: StateValue) -> Option<Verdict> {
        let source = &mut self.source;
        let marks = self
            .calendar
            .as_mut()?
            .marks(at, |windows| marks_of(source, windows))?;
        let verdict = verdict_of_marks(marks, &self.plan.rule, previous);
        let depends = depends_on_readings(marks, &self.plan, previous, verdict.state);
        Some(Verdict { depends, ..verdict })
    }

    /// For alarms whose periods are not remembered: every size of the range is looked at on its own.
    fn over_range(&mut self, end: i64, previous: StateValue) -> Verdict {
        let (n, range) = (
            self.plan.rule.evaluation_periods() as usize,
            self.plan.rule.range() as usize,
        );
        let sees_the_range = self.source.sees_the_range();
        let widest = if sees_the_range {
            Vec::new()
        } else {
            self.marks_of_newest(end, range.max(n + WIDEST as usize))
        };
        let mut of_size = |size: usize| {
            // Where a period's value is its own, a shorter range has the same.
            let marks = if sees_the_range {
                self.marks_of_newest(end, size)
            } else {
                Vec::new()
            };
            let marks = if sees_the_range {
                &marks[..]
            } else {
                &widest[widest.len() - size..]
            };
            let verdict = verdict_of_marks(marks, &self.plan.rule, previous);
            Verdict {
                depends: depends_on_readings(marks, &self.plan, previous, verdict.state),
                ..verdict
            }
        };
        let mut verdict = of_size(range);
        let mut others = (n..=n + WIDEST as usize).filter(|size| *size != range);
        verdict.depends.range_size = others.any(|size| of_size(size).state != verdict.state);
        verdict
    }

    /// Of the newest sliding windows, oldest first.
    fn marks_of_newest(&mut self, end: i64, periods: usize) -> Vec<Mark> {
        let windows = self.sliding(end, periods);
        marks_of(&mut self.source, &windows)
    }

    #[inline]
    fn over_marks(&mut self, end: i64, previous: StateValue) -> Verdict {
        let fresh = self.fresh;
        let usual = if self.is_simple && fresh.0.wrapping_add(1) == end {
            self.marks.next(end, fresh.1)
        } else {
            None
        };
        let register = match usual {
            Some(register) => register,
            None => self.register(end),
        };
        if register.low != 0 {
            let rule = &self.plan.rule;
            if is_low(
                &register,
                ones(rule.range() as usize),
                rule.switches().low_samples,
            ) {
                return said(previous, Reason::LowSamples);
            }
        }
        self.over_bits(register.real, register.breaching, previous)
    }

    /// The verdict over the newest periods as bits, none of them of too few samples.
    #[inline]
    pub(super) fn over_bits(&mut self, real: u64, breaching: u64, previous: StateValue) -> Verdict {
        // The newest N points are there: they decide, and no reading of the documentation says anything else.
        if real & self.newest == self.newest {
            return enough(&self.plan.rule, few_ones(breaching & self.newest));
        }
        self.over_gaps(real, breaching, previous)
    }

    /// As `over_bits`, for who has counted how many of the newest N periods breach.
    #[inline]
    pub(super) fn over_counted_bits(
        &mut self,
        real: u64,
        breaching: u64,
        breaching_of_newest: u32,
        previous: StateValue,
    ) -> Verdict {
        if real & self.newest == self.newest {
            return enough(&self.plan.rule, breaching_of_newest);
        }
        self.over_gaps(real, breaching, previous)
    }

    /// The verdict where some of the newest N points are missing.
    #[inline]
    fn over_gaps(&mut self, real: u64, breaching: u64, previous: StateValue) -> Verdict {
        // Older periods change nothing, and would hide that this is a range that was there before.
        let (real, breaching) = (real & self.kept, breaching & self.kept);
        let plan = &self.plan;
        self.memo.verdict(real, breaching, previous, || {
            bits_verdict(plan, real, breaching, previous)
        })
    }

    /// The marks of the windows that end at a step, with samples looked up.
    #[inline]
    fn register(&mut self, end: i64) -> Register {
        let steps = self.steps;
        let source = &mut self.source;
        if self.is_simple {
            self.marks.at(end, |end| source.mark_step(end - 1))
        } else {
            self.marks.at(end, |end| {
                let measured = source.measure(end - steps, end);
                source.mark(measured, end - steps)
            })
        }
    }

    /// As `over_marks`, where a word has too few bits.
    fn over_wide(&mut self, end: i64, previous: StateValue) -> Verdict {
        let steps = self.steps;
        let (Some(wide), source, rule) = (&mut self.wide, &mut self.source, &self.plan.rule) else {
            return said(previous, Reason::NoData);
        };
        let is_simple = self.is_simple;
        let register = wide.at(end, |end| {
            if is_simple {
                return source.mark_step(end - 1);
            }
            let measured = source.measure(end - steps, end);
            source.mark(measured, end - steps)
        });
        if register.is_low(rule.range(), rule.switches().low_samples) {
            return said(previous, Reason::LowSamples);
        }
        let n = rule.evaluation_periods();
        match register.breaching_if_full() {
            Some(breaching) => enough(rule, breaching),
            None => sized_verdict(&self.plan, previous, |size| register.summary(size, n)),
        }
    }

    /// The evaluation range at this time, oldest first: what the reason for a state tells of.
    pub fn periods(&mut self, at: Timestamp) -> Vec<Period> {
        let calendar = self
            .calendar
            .as_mut()
            .and_then(|calendar| calendar.windows(at))
            .map(<[_]>::to_vec);
        let windows = calendar.unwrap_or_else(|| self.sliding(self.end(at), self.plan.rule.range() as usize));
        let measured = self.source.measure_range(&windows);
        let step = i64::from(self.plan.step);
        let start_of = |start: i64| Timestamp::from_second(start * step).unwrap_or(at);
        let period = |((value, samples), (start, _)): ((f64, f64), &(i64, i64))| Period {
            start: start_of(*start),
            value: (!value.is_nan()).then_some(value),
            sample_count: (samples.is_finite() && samples > 0.0).then_some(samples),
            point: self.source.mark((value, samples), *start).point,
            band: self.source.band(*start),
        };
        measured.into_iter().zip(&windows).map(period).collect()
    }
}
