//! Which drills run at the same time: those that touch nothing of each other and expect no alarm in common. So what each
//! must raise can still be told, and a change that nobody expected is a failure of all that ran.

use crate::drill::Drill;

/// Most loads at a time: a small machine serves no more.
const MOST_LOADS: usize = 24;

/// Groups of drills, by their place in `drills`. Long ones come together, so that a short one does not wait for them.
#[must_use]
pub fn batches(drills: &[Drill]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..drills.len()).collect();
    // Orders run on when a drill is over, so these come after the others; what leaves alarms on comes last.
    order.sort_by_key(|at| {
        let drill = &drills[*at];
        (rank(drill), std::cmp::Reverse(length(drill)))
    });
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for at in order {
        let fits = |batch: &Vec<usize>| {
            let loads: usize = batch.iter().map(|other| drills[*other].load.len()).sum();
            loads + drills[at].load.len() <= MOST_LOADS
                && batch.iter().all(|other| may_meet(&drills[at], &drills[*other]))
        };
        match batches.iter_mut().find(|batch| fits(batch)) {
            Some(batch) => batch.push(at),
            None => batches.push(vec![at]),
        }
    }
    for batch in &mut batches {
        batch.sort_unstable();
    }
    batches
}

fn rank(drill: &Drill) -> u8 {
    match (drill.expect.stays.is_empty(), drill.places_orders()) {
        (true, false) => 0,
        (true, true) => 1,
        (false, _) => 2,
    }
}

fn length(drill: &Drill) -> i64 {
    drill.expect.within + drill.expect.cleared_within
}

fn may_meet(one: &Drill, other: &Drill) -> bool {
    if one.is_alone || other.is_alone || rank(one) != rank(other) {
        return false;
    }
    let (broken, others) = (one.broken(), other.broken());
    broken.is_disjoint(&others) && broken.is_disjoint(&other.used()) && others.is_disjoint(&one.used())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::file::tests::drill;

    fn check(files: &[&str], expect: &[&[usize]]) {
        let drills: Vec<Drill> = files.iter().map(|text| drill(text)).collect();
        assert_eq!(batches(&drills), expect);
    }

    fn throttled(name: &str, function: &str) -> String {
        format!(
            "name: {name}\nsummary: s\nfaults: [{{ fault: throttle, function: {function} }}]\nload: [{{ load: invoke, function: {function}, per-minute: 6 }}]\nexpect: {{ within: 5m, cleared-within: 5m, alarms: [a-{name}] }}\n"
        )
    }

    #[test]
    fn what_touches_nothing_in_common_runs_together() {
        let (one, two) = (throttled("one", "f-1"), throttled("two", "f-2"));
        check(&[&one, &two], &[&[0, 1]]);
        let same = throttled("two", "f-1");
        check(&[&one, &same], &[&[0], &[1]]);
        check(&[&one, &two.replace("a-two", "a-one")], &[&[0], &[1]]);
        check(&[&one, &format!("{two}alone: true\n")], &[&[0], &[1]]);
        let shared = |file: &str| file.replace("alarms:", "shared: [of-many], alarms:");
        check(&[&shared(&one), &shared(&two)], &[&[0, 1]]);
        let orders = "name: three\nsummary: s\nfaults: [{ fault: message, queue: q }]\nload: [{ load: orders, per-minute: 6 }]\nexpect: { within: 5m, cleared-within: 5m, alarms: [b] }\n";
        check(
            &[&throttled("one", "shopfast-order-relay"), orders],
            &[&[0], &[1]],
        );
    }

    proptest! {
        #[test]
        fn each_runs_once_and_beside_none_of_its_own(functions in proptest::collection::vec(0_u8..4, 0..12)) {
            let drills: Vec<Drill> = functions
                .iter()
                .enumerate()
                .map(|(at, function)| drill(&throttled(&format!("d{at}"), &format!("f{function}"))))
                .collect();
            let batches = batches(&drills);
            let mut all: Vec<usize> = batches.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..drills.len()).collect::<Vec<_>>());
            for batch in batches {
                let mut touched: Vec<u8> = batch.iter().map(|at| functions[*at]).collect();
                touched.sort_unstable();
                let count = touched.len();
                touched.dedup();
                prop_assert_eq!(touched.len(), count);
            }
        }
    }
}
