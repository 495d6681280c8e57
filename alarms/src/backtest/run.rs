//! An alarm, evaluated over a recording.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::anomaly::Expected;
use crate::evaluate::range::Point;
use crate::evaluate::reason::state_reason;
use crate::evaluate::series::{Evaluation, Evaluator, Period, PlanError, Recorded};
use crate::evaluate::switches::Switches;
use crate::model::alarm_rule::RuleTextError;
use crate::model::{MetricAlarm, StateValue};
use crate::range_question::depends_on;
use crate::scenario::watched;

use super::covered::Covered;
use super::plot::columns;
use super::recording::{Recording, Series};
use super::report::{Column, Fire, Report};
use super::wanted;

/// How wide the plot is at most.
pub(super) const WIDTH: usize = 72;
/// More evaluations than in two years of minutes are a mistake in a timestamp.
pub(super) const MOST_EVALUATIONS: i64 = 1_100_000;

/// What a backtest takes for granted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// A datapoint is seen so long after its timestamp. A recording is finished data: without a delay an alarm fires too
    /// early.
    pub visibility_delay: SignedDuration,
    /// A fire is a flap if the alarm had cleared no longer before.
    pub flap_within: SignedDuration,
    /// What alarms with an anomaly detection band expect, at any time. CloudWatch's own model is not to be had.
    pub band: Option<Expected>,
}

impl Default for Options {
    /// 2 minutes, as metrics of Lambda; an hour.
    fn default() -> Self {
        Self {
            visibility_delay: SignedDuration::from_mins(2),
            flap_within: SignedDuration::from_hours(1),
            band: None,
        }
    }
}

/// Why there is nothing to say.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BacktestError {
    /// The alarm cannot be evaluated.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its band is CloudWatch's own, and not in the recording.
    #[error(
        "the alarm compares with an anomaly detection band, which no recording has: give its mean and deviation"
    )]
    Band,
    /// Only another statistic of the metric was recorded.
    #[error("{metric} was recorded as {recorded}, and the alarm looks at {wanted}")]
    Stat {
        /// Its name.
        metric: String,
        /// The statistic in the recording.
        recorded: String,
        /// The statistic of the alarm.
        wanted: String,
    },
    /// The rule of a composite alarm.
    #[error(transparent)]
    Rule(#[from] RuleTextError),
    /// A composite alarm watches something that is not there or cannot be replayed.
    #[error("it watches {child}: {cause}")]
    Child {
        /// Its name.
        child: String,
        /// Why its states are not known.
        cause: String,
    },
    /// Nothing at all is in the recording.
    #[error("the recording is empty")]
    Empty,
    /// The first and the last datapoint are years apart.
    #[error("the recording lasts longer than {MOST_EVALUATIONS} evaluations")]
    Long,
}

/// Evaluates an alarm over a recording, from its first datapoint until after its last has left the evaluation range. A series
/// belongs to the metric of its id, or of its name where only one metric has it.
///
/// What is missing within the recording is silence, and counts as the alarm says. Before it begins and after it ends nothing is known: an alarm that
/// would be in ALARM for that only has not fired, and [`Report::beyond_recording`] says how often it was so.
///
/// An alarm over one metric or query of which a step is a period goes through the loop of [`crate::evaluate::series::replay()`]; what comes out
/// is the same.
///
/// # Errors
/// The alarm cannot be evaluated, or the recording is empty or too long.
pub fn backtest(
    alarm: &MetricAlarm,
    recording: &Recording,
    options: &Options,
) -> Result<Report, BacktestError> {
    evaluated(alarm, recording, options, true)
}

