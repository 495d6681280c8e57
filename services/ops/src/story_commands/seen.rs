//! Which log lines were shown already, while lines are followed: each look overlaps the one before, because lines arrive
//! late. What is kept does not grow with time.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ops_story::LogEvent;

/// Lines that are remembered. When so many arrive within the overlap, late ones are lost rather than others told twice.
const MOST: usize = 100_000;

/// Lines by time: what they say, and the how manieth it is of those that say the same in the same millisecond.
#[derive(Debug)]
pub(super) struct Seen {
    keys: BTreeSet<(i64, u64, u32)>,
    /// Lines before this time, milliseconds since 1970, are not told any more.
    floor: i64,
    most: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            keys: BTreeSet::new(),
            floor: i64::MIN,
            most: MOST,
        }
    }
}

impl Seen {
    /// Those of a whole answer that are new.
    pub(super) fn fresh(&mut self, lines: Vec<LogEvent>) -> Vec<LogEvent> {
        let mut same: HashMap<(i64, u64), u32> = HashMap::new();
        let is_new = |line: &LogEvent| {
            let at = line.timestamp_ms;
            let hash = hash(line);
            let nth = same.entry((at, hash)).or_default();
            *nth += 1;
            at >= self.floor && self.keys.insert((at, hash, *nth))
        };
        let fresh = lines.into_iter().filter(is_new).collect();
        while self.keys.len() > self.most {
            if let Some((at, ..)) = self.keys.pop_first() {
                self.forget_before(at.saturating_add(1));
            }
        }
        fresh
    }

    /// Forgets lines that will not be asked for again.
    pub(super) fn forget_before(&mut self, milliseconds: i64) {
        self.floor = self.floor.max(milliseconds);
        self.keys = self.keys.split_off(&(self.floor, 0, 0));
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.keys.len()
    }
}

fn hash(line: &LogEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&line.log_group, &line.message).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(i64, &str)]) -> Vec<LogEvent> {
        let line = |(at, message): &(i64, &str)| LogEvent {
            timestamp_ms: *at,
            log_group: "/aws/lambda/shop".into(),
            message: (*message).to_owned(),
        };
        lines.iter().map(line).collect()
    }

    fn check(seen: &mut Seen, answer: &[(i64, &str)], expected: &[(i64, &str)]) {
        assert_eq!(seen.fresh(lines(answer)), lines(expected), "{answer:?}");
    }

    #[test]
    fn a_line_is_told_once_and_two_alike_are_two() {
        let mut seen = Seen::default();
        check(
            &mut seen,
            &[(1, "a"), (1, "a"), (2, "b")],
            &[(1, "a"), (1, "a"), (2, "b")],
        );
        check(
            &mut seen,
            &[(1, "a"), (1, "late"), (1, "a"), (2, "b"), (3, "c")],
            &[(1, "late"), (3, "c")],
        );
    }

    #[test]
    fn what_is_remembered_does_not_grow() {
        let mut seen = Seen {
            most: 3,
            ..Seen::default()
        };
        for at in 0..1_000 {
            assert_eq!(seen.fresh(lines(&[(at, "x"), (at, "y")])).len(), 2);
            assert!(seen.len() <= 3);
        }
        check(&mut seen, &[(5, "x"), (999, "x"), (999, "new")], &[(999, "new")]);
        seen.forget_before(2_000);
        assert_eq!(seen.len(), 0);
        check(&mut seen, &[(1_999, "z"), (2_000, "z")], &[(2_000, "z")]);
    }
}
