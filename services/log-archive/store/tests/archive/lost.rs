//! A manifest that is gone: what it named is not taken for rubbish, and nobody says that nothing is missing.

use log_archive_domain::{Id, layout};
use log_archive_store::{ArchiveError, Lookup, Scope, Step, chain, export, manifests};

use crate::given::{Given, at, event, hour, line, uuid, uuid_v4};
use crate::kill::KillAt;

/// An hour of one generation or two, another hour beside it, and late lines for both.
struct Lost {
    given: Given,
    generation: u32,
    /// The manifest that was deleted.
    manifest: bytes::Bytes,
}

impl Lost {
    async fn new(generation: u32, has_day_filter: bool) -> Self {
        let given = Given::in_memory();
        for later in 0..2 {
            let id = format!("e{later}");
            given.raw(later, &id, &[event(&id, at(60 * later), "x")]).await;
        }
        given.compact(1).await;
        if generation == 2 {
            given.raw(1, "second", &[event("s", at(2), "second")]).await;
            given.compact(1).await;
        }
        let key = layout::manifest(hour(), generation);
        let manifest = given.archive.get(&key).await.unwrap().unwrap();
        given.archive.delete(&key).await.unwrap();
        if !has_day_filter {
            let key = layout::day_filter(hour().day());
            given.archive.delete(&key).await.unwrap();
        }
        let late = [event("l0", at(1), "late"), event("l1", at(61), "late")];
        given.raw(2, "late", &late).await;
        Self {
            given,
            generation,
            manifest,
        }
    }

    fn key(&self) -> String {
        layout::manifest(hour(), self.generation)
    }

    async fn restore(&self) {
        let manifest = self.manifest.clone();
        self.given.archive.put(&self.key(), manifest).await.unwrap();
    }

    /// Files of the hour.
    async fn files(&self) -> Vec<String> {
        let mut files = self.given.keys(&layout::lines_prefix(hour())).await;
        files.extend(self.given.keys(&layout::ids_prefix(hour())).await);
        files
    }
}

#[tokio::test]
async fn a_compaction_without_the_manifest_loses_nothing() {
    let check = async |generation, has_day_filter, named_by: &str| {
        let lost = Lost::new(generation, has_day_filter).await;
        let (given, files) = (&lost.given, lost.files().await);
        // Every hour again and again.
        for later in 2..4 {
            let compacted = given.compact(later).await;
            let stuck = [(
                hour(),
                format!(
                    "{} is missing, although {named_by} names it: restore it, or the archive is incomplete",
                    lost.key()
                ),
            )];
            assert_eq!(compacted.stuck, stuck);
            // Other hours go on.
            let others = if later == 2 {
                vec![(hour().plus(1), 2)]
            } else {
                vec![]
            };
            assert_eq!(compacted.hours, others);
            assert_eq!(lost.files().await, files);
            assert!(given.keys(layout::RAW).await.concat().ends_with("late.gz"));
        }
        let mut ids = vec!["e0", "e1", "l0", "l1"];
        if generation == 2 {
            ids.push("s");
        }
        lost.restore().await;
        let compacted = given.compact(4).await;
        assert_eq!(compacted.hours, [(hour(), generation + 1)]);
        assert_eq!(given.event_ids().await, ids);
        let verified = given.verify(4).await;
        assert_eq!(verified.faults, []);
    };
    for generation in 1..=2 {
        check(generation, true, "the filter of its day").await;
        check(generation, false, "the chain").await;
    }
}

