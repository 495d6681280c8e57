//! What could not be delivered: set aside, and put back.

use std::sync::Arc;

use log_archive_domain::Hour;
use log_archive_store::{Archive, replay};
use object_store::memory::InMemory;
use serde_json::json;
use telemetry_core::Coded as _;

use crate::given::{World, at, envelope, event, forwarder, packed};

/// An event as the dead-letter queue has it.
fn dead(payload: &str) -> String {
    json!({"awslogs": {"data": payload}}).to_string()
}

#[tokio::test]
async fn an_event_is_kept_redacted_and_put_back() {
    let world = Arc::new(World::default());
    let lines = [event(0, "to ada@example.com"), event(1, "second")];
    let message = dead(&packed(&envelope(&lines)));
    let aside = forwarder(&world).set_aside(&message).await.unwrap();
    assert!(
        aside.is_readable && aside.key.starts_with("failed/forwarder/2026/11/21/19/"),
        "{aside:?}"
    );
    // The queue may deliver it twice.
    assert_eq!(forwarder(&world).set_aside(&message).await.unwrap(), aside);
    let object = world.objects.lock().unwrap().remove(&aside.key).unwrap();
    assert!(!String::from_utf8_lossy(&object).contains("ada@"));

    let archive = Archive::new(Arc::new(InMemory::new()));
    archive.put(&aside.key, object).await.unwrap();
    let replayed = replay(&archive, Hour::of_ms(at(0)).plus(2), &()).await.unwrap();
    assert_eq!((replayed.objects, replayed.lines), (1, 2));
    let raw = archive.list("raw/2026/11/21/19").await.unwrap();
    let bytes = archive.get(&raw[0].key).await.unwrap().unwrap();
    let mut messages = Vec::new();
    log_archive_intake::read_raw(&bytes, &mut |line| messages.push(line.message.to_owned())).unwrap();
    assert_eq!(messages, ["to [email]", "second"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_it_came() {
    let world = Arc::new(World::default());
    for message in [
        dead("AAAA"),
        "no JSON".to_owned(),
        json!({"Records": []}).to_string(),
    ] {
        let aside = forwarder(&world).set_aside(&message).await.unwrap();
        assert!(!aside.is_readable);
        let object = world.objects.lock().unwrap().remove(&aside.key).unwrap();
        assert_eq!(object, message);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_stays_in_the_queue() {
    let world = Arc::new(World::default());
    *world.bucket_is_closed.lock().unwrap() = true;
    let error = forwarder(&world).set_aside("x").await.unwrap_err();
    assert_eq!(error.code(), "object-not-stored");
    assert!(
        telemetry_core::chain(&error)
            .join(": ")
            .ends_with("access denied")
    );
}
