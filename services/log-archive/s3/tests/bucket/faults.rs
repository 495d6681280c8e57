//! Requests that fail: sent again where that may help, told where it does not, never waited for without end.

use std::time::{Duration, Instant};

use log_archive_s3::Patience;
use log_archive_store::chain;

use log_archive_s3::loopback::Fault;

use crate::{opened, served};

/// Short enough for a test, long enough for a busy machine: a request that is given up too early is sent again.
const SHORT: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_millis(300),
    piece: Duration::from_millis(300),
    all: Duration::from_secs(20),
    retries: 10,
    pause: Duration::from_millis(5),
};

const KEY: &str = "raw/2026/11/21/19/a";

#[tokio::test]
async fn what_fails_in_passing_is_sent_again() {
    let check = async |fault: Fault| {
        let (bucket, config) = served().await;
        let archive = opened(&config, SHORT);
        bucket.fail(&[fault]);
        archive.put(KEY, vec![7; 100_000].into()).await.unwrap();
        bucket.fail(&[fault]);
        let got = archive.get(KEY).await.unwrap().unwrap();
        assert!(got == vec![7; 100_000], "{fault:?}");
        let requests = bucket.requests().len();
        assert!(requests >= 4, "{fault:?}: {requests} requests");
    };
    for fault in [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Closed,
        Fault::ClosedAfter,
        Fault::Silent,
    ] {
        check(fault).await;
    }
}

#[tokio::test]
async fn a_body_that_stands_still_is_asked_for_again_from_where_it_stood() {
    let (bucket, config) = served().await;
    let archive = opened(&config, SHORT);
    let object: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    archive.put(KEY, object.clone().into()).await.unwrap();
    bucket.fail(&[Fault::Half]);
    assert!(archive.get(KEY).await.unwrap().unwrap() == object);
    let range = archive.get_range(KEY, 10..20).await.unwrap().unwrap();
    assert!(range == object[10..20]);
}

/// The answer to the request that created it is lost: the next one says that it is there, and nothing is written over.
#[tokio::test]
async fn what_is_created_is_never_written_over() {
    let (bucket, config) = served().await;
    let archive = opened(&config, SHORT);
    bucket.fail(&[Fault::ClosedAfter]);
    assert!(!archive.create(KEY, "first".into()).await.unwrap());
    assert!(!archive.create(KEY, "second".into()).await.unwrap());
    assert_eq!(archive.get(KEY).await.unwrap().unwrap(), "first");
}

#[tokio::test]
async fn what_stays_wrong_is_told() {
    let check = async |fault: Fault, expected: &str| {
        let (bucket, config) = served().await;
        let patience = Patience { retries: 2, ..SHORT };
        let archive = opened(&config, patience);
        bucket.keep_failing(&[fault]);
        let started = Instant::now();
        let error = archive.get(KEY).await.unwrap_err();
        let told = chain(&error);
        assert!(
            told.starts_with(&format!("read {KEY}: ")) && told.contains(expected),
            "{told}"
        );
        assert!(started.elapsed() < patience.all, "{:?}", started.elapsed());
    };
    check(Fault::Status(403), "403").await;
    check(Fault::Status(503), "503").await;
    check(Fault::Silent, "no answer in 300ms").await;
    check(Fault::Closed, "connection").await;
}

#[tokio::test]
async fn nobody_at_the_address_is_told() {
    let (_bucket, config) = served().await;
    // Reserved, and nobody listens on it.
    let config = config.into_builder().endpoint_url("http://127.0.0.1:1").build();
    let archive = opened(&config, Patience { retries: 1, ..SHORT });
    let told = chain(&archive.list("raw").await.unwrap_err());
    assert!(
        told.starts_with("list raw: ") && told.contains("refused"),
        "{told}"
    );
}