/// The same; `is_quick` is for tests, which compare both ways.
pub(super) fn evaluated(
    alarm: &MetricAlarm,
    recording: &Recording,
    options: &Options,
    is_quick: bool,
) -> Result<Report, BacktestError> {
    let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT)?;
    if needs_band(alarm) {
        let model = options.band.ok_or(BacktestError::Band)?;
        evaluator = evaluator.with_model(Box::new(model));
    }
    let (recorded, is_recorded) = recorded(alarm, &evaluator, recording)?;
    let (first, last) = recording.ends().ok_or(BacktestError::Empty)?;
    let step = SignedDuration::from_secs(i64::from(evaluator.interval()));
    let period = i64::from(alarm.effective_period().unwrap_or(60));
    let looks_back = SignedDuration::from_secs(period * i64::from(evaluator.rule().range() + 1));
    let to = looks_back
        .checked_add(options.visibility_delay)
        .and_then(|more| last.checked_add(more).ok())
        .ok_or(BacktestError::Long)?;
    if first.duration_until(to).as_secs() / step.as_secs() > MOST_EVALUATIONS {
        return Err(BacktestError::Long);
    }
    let covered = Covered {
        ends: is_recorded.then_some((first, last)),
        length: SignedDuration::from_secs(period),
        step,
        rule: *evaluator.rule(),
    };
    let quick = is_quick
        .then(|| Run::quickly(alarm, options, covered, &mut evaluator, &recorded, (first, to)))
        .flatten();
    let (mut run, seen, mut at) = quick.unwrap_or_else(|| (Run::new(alarm, options, covered), 0, first));
    let mut unseen = recorded[seen..].iter().peekable();
    while at <= to {
        while let Some(seen) = unseen.next_if(|seen| seen.at.duration_until(at) >= options.visibility_delay) {
            evaluator.push(seen.metric, seen.at, &seen.sample);
        }
        let evaluation = evaluator.evaluate(at);
        let periods = evaluator.periods(at);
        run.observe(at, &evaluation, &periods);
        at = at.checked_add(step).map_err(|_| BacktestError::Long)?;
    }
    Ok(run.report(first, to, recorded.is_empty()))
}

/// Does it compare with what only a model knows?
fn needs_band(alarm: &MetricAlarm) -> bool {
    let mut expressions = alarm
        .metrics
        .iter()
        .filter_map(|query| query.expression.as_deref());
    alarm.threshold_metric_id.is_some() || expressions.any(|text| text.contains("ANOMALY_DETECTION_BAND"))
}

/// The datapoints of the alarm's metrics, in the order of time, and whether the recording has any of these metrics, with datapoints or
/// without.
fn recorded(
    alarm: &MetricAlarm,
    evaluator: &Evaluator,
    recording: &Recording,
) -> Result<(Vec<Recorded>, bool), BacktestError> {
    let watched = watched::metrics(alarm, evaluator.metrics());
    let mut found: Vec<(usize, &Series)> = Vec::new();
    for (place, wanted) in (0..).zip(wanted::of(alarm, evaluator)) {
        found.extend(
            wanted
                .series(recording)?
                .into_iter()
                .map(|series| (place, series)),
        );
    }
    let named = recording.named();
    found.extend(named.filter_map(|(name, series)| Some((watched::place(&watched, name).ok()?, series))));
    let of_series = |(metric, series): (usize, &Series)| {
        let samples = series.samples.clone().into_iter();
        samples
            .map(move |(at, sample)| Recorded { metric, at, sample })
            .collect::<Vec<_>>()
    };
    let is_recorded = !found.is_empty();
    let mut all: Vec<Recorded> = found.into_iter().flat_map(of_series).collect();
    all.sort_by_key(|recorded| recorded.at);
    Ok((all, is_recorded))
}

