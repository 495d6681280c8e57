//! A compaction that ends after any of its steps, and two at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use log_archive_domain::layout;
use log_archive_store::{ArchiveError, Step, Stopped, Watch, replay};

use crate::compaction::forty_stories;
use crate::given::{Given, at, envelope, event, hour, line, uuid, uuid_v4};

/// Ends a compaction after so many steps.
struct KillAfter(AtomicUsize);

impl Watch for KillAfter {
    fn done(&self, step: &Step) -> Result<(), Stopped> {
        let left = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(|_| ())
            .map_err(|_| Stopped(format!("killed after {step:?}")))
    }
}

/// Two hours, one with a generation already, and a late line for it.
async fn given() -> Given {
    let given = Given::in_a_directory();
    given
        .raw(
            0,
            "first",
            &[event(
                "first",
                at(2),
                line(&uuid(at(1), 3), &uuid_v4(1), "before"),
            )],
        )
        .await;
    given.compact(0).await;
    forty_stories(&given).await;
    given
        .raw(
            1,
            "next",
            &[event("late", at(3), "late"), event("next", at(70), "next hour")],
        )
        .await;
    given
}

#[tokio::test]
async fn killed_after_any_step_the_result_is_the_same() {
    let whole = given().await;
    whole.compact(1).await;
    let expected = whole.lines().await;
    assert_eq!(expected.len(), 203);
    let mut killed = 0;
    loop {
        let given = given().await;
        let outcome = given
            .compact_watched(1, &KillAfter(AtomicUsize::new(killed)))
            .await;
        let Err(ArchiveError::Stopped(_)) = outcome else {
            outcome.unwrap();
            break;
        };
        given.compact(1).await;
        assert!(given.lines().await == expected, "after {killed} steps");
        let verified = given.verify(1).await;
        assert_eq!(verified.faults, [], "after {killed} steps");
        assert_eq!(verified.raw, 4, "after {killed} steps");
        assert_eq!(given.keys(layout::RAW).await, [""; 0], "after {killed} steps");
        killed += 1;
    }
    // Two generations of one hour and one of another: every kind of step was killed.
    assert!(killed > 20, "{killed} steps");
}

/// Lets another compactor finish after a step of this one.
struct Meanwhile<'g> {
    given: &'g Given,
    when: fn(&Step) -> bool,
    /// Is there a new raw object too, so that the other one writes other files?
    has_new: bool,
    done: Mutex<bool>,
}

impl Watch for Meanwhile<'_> {
    fn done(&self, step: &Step) -> Result<(), Stopped> {
        if !(self.when)(step) || std::mem::replace(&mut *self.done.lock().unwrap(), true) {
            return Ok(());
        }
        // A runtime of its own: the watch is called within one.
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    if self.has_new {
                        self.given.raw(1, "new", &[event("new", at(5), "new")]).await;
                    }
                    self.given.compact(1).await
                })
            });
            other.join().unwrap();
        });
        Ok(())
    }
}

#[tokio::test]
async fn of_two_compactors_one_has_no_effect() {
    let whole = given().await;
    whole.compact(1).await;
    let expected = whole.lines().await;
    let check = async |when: fn(&Step) -> bool| {
        let given = given().await;
        let watch = Meanwhile {
            given: &given,
            when,
            has_new: false,
            done: Mutex::new(false),
        };
        given.compact_watched(1, &watch).await.unwrap();
        assert!(*watch.done.lock().unwrap());
        assert!(given.lines().await == expected);
        let verified = given.verify(1).await;
        assert_eq!(verified.faults, []);
        assert_eq!(verified.lines, 203);
    };
    check(|step| matches!(step, Step::Listed { .. })).await;
    check(|step| matches!(step, Step::ObjectRead(_))).await;
    check(|step| matches!(step, Step::PartStored(_))).await;
    check(|step| matches!(step, Step::FiltersStored(_))).await;
    check(|step| matches!(step, Step::Committed(_))).await;
    check(|step| matches!(step, Step::Chained(_))).await;
    check(|step| matches!(step, Step::RawCopied(_))).await;
}

