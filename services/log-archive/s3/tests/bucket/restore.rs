//! Copies out of Deep Archive: what S3 answers, and what is made of it.

use std::time::Duration;

use log_archive_domain::restore::{Restoring, Speed};
use log_archive_s3::loopback::{BUCKET, Fault};
use log_archive_s3::{Glacier, Patience};
use log_archive_store::chain;

use crate::{opened, served};

const KEY: &str = "lines/dt=2025-11-21/hour=19/g000001-0001-4f0c9a1b.parquet";

const SHORT: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_millis(300),
    piece: Duration::from_millis(300),
    all: Duration::from_secs(20),
    retries: 3,
    pause: Duration::from_millis(5),
};

#[tokio::test]
async fn a_copy_is_asked_for_and_comes() {
    let (bucket, config) = served().await;
    let archive = opened(&config, Patience::default());
    let glacier = Glacier::new(BUCKET, &config, SHORT).unwrap();
    archive.put(KEY, "lines".into()).await.unwrap();
    let ask = async |speed| glacier.restore(KEY, 7, speed).await.unwrap();
    assert_eq!(ask(Speed::Standard).await, Restoring::NotNeeded);
    bucket.freeze(KEY);
    let cold = chain(&archive.get(KEY).await.unwrap_err());
    assert!(cold.contains("InvalidObjectState"), "{cold}");
    assert_eq!(ask(Speed::Bulk).await, Restoring::Begun);
    assert_eq!(ask(Speed::Bulk).await, Restoring::UnderWay);
    assert!(archive.get(KEY).await.is_err());
    bucket.thaw();
    assert_eq!(archive.get(KEY).await.unwrap().unwrap(), "lines");
    assert_eq!(ask(Speed::Standard).await, Restoring::Restored);
    let sent =
        format!("POST /{BUCKET}/lines/dt%3D2025-11-21/hour%3D19/g000001-0001-4f0c9a1b.parquet?restore");
    assert!(bucket.requests().contains(&sent), "{:?}", bucket.requests());
}

#[tokio::test]
async fn what_fails_in_passing_is_asked_again() {
    let check = async |fault: Fault| {
        let (bucket, config) = served().await;
        opened(&config, Patience::default())
            .put(KEY, "lines".into())
            .await
            .unwrap();
        bucket.freeze(KEY);
        bucket.fail(&[fault, fault]);
        let glacier = Glacier::new(BUCKET, &config, SHORT).unwrap();
        let restoring = glacier.restore(KEY, 1, Speed::Standard).await.unwrap();
        // Of a request whose answer was lost the next one says that it was sent.
        let expected = match fault {
            Fault::ClosedAfter => Restoring::UnderWay,
            _ => Restoring::Begun,
        };
        assert_eq!(restoring, expected, "{fault:?}");
    };
    for fault in [
        Fault::Status(503),
        Fault::Closed,
        Fault::ClosedAfter,
        Fault::Silent,
    ] {
        check(fault).await;
    }
}

#[tokio::test]
async fn a_refusal_is_told() {
    let check = async |key: &str, days: u32, fault: Option<Fault>, expected: &str| {
        let (bucket, config) = served().await;
        opened(&config, Patience::default())
            .put(KEY, "lines".into())
            .await
            .unwrap();
        bucket.keep_failing(fault.as_slice());
        let glacier = Glacier::new(BUCKET, &config, SHORT).unwrap();
        let told = chain(&glacier.restore(key, days, Speed::Standard).await.unwrap_err());
        assert!(told.contains(key) && told.contains(expected), "{told}");
    };
    check("lines/nothing", 1, None, "404 Not Found NoSuchKey").await;
    check(KEY, 0, None, "400 Bad Request MalformedXML not well-formed").await;
    check(KEY, 1, Some(Fault::Status(403)), "403 Forbidden <Error/>").await;
    check(KEY, 1, Some(Fault::Status(503)), "503 Service Unavailable").await;
    check(KEY, 1, Some(Fault::Silent), "no answer in 300ms").await;
}
