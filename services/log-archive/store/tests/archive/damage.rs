//! What is damaged is told, by the reader and by `verify`, and named.

use log_archive_domain::{Id, layout};
use log_archive_store::{Lookup, Manifest, Scope, chain};

use crate::compaction::forty_stories;
use crate::given::{Given, at, event, gzip, hour, uuid};

async fn archived() -> Given {
    let given = Given::in_memory();
    forty_stories(&given).await;
    given.compact(0).await;
    given
}

async fn first_fault(given: &Given) -> String {
    let fault = given.verify(0).await.faults.into_iter().next();
    fault.map_or_else(
        || "nothing".to_owned(),
        |fault| format!("{} {}", fault.key, fault.what),
    )
}

async fn alter(given: &Given, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = given.archive.get(key).await.unwrap().unwrap().to_vec();
    change(&mut bytes);
    given.archive.put(key, bytes.into()).await.unwrap();
}

#[tokio::test]
async fn a_bit_that_flips_anywhere_in_a_part_is_found() {
    let given = archived().await;
    let key = given.keys(layout::LINES).await.remove(0);
    let length = given.archive.get(&key).await.unwrap().unwrap().len();
    for place in (0..length).step_by(length / 60) {
        alter(&given, &key, |bytes| bytes[place] ^= 1).await;
        let fault = first_fault(&given).await;
        assert_eq!(
            fault,
            format!("{key} is altered: its manifest has another digest of it"),
            "byte {place}"
        );
        alter(&given, &key, |bytes| bytes[place] ^= 1).await;
    }
    assert_eq!(first_fault(&given).await, "nothing");
}

#[tokio::test]
async fn a_reader_never_returns_altered_lines() {
    let given = archived().await;
    let mut told = 0;
    for key in given.keys(layout::LINES).await {
        let length = given.archive.get(&key).await.unwrap().unwrap().len();
        for place in (0..length).step_by(389) {
            alter(&given, &key, |bytes| bytes[place] ^= 16).await;
            let found = Lookup::new(&given.archive)
                .find(&Id::new(&uuid(at(1), 7)), &Scope::Everywhere)
                .await;
            match found {
                Ok(found) => assert_eq!(found.lines.len(), 5, "byte {place} of {key}"),
                Err(error) => {
                    let text = chain(&error);
                    assert!(text.contains(&key), "{text}");
                    told += 1;
                }
            }
            alter(&given, &key, |bytes| bytes[place] ^= 16).await;
        }
    }
    assert!(told > 10, "{told}");
    for key in given.keys(layout::IDS).await {
        // Rows, behind the header of each file; the day's has generations and a small filter before it.
        let before = if key.ends_with("day.ids") {
            96 + 8_192 + 16
        } else {
            16
        };
        alter(&given, &key, |bytes| {
            bytes.iter_mut().skip(before).for_each(|byte| *byte ^= 1);
        })
        .await;
    }
    let found = Lookup::new(&given.archive)
        .find(&Id::new(&uuid(at(1), 7)), &Scope::Everywhere)
        .await;
    assert!(chain(&found.unwrap_err()).contains("a filter over IDs is altered"));
}

#[tokio::test]
async fn what_is_missing_or_changed_is_named() {
    let check = async |prefix: &str, expected: &str| {
        let given = archived().await;
        let key = given.keys(prefix).await.remove(0);
        given.archive.delete(&key).await.unwrap();
        let fault = first_fault(&given).await;
        assert!(fault.contains(expected), "{fault}");
    };
    check(
        layout::LINES,
        "is missing, although the manifest of its hour names it",
    )
    .await;
    check(
        layout::MANIFESTS,
        "manifests/dt=2026-11-21/hour=19/000001.json is missing, although it is in the chain",
    )
    .await;
    check(layout::CHAIN, "is not in the chain").await;
    check(
        &layout::ids_prefix(hour()),
        "is missing, although the manifest of its hour names it",
    )
    .await;

    let given = archived().await;
    alter(&given, &layout::manifest(hour(), 1), |json| {
        let at = json.windows(9).position(|bytes| bytes == b"\"lines\": ").unwrap() + 9;
        json[at] ^= 1;
    })
    .await;
    assert!(
        first_fault(&given)
            .await
            .contains("the manifest is altered: it has another checksum")
    );

    let given = archived().await;
    alter(&given, &layout::day_filter(hour().day()), |bytes| {
        let last = bytes.len() - 10;
        bytes[last] ^= 1;
    })
    .await;
    assert_eq!(
        first_fault(&given).await,
        "ids/dt=2026-11-21/day.ids a filter over IDs is altered: a row has another checksum: delete it, lookups do without"
    );

    let given = archived().await;
    given
        .archive
        .put("lines/dt=2026-11-21/hour=19/mine.parquet", "x".into())
        .await
        .unwrap();
    assert!(
        first_fault(&given)
            .await
            .contains("mine.parquet is named by no manifest")
    );
}