/// Kills a compaction when it comes to such a step.
pub(crate) struct KillAt(pub(crate) fn(&Step) -> bool);

impl Watch for KillAt {
    fn done(&self, step: &Step) -> Result<(), Stopped> {
        if (self.0)(step) {
            return Err(Stopped(format!("killed at {step:?}")));
        }
        Ok(())
    }
}

fn is_committed(step: &Step) -> bool {
    matches!(step, Step::Committed(_))
}

#[tokio::test]
async fn a_generation_that_was_not_chained_is_chained_before_the_next() {
    let given = Given::in_a_directory();
    for number in 0..3 {
        let id = format!("e{number}");
        given.raw(number, &id, &[event(&id, at(number), "x")]).await;
        let killed = given.compact_watched(number, &KillAt(is_committed)).await;
        assert!(matches!(killed, Err(ArchiveError::Stopped(_))));
    }
    given.compact(3).await;
    let verified = given.verify(3).await;
    assert_eq!((verified.faults, verified.links, verified.lines), (vec![], 3, 3));
}

#[tokio::test]
async fn the_slower_of_two_leaves_nothing() {
    let check = async |when: fn(&Step) -> bool| {
        let given = given().await;
        let done = Mutex::new(false);
        let watch = Meanwhile {
            given: &given,
            when,
            has_new: true,
            done,
        };
        given.compact_watched(1, &watch).await.unwrap();
        assert!(*watch.done.lock().unwrap());
        let verified = given.verify(1).await;
        assert_eq!((verified.faults, verified.lines), (vec![], 204));
        let ids = given.keys(layout::IDS).await;
        // Of each hour the filter of its parts and its own, and that of the day.
        assert_eq!(ids.len(), 5, "{ids:?}");
    };
    check(|step| matches!(step, Step::Listed { .. })).await;
    check(|step| matches!(step, Step::PartStored(_))).await;
    check(|step| matches!(step, Step::FiltersStored(_))).await;
}

#[tokio::test]
async fn a_base_that_is_replaced_while_it_is_read_is_no_failure() {
    let given = Given::in_a_directory();
    given.raw(0, "first", &[event("first", at(2), "x")]).await;
    // Committed and not in the chain: the next compaction has a step between the base's manifest and its parts.
    let killed = given.compact_watched(0, &KillAt(is_committed)).await;
    assert!(killed.is_err());
    given.raw(1, "late", &[event("late", at(3), "x")]).await;
    let watch = Meanwhile {
        given: &given,
        when: |step| matches!(step, Step::Chained(_)),
        has_new: true,
        done: Mutex::new(false),
    };
    let compacted = given.compact_watched(1, &watch).await.unwrap();
    assert_eq!(compacted.stuck, []);
    assert_eq!(given.event_ids().await, ["first", "late", "new"]);
    assert_eq!(given.verify(1).await.faults, []);
}

#[tokio::test]
async fn a_replay_that_is_killed_after_any_step_loses_and_doubles_nothing() {
    let mut killed = 0;
    loop {
        let given = Given::in_a_directory();
        for (name, id) in [("a", "first"), ("b", "second")] {
            let key = format!("{}/forwarder/2026/11/21/20/{name}.json", layout::FAILED);
            let failed = envelope(&[event(id, at(2), id)]);
            given.archive.put(&key, failed.into()).await.unwrap();
        }
        let watch = KillAfter(AtomicUsize::new(killed));
        let outcome = replay(&given.archive, hour().plus(2), &watch).await;
        let Err(ArchiveError::Stopped(_)) = outcome else {
            assert_eq!(outcome.unwrap().objects, 2);
            break;
        };
        replay(&given.archive, hour().plus(2), &()).await.unwrap();
        given.compact(2).await;
        assert_eq!(
            given.event_ids().await,
            ["first", "second"],
            "after {killed} steps"
        );
        assert_eq!(given.keys(layout::FAILED).await, [""; 0], "after {killed} steps");
        killed += 1;
    }
    // Each of two objects is put back, then deleted.
    assert_eq!(killed, 4);
}
