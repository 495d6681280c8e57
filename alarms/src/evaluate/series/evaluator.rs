//! One alarm, evaluated again and again as datapoints come in.

use jiff::Timestamp;

use crate::evaluate::anomaly::BandModel;
use crate::evaluate::range::{Depends, Point, Reason, Rule, Summary, Verdict, verdict_of};
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::{LowSampleScope, Switches};
use crate::model::{MetricAlarm, StateValue};

use super::marks::{MOST, Marks, Register};
use super::plan::{Plan, PlanError};
use super::source::{Mark, Source};
use super::wall_clock::Calendar;
use super::wide::Wide;

/// How many periods more than N the range could have: verdicts that would differ with any of N to N + 4 are said to depend
/// on its size.
const WIDEST: u32 = 4;

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
    /// The bits of the periods that a verdict or its sensitivity looks at.
    kept: u64,
    /// The bits of the newest N periods.
    newest: u64,
    /// For alarms that look at more periods than a word has bits.
    wide: Option<Wide>,
    /// The creation of the alarm, for its warm-up.
    created: Option<Timestamp>,
    first_data: Option<i64>,
    memo: Option<Memo>,
}

/// The last verdict, and all that it was made of.
#[derive(Debug, Clone, Copy)]
struct Memo {
    real: u64,
    breaching: u64,
    previous: StateValue,
    verdict: Verdict,
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
            kept: ones(periods),
            newest: ones(n),
            wide: is_wide.then(|| Wide::new(steps, periods)),
            created: None,
            first_data: None,
            memo: None,
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
        let Some(store) = self.source.stores.get_mut(metric) else {
            return false;
        };
        if !store.add(step, sample, self.oldest) {
            return false;
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
    /// 3 periods of 5 minutes, evaluated from 10:19 on.
    fn is_warming_up(&mut self, at: Timestamp, end: i64) -> bool {
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
        let steps = self.steps;
        let source = &mut self.source;
        let register = if self.is_simple {
            self.marks.at(end, |end| source.mark_step(end - 1))
        } else {
            self.marks.at(end, |end| {
                let measured = source.measure(end - steps, end);
                source.mark(measured, end - steps)
            })
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
        // The newest N points are there: they decide, and no reading of the documentation says anything else.
        if register.real & self.newest == self.newest {
            return enough(&self.plan.rule, few_ones(register.breaching & self.newest));
        }
        // Older periods change nothing, and would hide that this is the same range as the last.
        let (real, breaching) = (register.real & self.kept, register.breaching & self.kept);
        if let Some(memo) = &self.memo
            && memo.real == real
            && memo.breaching == breaching
            && memo.previous == previous
        {
            return memo.verdict;
        }
        let verdict = bits_verdict(&self.plan, real, breaching, previous);
        self.memo = Some(Memo {
            real,
            breaching,
            previous,
            verdict,
        });
        verdict
    }

    /// As `over_marks`, where a word has too few bits.
    fn over_wide(&mut self, end: i64, previous: StateValue) -> Verdict {
        let steps = self.steps;
        let (Some(wide), source, rule) = (&mut self.wide, &mut self.source, &self.plan.rule) else {
            return said(previous, Reason::NoData);
        };
        let register = wide.at(end, |end| {
            let measured = source.measure(end - steps, end);
            source.mark(measured, end - steps)
        });
        if register.is_low(rule.range(), rule.switches().low_samples) {
            return said(previous, Reason::LowSamples);
        }
        let n = rule.evaluation_periods();
        match register.breaching_if_full(n) {
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

fn said(state: StateValue, reason: Reason) -> Verdict {
    Verdict {
        state,
        reason,
        depends: Depends::NOTHING,
    }
}

/// So many low bits.
pub(super) const fn ones(bits: usize) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// How many bits are set: none or one mostly. Counting takes a dozen instructions where the machine has none for it.
#[inline]
fn few_ones(bits: u64) -> u32 {
    if bits & bits.wrapping_sub(1) == 0 {
        u32::from(bits != 0)
    } else {
        many_ones(bits)
    }
}

/// Not in line, as above.
#[inline(never)]
fn many_ones(bits: u64) -> u32 {
    bits.count_ones()
}

fn is_low(register: &Register, range: u64, scope: LowSampleScope) -> bool {
    let real = register.real & range;
    match scope {
        LowSampleScope::NewestDatapoint => register.low & real & real.wrapping_neg() != 0,
        LowSampleScope::WholeRange => register.low & real != 0,
    }
}

/// The newest N points are there, and so many of them breach.
#[inline]
fn enough(rule: &Rule, breaching: u32) -> Verdict {
    let state = if breaching >= rule.datapoints_to_alarm() {
        StateValue::Alarm
    } else {
        StateValue::Ok
    };
    said(state, Reason::EnoughData { breaching })
}

/// The verdict over bits, and what it depends on.
fn bits_verdict(plan: &Plan, real: u64, breaching: u64, previous: StateValue) -> Verdict {
    let n = plan.rule.evaluation_periods();
    sized_verdict(plan, previous, |size| {
        let kept = ones(size as usize);
        Summary::of_bits(real & kept, breaching & kept, n)
    })
}

/// The verdict over ranges of which the newest periods can be summarized, and what it depends on.
fn sized_verdict(plan: &Plan, previous: StateValue, summary: impl Fn(u32) -> Summary) -> Verdict {
    let rule = &plan.rule;
    let n = rule.evaluation_periods();
    let size = rule.range();
    let of_range = summary(size);
    let verdict = verdict_of(&of_range, rule, previous);
    let differs = |summary: &Summary, rule: &Rule| verdict_of(summary, rule, previous).state != verdict.state;
    let depends = Depends {
        range_size: (n..=n + WIDEST).any(|size| differs(&summary(size), rule)),
        premature_age: differs(&of_range, &rule.with_other_premature_age()),
        dynamo_db: plan
            .other_rule
            .as_ref()
            .is_some_and(|rule| differs(&of_range, rule)),
    };
    Verdict { depends, ..verdict }
}

fn marks_of(source: &mut Source, windows: &[(i64, i64)]) -> Vec<Mark> {
    let measured = source.measure_range(windows);
    measured
        .into_iter()
        .zip(windows)
        .map(|(measured, (start, _))| source.mark(measured, *start))
        .collect()
}

fn verdict_of_marks(marks: &[Mark], rule: &Rule, previous: StateValue) -> Verdict {
    let points: Vec<Point> = marks.iter().map(|mark| mark.point).collect();
    let mut real = marks.iter().rev().filter(|mark| mark.point != Point::Missing);
    let is_low = match rule.switches().low_samples {
        LowSampleScope::NewestDatapoint => real.next().is_some_and(|mark| mark.is_low),
        LowSampleScope::WholeRange => real.any(|mark| mark.is_low),
    };
    if is_low {
        return said(previous, Reason::LowSamples);
    }
    verdict_of(&Summary::of(&points, rule.evaluation_periods()), rule, previous)
}

fn depends_on_readings(marks: &[Mark], plan: &Plan, previous: StateValue, state: StateValue) -> Depends {
    let differs = |rule: &Rule| verdict_of_marks(marks, rule, previous).state != state;
    Depends {
        range_size: false,
        premature_age: differs(&plan.rule.with_other_premature_age()),
        dynamo_db: plan.other_rule.as_ref().is_some_and(differs),
    }
}