#[tokio::test]
async fn what_a_killed_compaction_left_keeps_no_hour_back() {
    let given = Given::in_memory();
    given.raw(0, "a", &[event("a", at(1), "x")]).await;
    given.raw(1, "b", &[event("b", at(61), "x")]).await;
    given.compact(1).await;
    // A later generation and a new hour, both with files and without a manifest.
    given.raw(2, "c", &[event("c", at(2), "x")]).await;
    given.raw(2, "d", &[event("d", at(122), "x")]).await;
    for left in 0..2 {
        let kill = KillAt(|step| matches!(step, Step::FiltersStored(_)));
        let killed = given.compact_watched(2 + left, &kill).await;
        assert!(matches!(killed, Err(ArchiveError::Stopped(_))));
    }
    // Another line, so that the file is another one.
    given.raw(2, "e", &[event("e", at(3), "x")]).await;
    let compacted = given.compact(3).await;
    assert_eq!(compacted.stuck, []);
    assert_eq!(given.event_ids().await, ["a", "b", "c", "d", "e"]);
    assert_eq!(given.verify(3).await.faults, []);
}

#[tokio::test]
async fn nobody_can_tell_without_the_chain_and_so_it_waits() {
    let lost = Lost::new(1, false).await;
    let given = &lost.given;
    given.archive.delete(&layout::link(1)).await.unwrap();
    let compacted = given.compact(2).await;
    let (stuck, why) = &compacted.stuck[0];
    assert_eq!((*stuck, compacted.stuck.len()), (hour(), 1));
    assert!(
        why.ends_with(
            "is named by no manifest, and chain/000000000001.json cannot be read: whether the manifest is missing nobody can tell; restore the \
             link, or move the file away"
        ),
        "{why}"
    );
    lost.restore().await;
    given.compact(2).await;
    assert_eq!(given.event_ids().await, ["e0", "e1", "l0", "l1"]);
}

#[tokio::test]
async fn who_asks_for_lines_of_an_hour_whose_manifest_is_gone_is_told() {
    for generation in 1..=2 {
        let given = Given::in_memory();
        let story = |later| uuid(at(60 * later + 1), 7);
        for later in 0..2 {
            let line = line(&story(later), &uuid_v4(1), "x");
            given
                .raw(later, "story", &[event("e", at(60 * later + 2), line)])
                .await;
        }
        given.compact(1).await;
        if generation == 2 {
            given.raw(1, "more", &[event("more", at(3), "x")]).await;
            given.compact(1).await;
        }
        let key = layout::manifest(hour(), generation);
        given.archive.delete(&key).await.unwrap();
        let expected = format!(
            "{key} is missing, although the filter of its day names it: restore it, or the archive is incomplete"
        );
        let find = async |later| {
            let id = Id::new(&story(later));
            let mut lookup = Lookup::new(&given.archive);
            let found = lookup.find(&id, &Scope::Everywhere).await;
            let parts = lookup.parts(&id, &Scope::Everywhere).await;
            found
                .map(|found| (found.lines.len(), parts.unwrap().len()))
                .map_err(|error| chain(&error))
        };
        // An ID that the hour cannot know is found; also when the filter was made again meanwhile.
        for late in 2..4 {
            assert_eq!(find(0).await, Err(expected.clone()));
            assert_eq!(find(1).await, Ok((1, 1)));
            given
                .raw(late, "late", &[event("late", at(60 * late), "x")])
                .await;
            assert_eq!(given.compact(late).await.hours.len(), 1);
        }
        let all = |hours| async {
            manifests(&given.archive, hours)
                .await
                .map_err(|error| chain(&error))
        };
        assert_eq!(all(hour()..=hour().plus(9)).await, Err(expected.clone()));
        assert_eq!(all(hour().plus(1)..=hour().plus(9)).await.unwrap().len(), 3);
        let exported =
            export::each_line::<ArchiveError>(&given.archive, hour()..=hour(), |_, _| Ok(())).await;
        assert_eq!(chain(&exported.unwrap_err()), expected);
    }
}

