//! A period's value, and whether it breaches.

use crate::evaluate::anomaly::BandModel;
use crate::evaluate::math::{Frame, Pointwise, Program};
use crate::evaluate::range::Point;
use crate::evaluate::statistic::Sample;
use crate::model::{ComparisonOperator, Stat};

use super::plan::{Criterion, Plan, Watched};
use super::store::{Measured, Store};

/// The samples of all metrics, and what they are put together to.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) stores: Vec<Store>,
    kind: Kind,
    criterion: Criterion,
    model: Option<Box<dyn BandModel + Send>>,
    least_samples: f64,
    /// Seconds.
    step: i64,
    period: u32,
    row: Vec<f64>,
}

#[derive(Debug)]
enum Kind {
    Metric,
    /// A function of one period alone.
    Pointwise(Pointwise),
    /// A function that looks at the whole range.
    Whole(Box<Program>),
}

/// What is remembered of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) point: Point,
    /// It is a percentile over too few samples.
    pub(super) is_low: bool,
}

impl Source {
    /// With room for so many steps.
    pub(super) fn new(plan: &Plan, steps: usize) -> Self {
        let kind = match &plan.watched {
            Watched::Metric => Kind::Metric,
            Watched::Math(program) => match program.pointwise() {
                Some(pointwise) => Kind::Pointwise(pointwise),
                None => Kind::Whole(program.clone()),
            },
        };
        Self {
            stores: plan
                .metrics
                .iter()
                .map(|(_, stat)| Store::new(*stat, steps))
                .collect(),
            kind,
            criterion: plan.criterion,
            model: None,
            least_samples: plan.least_samples,
            step: i64::from(plan.step),
            period: plan.period,
            row: Vec::with_capacity(plan.metrics.len()),
        }
    }

    pub(super) fn set_model(&mut self, model: Box<dyn BandModel + Send>) {
        self.model = Some(model);
    }

    /// Does a period's value depend on other periods?
    pub(super) const fn sees_the_range(&self) -> bool {
        matches!(self.kind, Kind::Whole(_))
    }

    /// A period from step `start` to before `end`, unless the source sees the range.
    #[inline]
    pub(super) fn measure(&mut self, start: i64, end: i64) -> Measured {
        match &self.kind {
            Kind::Metric => self
                .stores
                .first_mut()
                .map_or((f64::NAN, 0.0), |store| store.measure(start, end)),
            Kind::Pointwise(pointwise) => {
                self.row.clear();
                self.row
                    .extend(self.stores.iter_mut().map(|store| store.measure(start, end).0));
                (pointwise.value(&self.row, start * self.step), f64::INFINITY)
            }
            Kind::Whole(_) => (f64::NAN, 0.0),
        }
    }

    /// A period is one step of one metric, compared with a number, and few samples do not matter: the usual alarm.
    pub(super) fn is_simple(&self) -> bool {
        let is_metric =
            matches!(self.kind, Kind::Metric) && self.stores.first().is_some_and(Store::is_moments);
        is_metric && matches!(self.criterion, Criterion::Threshold(..)) && i64::from(self.period) == self.step
    }

    /// Statistic and criterion of such an alarm.
    pub(super) fn in_bits(&self) -> Option<(Stat, Criterion)> {
        let store = self.stores.first().filter(|_| self.is_simple())?;
        Some((store.stat(), self.criterion))
    }

    /// Statistics, metric math and criterion of an alarm whose periods depend on nothing but sums in them.
    pub(super) fn in_columns(&self) -> Option<(Vec<Stat>, Option<Pointwise>, Criterion)> {
        let math = match &self.kind {
            Kind::Metric => None,
            Kind::Pointwise(pointwise) => Some(pointwise.clone()),
            Kind::Whole(_) => return None,
        };
        let is_of_sums = !self.stores.is_empty() && self.stores.iter().all(Store::is_moments);
        let is_threshold = matches!(self.criterion, Criterion::Threshold(..));
        let stats = self.stores.iter().map(Store::stat).collect();
        (is_of_sums && is_threshold).then_some((stats, math, self.criterion))
    }

    /// The mark of a step, where that is a period.
    #[inline]
    pub(super) fn mark_step(&self, step: i64) -> Mark {
        let value = self.stores.first().and_then(|store| store.measure_step(step));
        let point = value.map_or(Point::Missing, |value| self.criterion.point(value));
        Mark { point, is_low: false }
    }

    /// A sample of the one metric, where a step is a period: what the step is now. None: the sample is too old.
    #[inline]
    pub(super) fn add_to_step(&mut self, step: i64, sample: &Sample, oldest: i64) -> Option<Point> {
        let value = self.stores.first_mut()?.add_and_measure(step, sample, oldest)?;
        Some(self.criterion.point(value))
    }

    /// All periods of a range, oldest first, each from its first step to before its last.
    pub(super) fn measure_range(&mut self, periods: &[(i64, i64)]) -> Vec<Measured> {
        if !self.sees_the_range() {
            return periods
                .iter()
                .map(|(start, end)| self.measure(*start, *end))
                .collect();
        }
        let Kind::Whole(program) = &self.kind else {
            return Vec::new();
        };
        let starts: Vec<i64> = periods.iter().map(|(start, _)| start * self.step).collect();
        let metrics: Vec<Vec<f64>> = self
            .stores
            .iter_mut()
            .map(|store| {
                periods
                    .iter()
                    .map(|(start, end)| store.measure(*start, *end).0)
                    .collect()
            })
            .collect();
        let model = self.model.as_deref().map(|model| model as &dyn BandModel);
        let frame = Frame {
            starts: &starts,
            period: self.period,
            metrics: &metrics,
            model,
        };
        program
            .evaluate(&frame)
            .into_iter()
            .map(|value| (value, f64::INFINITY))
            .collect()
    }

    /// Whether a measured period, which starts at step `start`, breaches.
    #[inline]
    pub(super) fn mark(&self, (value, samples): Measured, start: i64) -> Mark {
        Mark {
            point: self.point(value, start),
            is_low: samples < self.least_samples && !value.is_nan(),
        }
    }

    #[inline]
    fn point(&self, value: f64, start: i64) -> Point {
        if value.is_nan() {
            return Point::Missing;
        }
        let breaches = match self.criterion {
            Criterion::Threshold(..) => return self.criterion.point(value),
            Criterion::Band(operator, _) => match self.band(start) {
                // Without a band nobody can say: the datapoint is as good as missing.
                None => return Point::Missing,
                Some((lower, upper)) => match operator {
                    ComparisonOperator::LessThanLowerThreshold => value < lower,
                    ComparisonOperator::GreaterThanUpperThreshold => value > upper,
                    _ => value < lower || value > upper,
                },
            },
        };
        if breaches { Point::Breaching } else { Point::Within }
    }

    /// The band of the period that starts at this step.
    pub(super) fn band(&self, start: i64) -> Option<(f64, f64)> {
        match self.criterion {
            Criterion::Threshold(..) => None,
            Criterion::Band(_, deviations) => {
                let expected = self.model.as_ref()?.expected(start * self.step)?;
                Some(expected.bounds(deviations))
            }
        }
    }
}
