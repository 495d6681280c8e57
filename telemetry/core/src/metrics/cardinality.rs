//! The guard over dimension values: each combination of values is a metric that is paid for every month, so a dimension
//! with an unbounded value (an ID, an address) must not reach CloudWatch.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

/// Combinations of dimension values that a metric may have in one process; further ones fold into `other`. Far above what
/// a service means to have, far below what an unbounded value makes: 100 are $30 a month at $0.30 each.
pub const MOST_COMBINATIONS: usize = 100;

/// The combinations that a process has seen.
#[derive(Debug, Default)]
pub(crate) struct Cardinality {
    hasher: RandomState,
    seen: Mutex<HashMap<String, Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Hashes: the values themselves could be long, and are not needed again.
    combinations: HashSet<u64>,
    told: bool,
}

/// Whether a combination may be counted as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    Yes,
    /// It folds; the first of its metric that does.
    FoldedFirst,
    Folded,
}

impl Cardinality {
    /// Asks for a combination; `dimensions` are sorted.
    pub(super) fn admit(&self, name: &str, dimensions: &[(impl AsRef<str>, impl AsRef<str>)]) -> Admitted {
        let mut hasher = self.hasher.build_hasher();
        for (name, value) in dimensions {
            (name.as_ref(), value.as_ref()).hash(&mut hasher);
        }
        let combination = hasher.finish();
        let mut metrics = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match metrics.get_mut(name) {
            Some(seen) => seen,
            None => metrics.entry(name.to_owned()).or_default(),
        };
        if seen.combinations.contains(&combination) {
            return Admitted::Yes;
        }
        if seen.combinations.len() < MOST_COMBINATIONS {
            seen.combinations.insert(combination);
            return Admitted::Yes;
        }
        if std::mem::replace(&mut seen.told, true) {
            Admitted::Folded
        } else {
            Admitted::FoldedFirst
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_has_its_own_combinations_for_the_life_of_the_process() {
        let guard = Cardinality::default();
        let ask = |name: &str, value: usize| guard.admit(name, &[("Operation", value.to_string())]);
        for value in 0..MOST_COMBINATIONS {
            assert_eq!(ask("Views", value), Admitted::Yes);
        }
        assert_eq!(ask("Views", 1000), Admitted::FoldedFirst);
        assert_eq!(ask("Views", 1001), Admitted::Folded);
        assert_eq!(ask("Views", 7), Admitted::Yes);
        assert_eq!(ask("Errors", 1000), Admitted::Yes);
    }
}
