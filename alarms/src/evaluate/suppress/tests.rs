//! The five examples of the user guide, minute by minute; wait 2 minutes, extension 3.

use super::*;

/// From t0 on, a letter per minute: `A` ALARM, `o` OK. Expected per minute: `A`, `o` the actions of that state run; `w` held
/// by the wait, `e` by the extension, `s` by the suppressor; `.` nothing.
fn check(composite: &str, suppressor: &str, expect: &str) {
    let state = |letter: char| {
        if letter == 'A' {
            StateValue::Alarm
        } else {
            StateValue::Ok
        }
    };
    let first = |states: &str| state(states.chars().next().unwrap());
    let mut suppression = Suppression::new(120, 180, first(composite), first(suppressor));
    let found: String = (0..)
        .zip(composite.chars().zip(suppressor.chars()))
        .map(|(minute, (composite, suppressor))| {
            let at = Timestamp::from_second(60 * minute).unwrap();
            match suppression.observe(at, state(composite), state(suppressor)) {
                Outcome::Quiet => '.',
                Outcome::Act(StateValue::Alarm) => 'A',
                Outcome::Act(_) => 'o',
                Outcome::Held(SuppressedBy::WaitPeriod) => 'w',
                Outcome::Held(SuppressedBy::ExtensionPeriod) => 'e',
                Outcome::Held(SuppressedBy::Alarm) => 's',
            }
        })
        .collect();
    assert_eq!(found, expect, "composite {composite}, suppressor {suppressor}");
}

/// The composite goes to ALARM at t2, the suppressor stays quiet: actions at t4.
#[test]
fn actions_run_after_the_wait() {
    check("ooAAAAAA", "oooooooo", "..wwA...");
}

/// The suppressor goes to ALARM at t3, within the wait: the wait is discarded.
#[test]
fn a_suppressor_that_comes_in_time_holds_actions_back() {
    check("ooAAAAAA", "oooAAAAA", "..wsssss");
}

/// The composite goes back to OK at t3, within the wait t2 to t4: a new wait t3 to t5.
#[test]
fn a_change_within_the_wait_waits_anew() {
    check("ooAooooo", "oooooooo", "..wwwo..");
}

/// The suppressor goes to OK at t6: an extension t6 to t9, then actions.
#[test]
fn actions_run_after_the_extension() {
    check("ooAAAAAAAAAA", "ooAAAAoooooo", "..sssseeeA..");
}

/// The composite goes to OK at t7, within the extension t6 to t9: the extension is dropped, a new wait t7 to t9.
#[test]
fn a_change_within_the_extension_waits_anew() {
    check("ooAAAAAooooo", "ooAAAAoooooo", "..ssssewwo..");
}

#[test]
fn a_suppressor_alone_does_nothing() {
    check("oooooooo", "ooAAoooo", "........");
    check("AAAAAAAA", "AAoooooo", "........");
}

#[test]
fn a_suppressor_without_data_does_not_suppress() {
    let mut suppression = Suppression::new(0, 60, StateValue::Ok, StateValue::InsufficientData);
    let at = Timestamp::from_second(0).unwrap();
    let found = suppression.observe(at, StateValue::Alarm, StateValue::InsufficientData);
    assert_eq!(found, Outcome::Act(StateValue::Alarm), "without a wait at once");
    assert_eq!(suppression.next(), None);
}

#[test]
fn replacing_the_suppressor_discards_timers() {
    let at = |minute: i64| Timestamp::from_second(60 * minute).unwrap();
    let mut suppression = Suppression::new(600, 600, StateValue::Ok, StateValue::Ok);
    assert_eq!(
        suppression.observe(at(0), StateValue::Alarm, StateValue::Ok),
        Outcome::Held(SuppressedBy::WaitPeriod)
    );
    assert_eq!(suppression.next(), Some(at(10)));
    suppression.replace(600, 600, StateValue::Ok);
    assert_eq!(suppression.next(), None);
    assert_eq!(
        suppression.observe(at(1), StateValue::Alarm, StateValue::Ok),
        Outcome::Act(StateValue::Alarm)
    );
}

proptest::proptest! {
    /// Actions run only outside of suppression, and every change is acted on in the end.
    #[test]
    fn no_change_is_lost(steps in proptest::collection::vec((proptest::bool::ANY, proptest::bool::ANY), 1..40)) {
        let state = |alarm: bool| if alarm { StateValue::Alarm } else { StateValue::Ok };
        let mut suppression = Suppression::new(120, 180, StateValue::Ok, StateValue::Ok);
        let mut acted = StateValue::Ok;
        let mut minute = 0;
        let mut observe = |composite, suppressor| {
            minute += 1;
            let outcome = suppression.observe(Timestamp::from_second(60 * minute).unwrap(), composite, suppressor);
            if let Outcome::Act(state) = outcome {
                assert_eq!(state, composite);
                assert_ne!(suppressor, StateValue::Alarm);
                acted = state;
            }
        };
        for (composite, suppressor) in &steps {
            observe(state(*composite), state(*suppressor));
        }
        let last = state(steps.last().unwrap().0);
        for _ in 0..6 {
            observe(last, StateValue::Ok);
        }
        proptest::prop_assert_eq!(acted, last);
    }
}
