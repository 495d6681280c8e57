//! Orders of deliveries.

use proptest::prelude::*;

use super::*;

/// Lives through deliveries, each told at once: what was told of the change of which time, and what is known then.
fn told(deliveries: &[(State, i64)]) -> (Vec<(Change, i64)>, StoredAlarm) {
    let mut stored = StoredAlarm::default();
    let mut told = Vec::new();
    for &(state, at) in deliveries {
        let (after, change) = stored.change(state, at, 0);
        stored = match change {
            Change::On | Change::Over(_) => after.done(state, at, true),
            Change::WasOn(_) => after.done_late(at, true),
            Change::Nothing => after,
            Change::Busy => panic!("nobody is at it"),
        };
        if change != Change::Nothing {
            told.push((change, at));
        }
    }
    (told, stored)
}

#[track_caller]
fn check(deliveries: &str, expected: &[(Change, i64)]) {
    let read = |word: &str| {
        let (state, at) = word.split_at(1);
        let state = if state == "A" { State::Alarm } else { State::Ok };
        (state, at.parse().expect("a time"))
    };
    let deliveries: Vec<_> = deliveries.split(' ').map(read).collect();
    assert_eq!(told(&deliveries).0, expected);
}

#[test]
fn each_time_that_it_went_off_is_told_once() {
    use Change::{On, Over, WasOn};
    check("A1 A1 O2 O2 A1", &[(On, 1), (Over(1), 2)]);
    // Its end overtook it.
    check("O2 A1 A1 O2", &[(WasOn(2), 1)]);
    // An end without a beginning, as an alarm that is new has one.
    check("O2 O2 O4", &[]);
    check("A1 O2 O4 A3 A1", &[(On, 1), (Over(1), 2), (WasOn(4), 3)]);
    check("O4 O2 A3 A1", &[(WasOn(4), 3), (WasOn(2), 1)]);
    check("O4 A3 A1 O2", &[(WasOn(4), 3), (WasOn(4), 1)]);
    // It is on, and has been for longer than was known: its end says so.
    check("A3 A1 O4 O2", &[(On, 3), (Over(1), 4)]);
    check("A3 O2 A1 O4", &[(On, 3), (WasOn(2), 1), (Over(3), 4)]);
}

/// A mail that did not go, and a function that was stopped.
#[test]
fn what_is_late_is_tried_again() {
    let (stored, _) = StoredAlarm::default().change(State::Ok, 2, 0);
    let (stored, change) = stored.change(State::Alarm, 1, 0);
    assert_eq!(change, Change::WasOn(2));
    let again = |stored: &StoredAlarm, wall_ms| stored.clone().change(State::Alarm, 1, wall_ms).1;
    assert_eq!(again(&stored, CLAIM_MS - 1), Change::Busy);
    assert_eq!(again(&stored, CLAIM_MS), Change::WasOn(2));
    let failed = stored.clone().done_late(1, false);
    assert_eq!(again(&failed, 1), Change::WasOn(2));
    // The digest told it meanwhile.
    let told = failed.told_besides(1).expect("a change");
    assert_eq!(again(&told, 1), Change::Nothing);
    let told_now = stored.told_besides(1).expect("a change");
    assert_eq!(again(&told_now, 1), Change::Busy);
}

fn deliveries() -> impl Strategy<Value = Vec<(State, i64)>> {
    (1..5_i64, proptest::collection::vec(0..8_usize, 0..8)).prop_flat_map(|(pairs, repeated)| {
        let of = |n: i64| [(State::Alarm, 2 * n + 1), (State::Ok, 2 * n + 2)];
        let all: Vec<_> = (0..pairs).flat_map(of).collect();
        let again = repeated.iter().filter_map(|&n| all.get(n).copied());
        let all: Vec<_> = all.iter().copied().chain(again).collect();
        Just(all).prop_shuffle()
    })
}

proptest! {
    /// Whatever the order and whatever comes again: each time it went off lies in a time of trouble that a mail names, no change is
    /// told twice, and at the end nothing is on.
    #[test]
    fn any_order_tells_each_once(deliveries in deliveries()) {
        let (told, stored) = told(&deliveries);
        let is_named = |at: i64| told.iter().any(|&(change, told_at)| match change {
            Change::On => told_at == at,
            Change::Over(since) => since <= at && at < told_at,
            Change::WasOn(over) => told_at <= at && at < over,
            Change::Nothing | Change::Busy => false,
        });
        for (state, at) in &deliveries {
            prop_assert!(*state != State::Alarm || is_named(*at), "{at} of {deliveries:?}: {told:?}");
        }
        let mut times: Vec<i64> = told.iter().map(|(_, at)| *at).collect();
        times.sort_unstable();
        times.dedup();
        prop_assert_eq!(times.len(), told.len(), "{:?}: {:?}", deliveries, told);
        prop_assert_eq!((stored.since_ms, stored.is_on), (None, false), "{:?}", deliveries);
    }

    /// What is remembered does not grow.
    #[test]
    fn ends_are_bounded(times in proptest::collection::vec(0..10_000_i64, 0..200)) {
        let mut stored = StoredAlarm::default();
        for at in times {
            stored = stored.change(State::Ok, at, 0).0;
        }
        prop_assert!(stored.ends.len() <= ENDS);
    }
}
