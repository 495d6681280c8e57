//! Batches that are still to be run, for several platforms at the same time. A batch of many drills keeps the processors busy, a drill
//! that must be alone mostly waits: one platform begins with the former, the next with the latter, and they meet in the middle.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ops_drill::Drill;

/// What nobody has taken yet.
#[derive(Debug)]
pub(super) struct Queue<'a>(Mutex<Batches<'a>>);

#[derive(Debug, Default)]
struct Batches<'a> {
    /// The largest first.
    usual: VecDeque<Vec<&'a Drill>>,
    /// After them a platform is of no use for others: they leave alarms on.
    staying: VecDeque<Vec<&'a Drill>>,
}

impl<'a> Queue<'a> {
    /// All of these.
    pub(super) fn new(drills: &'a [Drill]) -> Self {
        let mut batches = Batches::default();
        for members in ops_drill::batches(drills) {
            let batch: Vec<&Drill> = members.into_iter().map(|at| &drills[at]).collect();
            let leaves_alarms_on = batch.iter().any(|drill| !drill.expect.stays.is_empty());
            let list = match leaves_alarms_on {
                true => &mut batches.staying,
                false => &mut batches.usual,
            };
            list.push_back(batch);
        }
        // The longest of those that run alone come last: they are taken from there.
        let size = |batch: &Vec<&Drill>| {
            let longest = batch.iter().map(|drill| drill.expect.within).max();
            (std::cmp::Reverse(batch.len()), longest)
        };
        batches.usual.make_contiguous().sort_by_key(size);
        Self(Mutex::new(batches))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batches.usual.len() + batches.staying.len()
    }

    /// The next one for a platform, counted from 1.
    pub(super) fn next(&self, platform: usize) -> Option<Vec<&'a Drill>> {
        let mut batches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = match platform % 2 {
            0 => batches.usual.pop_back(),
            _ => batches.usual.pop_front(),
        };
        usual.or_else(|| batches.staying.pop_front())
    }

    /// Nobody gets any more.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Batches::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drills() -> Vec<Drill> {
        let drill = |name: &str, expect: &str, more: &str| {
            format!(
                "name: {name}\nsummary: s\nfaults: [{{ fault: throttle, function: f-{name} }}]\n\
                 load: [{{ load: invoke, function: f-{name}, per-minute: 6 }}]\n\
                 expect: {{ cleared-within: 5m, alarms: [a-{name}], {expect} }}\n{more}"
            )
        };
        let files = [
            drill("stays", "within: 5m, stays: [a-stays]", ""),
            drill("alone", "within: 5m", "alone: true\n"),
            drill("beside", "within: 5m", ""),
            drill("long", "within: 50m", "alone: true\n"),
            drill("other", "within: 5m", ""),
        ];
        ops_drill::read("f.yaml", &files.join("---\n")).unwrap()
    }

    fn check(platforms: &[usize], expect: &[&[&str]]) {
        let drills = drills();
        let queue = Queue::new(&drills);
        assert_eq!(queue.len(), 4);
        for (platform, expect) in platforms.iter().zip(expect) {
            let batch = queue.next(*platform).unwrap_or_default();
            let names: Vec<&str> = batch.iter().map(|drill| &*drill.name).collect();
            assert_eq!(&names, expect);
        }
        queue.close();
        assert_eq!(queue.next(1), None);
    }

    #[test]
    fn the_first_takes_the_large_ones_and_the_second_the_long_ones() {
        let (large, short, long, stays): (&[&str], &[&str], &[&str], &[&str]) =
            (&["beside", "other"], &["alone"], &["long"], &["stays"]);
        check(&[1, 1, 1, 1, 1], &[large, short, long, stays, &[]]);
        check(&[1, 2, 2, 1, 2], &[large, long, short, stays, &[]]);
        check(&[2, 2, 2, 2], &[long, short, large, stays]);
    }
}