#[tokio::test]
async fn a_day_of_which_every_manifest_is_gone_is_not_empty() {
    let given = Given::in_memory();
    let (story, request) = (uuid(at(1), 7), uuid_v4(1));
    let line = line(&story, &request, "x");
    given.raw(0, "story", &[event("e", at(2), line)]).await;
    given.compact(0).await;
    given.archive.delete(&layout::manifest(hour(), 1)).await.unwrap();
    for id in [story, request] {
        let mut lookup = Lookup::new(&given.archive);
        let found = lookup.find(&Id::new(&id), &Scope::Everywhere).await;
        assert!(matches!(found, Err(ArchiveError::Missing { .. })), "{found:?}");
    }
    let all = manifests(&given.archive, hour()..=hour()).await;
    assert!(matches!(all, Err(ArchiveError::Missing { .. })), "{all:?}");
}

#[tokio::test]
async fn a_filter_of_a_day_that_is_cut_is_no_filter() {
    for (length, in_a_directory) in [(0, true), (0, false), (50, true), (8_300, false)] {
        let given = if in_a_directory {
            Given::in_a_directory()
        } else {
            Given::in_memory()
        };
        let story = uuid(at(1), 7);
        let line = line(&story, &uuid_v4(1), "x");
        given.raw(0, "story", &[event("e", at(2), line)]).await;
        given.compact(0).await;
        let key = layout::day_filter(hour().day());
        let whole = given.archive.get(&key).await.unwrap().unwrap();
        given.archive.put(&key, whole.slice(..length)).await.unwrap();
        let found = Lookup::new(&given.archive)
            .find(&Id::new(&story), &Scope::Everywhere)
            .await;
        assert_eq!(found.unwrap().lines.len(), 1, "{length}");
        assert_eq!(given.event_ids().await, ["e"]);
        let faults = given.verify(0).await.faults;
        assert!(faults.len() == 1 && faults[0].key == key, "{faults:?}");
        // The next compaction of the day makes it anew.
        given.raw(1, "late", &[event("late", at(3), "x")]).await;
        given.compact(1).await;
        assert_eq!(given.verify(1).await.faults, []);
    }
}

#[tokio::test]
async fn a_manifest_that_was_made_again_is_told_for_ever() {
    let given = Given::in_memory();
    given.raw(0, "a", &[event("a", at(1), "x")]).await;
    given.compact(0).await;
    // What a compactor did that took the hour for a new one.
    for prefix in [
        layout::manifests_of(hour().day()),
        layout::lines_prefix(hour()),
        layout::ids_prefix(hour()),
    ] {
        for key in given.keys(&prefix).await {
            given.archive.delete(&key).await.unwrap();
        }
    }
    given.raw(1, "late", &[event("late", at(2), "x")]).await;
    given.compact(1).await;
    given.archive.delete("expiring/2026/11/21/19/a.gz").await.unwrap();
    let faults = given.verify(1).await.faults;
    let again = "names manifests/dt=2026-11-21/hour=19/000001.json again, with another digest: it was lost, and its hour taken for a new one";
    assert_eq!(
        (faults[0].key.as_str(), faults[0].what.as_str()),
        ("chain/000000000002.json", again)
    );
}

#[tokio::test]
async fn parts_of_a_lost_manifest_are_to_be_kept() {
    for (generation, is_chained) in [(1, true), (2, true), (1, false)] {
        let lost = Lost::new(generation, true).await;
        let given = &lost.given;
        if !is_chained {
            given.archive.delete(&layout::link(1)).await.unwrap();
        }
        let part = given.keys(&layout::lines_prefix(hour())).await.remove(0);
        let key = lost.key();
        let expected = if is_chained {
            format!("is named by no manifest, because {key} is missing: keep it, and restore the manifest")
        } else {
            format!(
                "is named by no manifest: a compaction that was killed leaves it, and its lines under raw/; if they are not there, keep it and restore {key}"
            )
        };
        let faults = given.verify(2).await.faults;
        let own: Vec<_> = faults
            .iter()
            .filter(|fault| fault.key == part)
            .map(|fault| &fault.what)
            .collect();
        assert_eq!(own, [&expected]);
        let missing = faults
            .iter()
            .any(|fault| fault.key == key && fault.what.contains("restore it"));
        assert_eq!(missing, is_chained);
    }
}

