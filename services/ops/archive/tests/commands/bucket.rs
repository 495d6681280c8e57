//! The commands over a bucket: what they say over a directory they say over S3.

use log_archive_s3::loopback::{BUCKET, Fault};
use ops_archive::Buckets;

use crate::loopback::Loopback;
use crate::{NoBuckets, REQUEST, STORY, archive, compacted, run, run_with};

#[test]
fn what_is_said_of_a_directory_is_said_of_a_bucket() {
    let directory = archive();
    let bucket = Loopback::with(directory.path(), "");
    let nested = Loopback::with(directory.path(), "old/2025/");
    for line in [
        "compact --now 2025-11-21T21:00:00Z",
        "ls",
        "stats",
        "stats --json",
        &format!("get {STORY}"),
        &format!("get {REQUEST} --json"),
        "get comma --scan",
        "get nobody",
        "export --form csv",
        "verify",
        "replay",
        &format!("restore-plan {STORY} --smallest 0 --now 2026-11-22T00:00:00Z"),
    ] {
        let expected = run(directory.path(), line);
        // The stack's own, by its name, and in a folder of it.
        assert_eq!(run_with(&bucket, line), expected, "{line}");
        let named = format!("{line} --archive s3://{BUCKET}");
        if !line.starts_with("compact") {
            assert_eq!(run_with(&bucket, &named), expected, "{named}");
        }
        let nested_place = format!("{line} --archive s3://{BUCKET}/old/2025");
        assert_eq!(run_with(&nested, &nested_place), expected, "{nested_place}");
    }
}

#[test]
fn a_bucket_that_is_not_there_is_told() {
    let check = |buckets: &dyn Buckets, line: &str, expected: &[&str]| {
        let (code, out) = run_with(buckets, line);
        assert_eq!(code, 1, "{out}");
        assert!(expected.iter().all(|part| out.contains(part)), "{out}");
    };
    let bucket = Loopback::serve();
    check(
        &bucket,
        "ls --archive s3://nowhere",
        &["list the archive: list manifests: ", "NoSuchBucket"],
    );
    check(&NoBuckets, "ls", &["open None: there are no buckets"]);
}

/// The one part of the archive, in Deep Archive, under a prefix.
fn frozen(prefix: &str) -> Loopback {
    let directory = compacted();
    let bucket = Loopback::with(directory.path(), prefix);
    let lines = format!("{prefix}lines/");
    let objects = bucket.served.objects();
    let keys = objects.keys().filter(|key| key.starts_with(&lines));
    assert_eq!(keys.map(|key| bucket.served.freeze(key)).count(), 1);
    bucket
}

/// What is said of a restore after its plan.
fn said(buckets: &dyn Buckets, line: &str) -> (u8, Vec<String>) {
    let (code, out) = run_with(buckets, &format!("restore {line}"));
    let said = out.lines().skip(2).map(|line| {
        let at = line.find("-0001-").map(|at| at + 6);
        match at {
            // The digest depends on the compressor.
            Some(at) => format!("{}DIGEST{}", &line[..at], &line[at + 8..]),
            None => line.to_owned(),
        }
    });
    (code, said.collect())
}

const FILE: &str = "lines/dt=2025-11-21/hour=19/g000001-0001-DIGEST.parquet";

#[test]
fn what_lies_in_glacier_is_asked_for_and_read() {
    for (prefix, place) in [("", ""), ("old/", " --archive s3://logs/old")] {
        let bucket = frozen(prefix);
        let get = format!("get {STORY}{place}");
        assert!(run_with(&bucket, &get).1.contains("InvalidObjectState"));
        let later = format!("{STORY} --smallest 0 --now 2026-11-22T00:00:00Z{place}");
        let check = |line: &str, code: u8, expected: &[String]| {
            assert_eq!(said(&bucket, line), (code, expected.to_vec()), "{line}");
        };
        check(&later, 6, &["nothing was asked for: --yes does it".to_owned()]);
        let come = |at: &str, days: u32| {
            format!(
                "come back after {at} at the latest: then they can be read for {days} days, as everything else"
            )
        };
        check(
            &format!("{later} --yes"),
            0,
            &[format!("{FILE}: asked for"), come("2026-11-22T12:00Z", 7)],
        );
        check(
            &format!("{later} --yes --bulk --days 3"),
            0,
            &[
                format!("{FILE}: asked for before, still under way"),
                come("2026-11-24T00:00Z", 3),
            ],
        );
        bucket.served.thaw();
        assert_eq!(run_with(&bucket, &get).0, 0);
        let (code, all) = run_with(&bucket, &format!("restore {later} --yes --json"));
        let last: serde_json::Value = serde_json::from_str(all.lines().last().unwrap()).unwrap();
        assert_eq!((code, &last["failed"]), (0, &false.into()));
        // A young file, and none.
        let young = format!("{STORY} --now 2025-11-23T00:00:00Z{place} --yes");
        check(&young, 0, &["everything can be read now".to_owned()]);
        check(&format!("nobody --yes{place}"), 1, &[]);
    }
}

#[test]
fn a_restore_that_fails_is_told() {
    let bucket = frozen("");
    let line = format!("restore {STORY} --smallest 0 --now 2026-11-22T00:00:00Z --yes");
    let asked = bucket.served.requests().len();
    run_with(
        &bucket,
        &format!("restore {STORY} --smallest 0 --now 2026-11-22T00:00:00Z"),
    );
    let reads = bucket.served.requests().len() - asked;
    let mut faults = vec![Fault::Fine; reads];
    faults.push(Fault::Status(403));
    bucket.served.fail(&faults);
    let (code, out) = run_with(&bucket, &line);
    assert!(
        code == 1 && out.contains("403 Forbidden") && !out.contains("come back"),
        "{out}"
    );
    let directory = compacted();
    let (code, out) = run(directory.path(), &format!("restore {STORY}"));
    assert!(
        code == 2 && out.contains("nothing of a directory is in Glacier"),
        "{out}"
    );
}
