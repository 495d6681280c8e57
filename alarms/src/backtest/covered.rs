//! What was recorded and what was not. Before a recording begins and after it ends nothing is known: missing data there is no silence, and
//! an alarm that would fire for it has not fired.

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::range::{Point, Rule, evaluate};
use crate::evaluate::series::Period;
use crate::model::{StateValue, TreatMissingData};

/// From when to when the metrics of an alarm were recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covered {
    /// None: its metrics are not in the recording, not even with no datapoint.
    pub(super) ends: Option<(Timestamp, Timestamp)>,
    /// Of a period.
    pub(super) length: SignedDuration,
    /// How long a datapoint is: it was measured from its timestamp on.
    pub(super) step: SignedDuration,
    pub(super) rule: Rule,
}

impl Covered {
    /// Whether a range is in ALARM only for what was not recorded: if what is missing there were within the threshold, it would not be.
    pub(super) fn is_needed_beyond(&self, periods: &[Period]) -> bool {
        let Some(ends) = self.ends else {
            return true;
        };
        let known: Vec<Option<Point>> = periods.iter().map(|period| self.known(period, ends)).collect();
        if known.iter().all(Option::is_some) {
            return false;
        }
        let points: Vec<Point> = known
            .into_iter()
            .map(|point| point.unwrap_or(Point::Missing))
            .collect();
        let (m, n) = (self.rule.datapoints_to_alarm(), self.rule.evaluation_periods());
        let good = Rule::new(n, m, TreatMissingData::NotBreaching);
        let good = good.map(|rule| rule.with_switches(*self.rule.switches()));
        good.is_ok_and(|rule| evaluate(&points, &rule, StateValue::Ok).state != StateValue::Alarm)
    }

    /// What a period counts as; none for one that was not recorded. Datapoints of a period of which a part was recorded count.
    fn known(&self, period: &Period, (first, last): (Timestamp, Timestamp)) -> Option<Point> {
        let after = |time: Timestamp, by| time.checked_add(by).unwrap_or(Timestamp::MAX);
        let (end, measured) = (after(period.start, self.length), after(last, self.step));
        let is_whole = period.start >= first && end <= measured;
        let is_outside = end <= first || period.start >= measured;
        let breaches = self.rule.treat_missing_data() == TreatMissingData::Breaching;
        match period.point {
            Point::Missing if is_whole && breaches => Some(Point::Breaching),
            Point::Missing => is_whole.then_some(Point::Missing),
            point => (!is_outside).then_some(point),
        }
    }
}
