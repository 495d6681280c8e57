//! The forwarder stopped at each of its calls, before or after the call had its effect; then the event comes again, as Lambda
//! delivers it. What is archived in the end is every line, once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use log_archive_domain::Hour;
use log_archive_store::{Archive, CompactLimits, Compactor, export, verify};
use object_store::memory::InMemory;

use crate::given::{Answer, LIMIT, World, envelope, event, expected_ids, forward, lines, packed};

/// Two requests, of which the first is refused in part, and a line that is too long.
fn payload() -> String {
    let mut events = lines(8, 499_000);
    events.push(event(8, &"\"".repeat(600_000)));
    packed(&envelope(&events))
}

/// Compacts what Firehose and the bucket have, and lists the events that are archived.
async fn archived(world: &World) -> Vec<String> {
    let archive = Archive::new(Arc::new(InMemory::new()));
    let taken = world.taken.lock().unwrap().concat();
    archive
        .put("raw/2026/11/21/19/firehose.json", taken.into())
        .await
        .unwrap();
    let objects = world.objects.lock().unwrap().clone();
    for (key, object) in objects {
        archive.put(&key, object).await.unwrap();
    }
    let scratch = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-21T21:00:00Z".parse().unwrap();
    let compactor = Compactor::new(&archive, CompactLimits::default(), scratch.path().to_owned(), &());
    compactor.run(now).await.unwrap();
    assert_eq!(verify(&archive, now).await.unwrap().faults, []);
    let mut ids = Vec::new();
    let all = Hour::of_ms(0)..=Hour::of_ms(i64::MAX);
    export::each_line::<log_archive_store::ArchiveError>(&archive, all, |_, line| {
        ids.push(line.event_id);
        Ok(())
    })
    .await
    .unwrap();
    ids.sort();
    ids
}

#[tokio::test(start_paused = true)]
async fn stopped_at_any_call_nothing_is_lost_or_doubled() {
    let refused = || Answer::Without(vec![1]);
    for hangs_after in [false, true] {
        let mut stopped = 0;
        for call in 1.. {
            let world = Arc::new(World::default());
            world.answers.lock().unwrap().push_back(refused());
            world.hanging.store(call, Ordering::Relaxed);
            *world.hangs_after.lock().unwrap() = hangs_after;
            let first = tokio::time::timeout(LIMIT, forward(&world, &payload())).await;
            let Err(_stopped) = first else {
                first.unwrap().unwrap();
                break;
            };
            stopped += 1;
            forward(&world, &payload()).await.unwrap();
            assert_eq!(archived(&world).await, expected_ids(9), "stopped at call {call}");
        }
        // The object of the long line, two requests, and one with what was refused.
        assert_eq!(stopped, 4);
    }
}
