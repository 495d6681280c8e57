//! A replay of the usual alarm: one metric, a step of it is a period, no more periods than a word has bits. The datapoints come in
//! the order of time, so that only the newest step can still change, and nothing but its sums has to be kept: older periods are
//! bits. What the bits mean is the evaluator's to say; that they are the same bits, tests hold against it.

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::range::Point;
use crate::evaluate::statistic::Moments;

use super::evaluator::{Evaluation, Evaluator, InBits};
use super::marks::MOST;
use super::replay::{Change, Recorded};

/// The evaluations that were made.
pub(crate) struct Replayed {
    pub(super) changes: Vec<Change>,
    /// How many datapoints were seen.
    pub(crate) seen: usize,
    /// When the first evaluation is that was not made.
    pub(crate) next: Timestamp,
}

/// One evaluation, for who wants to know of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// When it was, in seconds of the epoch.
    pub(crate) second: i64,
    /// The step that its newest period ends with. A step is a period, and begins so many periods after the epoch.
    pub(crate) end: i64,
    /// What it said.
    pub(crate) evaluation: Evaluation,
    /// Which periods breach: bit 0 is the newest one, and there are more bits than the evaluation looked at.
    pub(crate) breaching: u64,
}

/// Evaluates from `from` on, tells of each evaluation, and leaves the last evaluations to the evaluator itself, which has then looked at everything that it
/// may be asked for. None, with the evaluator as it was: the alarm, the times or the order of the recording are not the usual ones.
pub(crate) fn replay(
    evaluator: &mut Evaluator,
    recording: &[Recorded],
    from: Timestamp,
    to: Timestamp,
    delay: SignedDuration,
    mut told: impl FnMut(&Seen),
) -> Option<Replayed> {
    let alarm = evaluator
        .in_bits()
        .filter(|alarm| alarm.reach <= i64::try_from(MOST).unwrap_or(0))?;
    let is_whole = from.subsec_nanosecond() == 0 && delay.subsec_nanos() == 0 && !delay.is_negative();
    if !is_whole || from < Timestamp::UNIX_EPOCH || recording.first()?.at < Timestamp::UNIX_EPOCH {
        return None;
    }
    let last = to.as_second() - (alarm.reach + 1) * alarm.step;
    let before = evaluator.state();
    let mut bits = Bits::new(alarm);
    let mut changes = Vec::new();
    let mut state = before;
    let mut seen = 0;
    let mut second = from.as_second();
    let mut end = second.div_euclid(alarm.step);
    while second <= last {
        let limit = second - delay.as_secs();
        while let Some(datapoint) = recording.get(seen)
            && is_seen(datapoint.at, limit, end * alarm.step)
        {
            if datapoint.metric == 0 {
                bits.take(datapoint)?;
            }
            seen += 1;
        }
        let (real, breaching) = bits.at(end);
        let verdict = evaluator.over_bits(real, breaching, state);
        let evaluation = Evaluation {
            previous: state,
            verdict,
        };
        told(&Seen {
            second,
            end,
            evaluation,
            breaching,
        });
        if verdict.state != state {
            let at = Timestamp::from_second(second).ok()?;
            changes.push(Change { at, evaluation });
            state = verdict.state;
        }
        second += alarm.step;
        end += 1;
    }
    let next = Timestamp::from_second(second).ok()?;
    // Of another metric's datapoints nobody looked at the order.
    let oldest = (end - alarm.reach - 1) * alarm.step;
    let is_old = |one: &Recorded| one.metric == 0 && one.at.as_second() < oldest;
    let from = recording[..seen].iter().rposition(is_old);
    hand_over(evaluator, &recording[from.map_or(0, |place| place + 1)..seen]);
    evaluator.set_state(state);
    Some(Replayed { changes, seen, next })
}

/// Datapoints up to this second are seen. Those behind the window wait for the next evaluation: they are in no period of this one.
#[inline]
fn is_seen(at: Timestamp, limit: i64, window: i64) -> bool {
    let second = at.as_second();
    second < window && (second < limit || second == limit && at.subsec_nanosecond() == 0)
}

/// What an evaluation may still look at.
pub(super) fn hand_over(evaluator: &mut Evaluator, seen: &[Recorded]) {
    for datapoint in seen {
        evaluator.push(datapoint.metric, datapoint.at, &datapoint.sample);
    }
}

/// The newest steps with datapoints.
struct Bits {
    alarm: InBits,
    /// The step of bit 0, and the second in which it begins.
    step: i64,
    start: i64,
    /// Of that step.
    moments: Moments,
    real: u64,
    breaching: u64,
}

impl Bits {
    fn new(alarm: InBits) -> Self {
        Self {
            alarm,
            step: 0,
            start: 0,
            moments: Moments::default(),
            real: 0,
            breaching: 0,
        }
    }

    /// None: it is older than the last one by a step or more.
    // In line in both loops, with and without somebody who is told of each evaluation: as a call it is a sixth of a year's time.
    #[inline(always)]
    fn take(&mut self, datapoint: &Recorded) -> Option<()> {
        let one = Moments::of(&datapoint.sample);
        let since = datapoint.at.as_second() - self.start;
        if since < 0 {
            return None;
        }
        if since < self.alarm.step {
            self.moments = self.moments.with(&one);
        } else {
            let steps = if since < 2 * self.alarm.step {
                1
            } else {
                since / self.alarm.step
            };
            self.step += steps;
            self.start += steps * self.alarm.step;
            self.real = older(self.real, steps);
            self.breaching = older(self.breaching, steps);
            self.moments = one;
        }
        let value = self.moments.statistic(self.alarm.stat)?;
        let breaches = self.alarm.criterion.point(value) == Point::Breaching;
        self.real |= 1;
        self.breaching = self.breaching & !1 | u64::from(breaches);
        Some(())
    }

    /// The periods before a step: bit 0 is the one that ends with it.
    #[inline]
    fn at(&self, end: i64) -> (u64, u64) {
        let age = end - 1 - self.step;
        (older(self.real, age), older(self.breaching, age))
    }
}

#[inline]
fn older(bits: u64, steps: i64) -> u64 {
    if steps < 64 { bits << steps } else { 0 }
}