#[tokio::test]
async fn a_chain_with_a_gap_is_told() {
    let given = Given::in_memory();
    for later in 0..3 {
        given.raw(later, "a", &[event("a", at(60 * later), "x")]).await;
        given.compact(later).await;
    }
    given.archive.delete(&layout::link(2)).await.unwrap();
    assert_eq!(
        first_fault(&given).await,
        "chain/000000000002.json is missing: the chain has a gap"
    );
}

#[tokio::test]
async fn a_bit_that_flips_in_a_link_is_named_there() {
    let given = Given::in_memory();
    for later in 0..3 {
        given.raw(later, "a", &[event("a", at(60 * later), "x")]).await;
        given.compact(later).await;
    }
    for sequence in 1..=3 {
        let key = layout::link(sequence);
        let length = given.archive.get(&key).await.unwrap().unwrap().len();
        for place in (0..length).step_by(7) {
            alter(&given, &key, |bytes| bytes[place] ^= 1).await;
            let fault = first_fault(&given).await;
            assert!(
                fault.starts_with(&format!("{key} read the link")),
                "{place}: {fault}"
            );
            alter(&given, &key, |bytes| bytes[place] ^= 1).await;
        }
    }
    assert_eq!(given.verify(2).await.faults, []);
}

/// Lines, filters, manifest and link of the newest hour are gone, the raw object has expired: nothing that is left has a gap.
#[tokio::test]
async fn a_chain_whose_end_was_cut_off_is_told_by_the_filter_of_the_day() {
    let given = Given::in_memory();
    for later in 0..2 {
        given.raw(later, "a", &[event("a", at(60 * later), "x")]).await;
        given.compact(later).await;
    }
    let second = hour().plus(1);
    let manifest = layout::manifest(second, 1);
    let mut gone = vec![manifest.clone(), layout::link(2)];
    for prefix in [
        layout::lines_prefix(second),
        layout::ids_prefix(second),
        layout::EXPIRING.to_owned(),
    ] {
        gone.extend(given.keys(&prefix).await);
    }
    for key in &gone {
        given.archive.delete(key).await.unwrap();
    }
    let told = "is missing, and so is its link, although the filter of its day knows it: restore both";
    assert_eq!(first_fault(&given).await, format!("{manifest} {told}"));
}

/// All files of an hour are gone, and nobody deleted what names them.
#[tokio::test]
async fn every_file_of_an_hour_that_has_none_is_named() {
    let given = archived().await;
    let mut gone = given.keys(&layout::lines_prefix(hour())).await;
    gone.extend(given.keys(&layout::ids_prefix(hour())).await);
    for key in &gone {
        given.archive.delete(key).await.unwrap();
    }
    let faults = given.verify(0).await.faults;
    let mut named: Vec<_> = faults.into_iter().map(|fault| fault.key).collect();
    named.sort_unstable();
    gone.sort_unstable();
    assert_eq!(named, gone);
}

#[tokio::test]
async fn a_broken_raw_object_stays_and_the_others_are_archived() {
    let given = Given::in_memory();
    forty_stories(&given).await;
    let whole = gzip(
        crate::given::envelope(&[event("cut", at(5), "cut")])
            .repeat(50)
            .as_bytes(),
    );
    let cut = given
        .raw_bytes(0, "cut", whole[..whole.len() - 20].to_vec())
        .await;
    let foreign = given
        .raw_bytes(0, "foreign", b"{\"messageType\":\"DATA_MESSAGE\"}".to_vec())
        .await;
    let compacted = given.compact(0).await;
    assert_eq!(compacted.lines, 200);
    let broken: Vec<_> = compacted
        .broken
        .iter()
        .map(|(key, why)| format!("{key}: {why}"))
        .collect();
    assert!(
        broken[0].starts_with(&format!("{cut}: the object is cut or altered: after ")),
        "{}",
        broken[0]
    );
    assert!(
        broken[1].starts_with(&format!("{foreign}: envelope 1 of the object cannot be read: ")),
        "{}",
        broken[1]
    );
    assert_eq!(given.keys(layout::RAW).await, [cut.clone(), foreign.clone()]);
    let verified = given.verify(5).await;
    assert!(
        verified.faults[0]
            .what
            .contains("cannot be archived: the object is cut or altered")
    );
    // Repaired, it is archived with the rest.
    given.raw_bytes(0, "cut", whole).await;
    given.archive.delete(&foreign).await.unwrap();
    let compacted = given.compact(5).await;
    assert_eq!((compacted.lines, compacted.broken.len()), (1, 0));
    assert_eq!(given.verify(5).await.faults, []);
}

/// Two hours with lines, one of them damaged, and late lines for both.
async fn damaged(damage: impl AsyncFnOnce(&Given)) -> Given {
    let given = Given::in_memory();
    for later in 0..2 {
        let id = format!("e{later}");
        given.raw(later, &id, &[event(&id, at(60 * later), "x")]).await;
    }
    given.compact(1).await;
    damage(&given).await;
    given
        .raw(
            2,
            "late",
            &[event("l0", at(1), "late"), event("l1", at(61), "late")],
        )
        .await;
    given.raw(2, "fresh", &[event("l2", at(121), "fresh")]).await;
    given
}