#[tokio::test]
async fn a_link_that_is_lost_is_not_asked_of_a_compaction_that_has_nothing_to_do() {
    let given = Given::in_memory();
    given.raw(0, "a", &[event("a", at(1), "x")]).await;
    let kill = KillAt(|step| matches!(step, Step::Committed(_)));
    assert!(given.compact_watched(0, &kill).await.is_err());
    let first = async || given.verify(0).await.faults.remove(0).what;
    assert_eq!(
        first().await,
        "is not in the chain: run `shopwatch archive compact`"
    );
    given.compact(0).await;
    assert_eq!(given.verify(0).await.faults, []);
    given.archive.delete(&layout::link(1)).await.unwrap();
    assert!(
        first()
            .await
            .starts_with("is not in the chain: its link is lost, restore it")
    );
    given.raw(1, "late", &[event("late", at(2), "x")]).await;
    given.compact(1).await;
    assert_eq!(given.verify(1).await.faults, []);
}

#[tokio::test]
async fn where_nothing_is_there_is_nothing_to_be_proud_of() {
    let given = Given::in_memory();
    let faults = given.verify(0).await.faults;
    assert!(
        faults.len() == 1 && faults[0].what.starts_with("is empty"),
        "{faults:?}"
    );
    // An archive that was never compacted is one.
    given.raw(0, "a", &[event("a", at(1), "x")]).await;
    assert_eq!(given.verify(0).await.faults, []);
    given.archive.put("raw/stray.gz", "x".into()).await.unwrap();
    let (_, why) = given.compact(0).await.broken.remove(0);
    let faults = given.verify(0).await.faults;
    assert_eq!(faults[0].what, format!("cannot be archived: {why}"));
}

#[tokio::test]
async fn what_could_not_be_delivered_is_counted_and_told_when_it_is_late() {
    let given = Given::in_memory();
    for key in [
        "failed/forwarder/2026/11/21/19/a.json",
        "failed/forwarder/2026/11/21/23/b.json",
        "failed/odd",
    ] {
        given.archive.put(key, "x".into()).await.unwrap();
    }
    let verified = given.verify(0).await;
    assert_eq!((verified.undelivered, verified.faults), (3, vec![]));
    let verified = given.verify(4).await;
    assert_eq!((verified.undelivered, verified.faults.len()), (3, 1));
    assert!(
        verified.faults[0].what.starts_with("could not be delivered: run"),
        "{:?}",
        verified.faults
    );
}

#[tokio::test]
async fn a_manifest_that_nobody_can_restore_is_made_again_from_raw_objects() {
    for generation in 1..=2 {
        let lost = Lost::new(generation, true).await;
        let given = &lost.given;
        assert_eq!(given.compact(2).await.stuck.len(), 1);
        // As the README says.
        for key in given.keys(layout::EXPIRING).await {
            let raw = key.replacen(layout::EXPIRING, layout::RAW, 1);
            given.archive.copy(&key, &raw).await.unwrap();
            given.archive.delete(&key).await.unwrap();
        }
        let mut away = lost.files().await;
        away.push(layout::day_filter(hour().day()));
        away.extend((1..=generation).map(|generation| layout::manifest(hour(), generation)));
        for key in away {
            given.archive.delete(&key).await.unwrap();
        }
        let compacted = given.compact(3).await;
        assert_eq!((compacted.stuck, compacted.hours), (vec![], vec![(hour(), 1)]));
        let mut ids = vec!["e0", "e1", "l0", "l1"];
        ids.extend((generation == 2).then_some("s"));
        assert_eq!(given.event_ids().await, ids);
        let faults = given.verify(3).await.faults;
        let again = faults.iter().filter(|fault| fault.what.contains("again, with"));
        assert_eq!(again.count(), 1, "{faults:?}");
    }
}
