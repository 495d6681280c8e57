//! What definition files say about one failure mode of one resource, and what of it a rule asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::definitions::{Located, Tuning};

/// The layers that apply to one cell, the strongest first: resource, kind, platform.
#[derive(Debug)]
pub(crate) struct Knobs<'a> {
    layers: Vec<&'a Tuning>,
    /// Layers that are about this failure mode: what they say must have an effect.
    named: usize,
    used: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Knobs<'a> {
    pub(crate) fn new(layers: Vec<&'a Tuning>, named: usize) -> Self {
        Self {
            layers,
            named,
            used: RefCell::default(),
        }
    }

    fn take<T: Copy>(&self, name: &'static str, of: impl Fn(&Tuning) -> Option<&Located<T>>) -> Option<T> {
        self.used.borrow_mut().insert(name);
        self.layers
            .iter()
            .find_map(|layer| of(layer))
            .map(|found| found.value)
    }

    /// An absolute threshold, in the metric's unit.
    pub(crate) fn threshold(&self, default: f64) -> f64 {
        self.given_threshold().unwrap_or(default)
    }

    /// A threshold for which there is no default.
    pub(crate) fn given_threshold(&self) -> Option<f64> {
        self.take("threshold", |tuning| tuning.threshold.as_ref())
    }

    /// The absolute threshold, or a part of what the resource is configured with.
    pub(crate) fn part_of(&self, whole: f64, factor: f64) -> f64 {
        let factor = self
            .take("factor", |tuning| tuning.factor.as_ref())
            .unwrap_or(factor);
        // Parts of whole numbers: 0.8 of 3000 is 2400, not 2400.0000000000005.
        self.given_threshold()
            .unwrap_or_else(|| (whole * factor * 1e6).round() / 1e6)
    }

    /// Fewer samples in a period than this say nothing.
    pub(crate) fn min_samples(&self, default: u32) -> u32 {
        self.take("min_samples", |tuning| tuning.min_samples.as_ref())
            .unwrap_or(default)
    }

    /// The same where no more than so many can come: what is said for the whole platform counts as far as that.
    pub(crate) fn min_samples_of(&self, most: u32) -> u32 {
        let mut named = self.layers.iter().take(self.named);
        let own = named.find_map(|layer| layer.min_samples.as_ref());
        let any = self.min_samples(most).min(most);
        own.map_or(any, |own| own.value)
    }

    /// Of all requests so many percent must succeed.
    pub(crate) fn objective(&self, default: f64) -> f64 {
        self.take("objective", |tuning| tuning.objective.as_ref())
            .unwrap_or(default)
    }

    /// Seconds.
    pub(crate) fn period(&self, default: u32) -> u32 {
        self.given_period().unwrap_or(default)
    }

    /// A period for which there is no default.
    pub(crate) fn given_period(&self) -> Option<u32> {
        self.take("period", |tuning| tuning.period.as_ref())
    }

    /// M of N.
    pub(crate) fn of(&self, m: u32, n: u32) -> (u32, u32) {
        self.take("of", |tuning| tuning.of.as_ref()).unwrap_or((m, n))
    }

    /// What layers about this mode say and no rule asked for.
    pub(crate) fn unused(&self) -> Vec<(&'static str, &'a crate::coverage::At)> {
        let used = self.used.borrow();
        let said = self
            .layers
            .iter()
            .take(self.named)
            .flat_map(|layer| layer.given());
        said.filter(|(name, _)| !used.contains(name)).collect()
    }
}