#[tokio::test]
async fn a_damaged_base_stops_its_own_hour_only() {
    let check = async |prefix: &str, expected: &str| {
        let mut whole = Vec::new();
        let key = std::sync::Mutex::new(String::new());
        let given = damaged(async |given: &Given| {
            *key.lock().unwrap() = given.keys(prefix).await.remove(0);
        })
        .await;
        let key = key.into_inner().unwrap();
        alter(&given, &key, |bytes| {
            whole.clone_from(bytes);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        })
        .await;
        let compacted = given.compact(3).await;
        assert_eq!(compacted.hours, [(hour().plus(1), 2), (hour().plus(2), 1)]);
        let stuck: Vec<_> = compacted
            .stuck
            .iter()
            .map(|(hour, why)| format!("{hour}: {why}"))
            .collect();
        assert_eq!(stuck.len(), 1);
        assert!(
            stuck[0].starts_with(&format!("2026-11-21T19: read the {expected} {key}")),
            "{stuck:?}"
        );
        // What it could not archive is there still; what it could is not.
        let raw = given.keys(layout::RAW).await;
        assert!(raw.len() == 1 && raw[0].ends_with("late.gz"), "{raw:?}");
        // Mended, it goes on, and nothing is doubled.
        alter(&given, &key, |bytes| bytes.clone_from(&whole)).await;
        let compacted = given.compact(3).await;
        assert_eq!((compacted.hours, compacted.stuck), (vec![(hour(), 2)], vec![]));
        assert_eq!(given.event_ids().await, ["e0", "e1", "l0", "l1", "l2"]);
        assert_eq!(given.verify(3).await.faults, []);
    };
    check(layout::LINES, "part").await;
    check(layout::MANIFESTS, "manifest").await;
}

#[tokio::test]
async fn a_base_that_is_gone_stops_its_own_hour_only() {
    let given = damaged(async |given: &Given| {
        let key = given.keys(layout::LINES).await.remove(0);
        given.archive.delete(&key).await.unwrap();
    })
    .await;
    let compacted = given.compact(3).await;
    assert_eq!((compacted.lines, compacted.stuck.len()), (2, 1));
    assert!(
        compacted.stuck[0].1.contains("is missing, although the manifest"),
        "{:?}",
        compacted.stuck
    );
}

#[tokio::test]
async fn lines_that_do_not_add_up_are_not_committed() {
    let given = damaged(async |given: &Given| {
        let key = layout::manifest(hour(), 1);
        let json = given.archive.get(&key).await.unwrap().unwrap();
        let mut manifest = Manifest::read(&json, hour(), 1).unwrap();
        manifest.lines += 1;
        let json = manifest.write().unwrap();
        given.archive.put(&key, json.into()).await.unwrap();
    })
    .await;
    let compacted = given.compact(3).await;
    assert_eq!(compacted.hours, [(hour().plus(1), 2), (hour().plus(2), 1)]);
    let why = &compacted.stuck[0].1;
    assert!(
        why.starts_with("2026-11-21T19 would have 2 lines, but its base and its raw objects have 3"),
        "{why}"
    );
    assert_eq!(given.keys(layout::RAW).await.len(), 1);
}

#[tokio::test]
async fn a_wrong_sum_is_told_whatever_is_wrong_with_earlier_hours() {
    let given = damaged(async |given: &Given| {
        let key = given.keys(layout::LINES).await.remove(0);
        given.archive.delete(&key).await.unwrap();
    })
    .await;
    // The second hour's manifest says one line more, and is sealed and chained again, as a defect of a compactor would leave it.
    let key = layout::manifest(hour().plus(1), 1);
    let json = given.archive.get(&key).await.unwrap().unwrap();
    let mut manifest = Manifest::read(&json, hour().plus(1), 1).unwrap();
    manifest.repetitions += 1;
    given
        .archive
        .put(&key, manifest.write().unwrap().into())
        .await
        .unwrap();
    let faults = given.verify(1).await.faults;
    let sums = faults
        .iter()
        .filter(|fault| fault.what.contains("repetitions of 1 delivered"));
    assert_eq!(sums.count(), 1, "{faults:?}");
}

#[tokio::test]
async fn a_raw_object_that_no_manifest_knows_is_named() {
    let given = archived().await;
    let bytes = gzip(crate::given::envelope(&[event("lost", at(5), "lost")]).as_bytes());
    given
        .archive
        .put("expiring/2026/11/21/19/lost.gz", bytes.into())
        .await
        .unwrap();
    let fault = first_fault(&given).await;
    assert!(
        fault.contains("lost.gz has 1 lines of 2026-11-21T19 that no manifest knows"),
        "{fault}"
    );
}