pub(super) struct Run<'a> {
    alarm: &'a MetricAlarm,
    options: &'a Options,
    fires: Vec<Fire>,
    covered: Covered,
    /// The state without alarms for what was not recorded: there it is not known.
    state: StateValue,
    /// How many evaluations were in ALARM only for what was not recorded.
    beyond: usize,
    /// How many of the newest periods are not there yet, because of the delay.
    pub(super) unseen: usize,
    /// How many evaluations it takes until periods end at the same times again.
    alignments: usize,
    /// The ends of the newest breaching periods of as many evaluations: periods slide, and the first that has a breach ends
    /// where it was.
    breaches: VecDeque<Timestamp>,
    pub(super) range_sensitive: usize,
    pub(super) evaluations: Vec<Column>,
    pub(super) changes: Vec<(Timestamp, StateValue)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(alarm: &'a MetricAlarm, options: &'a Options, covered: Covered) -> Self {
        let period = covered.length.as_secs();
        let times = |seconds: i64, of: i64| {
            let times = (seconds + of - 1) / of.max(1);
            usize::try_from(times).unwrap_or(0)
        };
        Self {
            alarm,
            options,
            fires: Vec::new(),
            covered,
            state: StateValue::InsufficientData,
            beyond: 0,
            unseen: times(options.visibility_delay.as_secs(), period),
            alignments: times(period, covered.step.as_secs()).max(1),
            breaches: VecDeque::new(),
            range_sensitive: 0,
            evaluations: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn observe(&mut self, at: Timestamp, evaluation: &Evaluation, periods: &[Period]) {
        let (previous, state) = self.moves(evaluation.verdict.state, || periods.to_vec());
        self.evaluations.push(Column {
            value: periods
                .iter()
                .rev()
                .nth(self.unseen)
                .and_then(|period| period.value),
            state,
        });
        self.range_sensitive += usize::from(evaluation.verdict.depends.range_size);
        let breaching = || periods.iter().filter(|period| period.point == Point::Breaching);
        let length = self.covered.length;
        if let Some(newest) = breaching().next_back() {
            self.last_breach(newest.start.checked_add(length).unwrap_or(newest.start));
        }
        if previous == state {
            return;
        }
        self.changes.push((at, state));
        if state == StateValue::Alarm {
            let first = breaching().next().map(|period| period.start);
            self.fire(at, first, evaluation, periods);
        } else if previous == StateValue::Alarm {
            self.clear(at);
        }
    }

    /// The state before and after an evaluation. ALARM begins when it does not need what was not recorded.
    pub(super) fn moves(
        &mut self,
        found: StateValue,
        periods: impl FnOnce() -> Vec<Period>,
    ) -> (StateValue, StateValue) {
        let begins = found == StateValue::Alarm && self.state != StateValue::Alarm;
        let is_beyond = begins && (self.covered.ends.is_none() || self.covered.is_needed_beyond(&periods()));
        self.beyond += usize::from(is_beyond);
        let state = if is_beyond {
            StateValue::InsufficientData
        } else {
            found
        };
        (std::mem::replace(&mut self.state, state), state)
    }

    /// The newest breaching period of an evaluation ends at this time.
    pub(super) fn last_breach(&mut self, end: Timestamp) {
        if self.breaches.len() == self.alignments {
            self.breaches.pop_front();
        }
        self.breaches.push_back(end);
    }

    pub(super) fn fire(
        &mut self,
        at: Timestamp,
        first: Option<Timestamp>,
        evaluation: &Evaluation,
        periods: &[Period],
    ) {
        let cleared = self.fires.last().and_then(|fire| fire.cleared_at);
        let reason = state_reason(self.alarm, at, evaluation, periods);
        self.fires.push(Fire {
            at,
            seconds_to_detect: first.map(|first| first.duration_until(at).as_secs()),
            cleared_at: None,
            seconds_to_clear: None,
            is_flap: cleared.is_some_and(|cleared| cleared.duration_until(at) <= self.options.flap_within),
            reason: reason.map(|reason| reason.text).unwrap_or_default(),
            depends_on: depends_on(evaluation.verdict.depends),
            held_back_seconds: None,
            is_suppressed: false,
        });
    }

    pub(super) fn clear(&mut self, at: Timestamp) {
        if let Some(fire) = self.fires.last_mut() {
            fire.cleared_at = Some(at);
            let last = self.breaches.iter().min();
            fire.seconds_to_clear = last.map(|breach| breach.duration_until(at).as_secs());
        }
        self.breaches.clear();
    }

    fn report(self, from: Timestamp, to: Timestamp, no_data: bool) -> Report {
        let name = self.alarm.alarm_name.clone();
        Report {
            alarm: name.unwrap_or_else(|| "the alarm".to_owned()),
            from,
            to,
            evaluations: self.evaluations.len(),
            flaps: self.fires.iter().filter(|fire| fire.is_flap).count(),
            never_fired: self.fires.is_empty(),
            no_data,
            range_sensitive: self.range_sensitive,
            beyond_recording: self.beyond,
            unknown_suppressor: None,
            threshold: self.alarm.threshold,
            plot: columns(&self.evaluations, WIDTH),
            changes: self.changes,
            fires: self.fires,
        }
    }
}
