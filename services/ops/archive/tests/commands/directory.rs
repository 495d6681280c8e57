//! The commands over a directory.

use std::fs;

use clap::Parser as _;
use expect_test::expect;

use crate::{Cli, REQUEST, STORY, archive, check, compacted, run};

#[test]
fn lines_are_compacted_and_counted() {
    let archive = archive();
    let archive = archive.path();
    check(
        archive,
        "compact --now 2025-11-21T21:00:00Z",
        0,
        &expect![[r#"
        2025-11-21T19: generation 1
        3 new lines; 2 raw objects are done, 0 have lines of hours that are not over
        exit 0
    "#]],
    );
    let (code, ls) = run(archive, "ls");
    let row: Vec<&str> = ls.lines().nth(1).unwrap().split_whitespace().collect();
    let [hour, generation, lines, text, stored, files] = row[..] else {
        panic!("{ls}");
    };
    assert_eq!(
        (code, hour, generation, lines, text, files),
        (0, "2025-11-21T19", "1", "3", "233", "1")
    );
    // How much it is depends on the compressor.
    assert!(stored.parse::<u64>().unwrap() > 233, "{ls}");
    check(
        archive,
        "ls --until 2024-12-31",
        1,
        &expect![[r#"
        no hour of this range has lines
        exit 1
    "#]],
    );
    let (_, stats) = run(archive, "stats");
    let lines: Vec<_> = stats.lines().filter(|line| !line.starts_with("stored")).collect();
    expect![[r#"
        hours         1
        lines         3, 1 repetitions left out
        text bytes    233
        files         1 from 2 raw objects
        times         2025-11-21T19:47:01.000Z to 2025-11-21T19:47:03.000Z"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn lines_are_found_by_their_ids() {
    let archive = compacted();
    let archive = archive.path();
    check(
        archive,
        &format!("get {STORY}"),
        0,
        &expect![[r#"
        2025-11-21T19:47:02.000Z  shopfast-order-service  {"level":"INFO","correlation_id":"019aa7f4-9c00-7abc-8def-0123456789ab","requestId":"8476a536-e9f4-41e8-9739-2dfe598c3fcd","message":"order placed"}
        exit 0
    "#]],
    );
    check(
        archive,
        &format!("get {REQUEST}"),
        0,
        &expect![[r#"
        2025-11-21T19:47:01.000Z  shopfast-order-service  START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1
        2025-11-21T19:47:02.000Z  shopfast-order-service  {"level":"INFO","correlation_id":"019aa7f4-9c00-7abc-8def-0123456789ab","requestId":"8476a536-e9f4-41e8-9739-2dfe598c3fcd","message":"order placed"}
        exit 0
    "#]],
    );
    check(
        archive,
        &format!("get {REQUEST} --since 2025-11-22"),
        1,
        &expect![[r#"
        no archived line names 8476a536-e9f4-41e8-9739-2dfe598c3fcd; --since and --until name other days, --scan reads every line
        exit 1
    "#]],
    );
    check(
        archive,
        "get comma --scan",
        0,
        &expect![[r#"
        2025-11-21T19:47:03.000Z  shopfast-order-service  a text with, a comma
        exit 0
    "#]],
    );
    check(
        archive,
        &format!("get {STORY} --json"),
        0,
        &expect![[r#"
        {"at":"2025-11-21T19:47:02.000Z","log_group":"/aws/lambda/shopfast-order-service","log_stream":"s","level":"INFO","correlation_id":"019aa7f4-9c00-7abc-8def-0123456789ab","request_id":"8476a536-e9f4-41e8-9739-2dfe598c3fcd","trace_id":null,"order_id":null,"event_id":"2","message":"{\"level\":\"INFO\",\"correlation_id\":\"019aa7f4-9c00-7abc-8def-0123456789ab\",\"requestId\":\"8476a536-e9f4-41e8-9739-2dfe598c3fcd\",\"message\":\"order placed\"}"}
        exit 0
    "#]],
    );
}

#[test]
fn lines_are_exported_byte_for_byte() {
    let archive = compacted();
    check(
        archive.path(),
        "export --form original",
        0,
        &expect![[r#"
        {"level":"INFO","correlation_id":"019aa7f4-9c00-7abc-8def-0123456789ab","requestId":"8476a536-e9f4-41e8-9739-2dfe598c3fcd","message":"order placed"}
        START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1
        a text with, a comma
        exit 0
    "#]],
    );
    check(
        archive.path(),
        "export --form csv --since 2025-11-21T19 --until 2025-11-21",
        0,
        &expect![[r#"
            at,log_group,log_stream,level,correlation_id,request_id,trace_id,order_id,account,event_id,message<CR>
            2025-11-21T19:47:02.000Z,/aws/lambda/shopfast-order-service,s,INFO,019aa7f4-9c00-7abc-8def-0123456789ab,8476a536-e9f4-41e8-9739-2dfe598c3fcd,,,123456789012,2,"{""level"":""INFO"",""correlation_id"":""019aa7f4-9c00-7abc-8def-0123456789ab"",""requestId"":""8476a536-e9f4-41e8-9739-2dfe598c3fcd"",""message"":""order placed""}"<CR>
            2025-11-21T19:47:01.000Z,/aws/lambda/shopfast-order-service,s,,,8476a536-e9f4-41e8-9739-2dfe598c3fcd,,,123456789012,1,"START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1
            "<CR>
            2025-11-21T19:47:03.000Z,/aws/lambda/shopfast-order-service,s,,,,,,123456789012,3,"a text with, a comma"<CR>
            exit 0
        "#]],
    );
    check(
        archive.path(),
        "export --since 2026-01-01",
        1,
        &expect![[r#"
        exit 1
    "#]],
    );
}

#[test]
fn what_is_altered_is_named() {
    let archive = compacted();
    let archive = archive.path();
    check(
        archive,
        "verify",
        0,
        &expect![[r#"
        1 links, 1 hours, 1 files and 3 lines were read; 2 raw objects were compared with them
        nothing is missing, doubled or altered
        exit 0
    "#]],
    );
    let hour = archive.join("lines/dt=2025-11-21/hour=19");
    let part = fs::read_dir(&hour).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&part).unwrap();
    bytes[100] ^= 1;
    fs::write(&part, bytes).unwrap();
    let (code, out) = run(archive, "verify");
    assert_eq!(code, 1);
    let first = out.lines().next().unwrap();
    assert!(
        first.starts_with("lines/dt=2025-11-21/hour=19/g000001-0001-"),
        "{out}"
    );
    assert!(
        first.ends_with(".parquet is altered: its manifest has another digest of it"),
        "{out}"
    );
    let (code, out) = run(archive, &format!("get {STORY}"));
    assert!(code == 1 && out.contains("is altered: bytes "), "{out}");
}

#[test]
fn a_uuid_is_found_as_people_type_it() {
    let archive = compacted();
    let expected = run(archive.path(), &format!("get {STORY}"));
    assert_eq!(expected.0, 0, "{}", expected.1);
    for typed in [STORY.to_uppercase(), STORY.replace('-', "")] {
        for scan in ["", " --scan"] {
            let (code, out) = run(archive.path(), &format!("get {typed}{scan}"));
            assert_eq!((code, &out), (0, &expected.1), "{typed}{scan}");
        }
        let plan = run(archive.path(), &format!("restore-plan {typed}"));
        assert_eq!(
            plan,
            run(archive.path(), &format!("restore-plan {STORY}")),
            "{typed}"
        );
    }
}

#[test]
fn a_restore_is_planned_from_manifests() {
    let archive = compacted();
    // No line is read: the parts may be in Glacier.
    for part in fs::read_dir(archive.path().join("lines/dt=2025-11-21/hour=19")).unwrap() {
        fs::remove_file(part.unwrap().path()).unwrap();
    }
    let plan = |arguments: &str| {
        let (code, out) = run(archive.path(), &format!("restore-plan {arguments}"));
        (
            code,
            out.lines()
                .last()
                .unwrap()
                .split("; ")
                .skip(1)
                .take(2)
                .collect::<Vec<_>>()
                .join("; "),
        )
    };
    assert_eq!(
        plan("--now 2025-11-22T00:00:00Z"),
        (0, "0 to be restored first; 0 hours at most".to_owned())
    );
    assert_eq!(
        plan(&format!("{STORY} --smallest 0 --now 2026-11-22T00:00:00Z")),
        (0, "1 to be restored first; 12 hours at most".to_owned())
    );
    assert_eq!(
        plan(&format!(
            "{REQUEST} --bulk --smallest 0 --now 2026-11-22T00:00:00Z"
        )),
        (0, "1 to be restored first; 48 hours at most".to_owned())
    );
    // S3 leaves so small a file where it is.
    assert_eq!(
        plan(&format!("{STORY} --now 2026-11-22T00:01:00Z")),
        (0, "0 to be restored first; 0 hours at most".to_owned())
    );
    assert_eq!(plan("nobody --smallest 0 --now 2026-11-22T00:00:00Z").0, 1);
}

#[test]
fn what_failed_is_put_back() {
    let archive = compacted();
    let archive = archive.path();
    let failed = archive.join("failed/2025");
    fs::create_dir_all(&failed).unwrap();
    let envelope = fs::read_to_string(archive.join("expiring/2025/11/21/19/one")).unwrap();
    fs::write(failed.join("a"), envelope).unwrap();
    fs::write(failed.join("b"), "<xml>").unwrap();
    let (code, out) = run(archive, "replay");
    assert_eq!(code, 1);
    assert!(
        out.starts_with("failed/2025/b stays where it is: the payload is not in the envelope"),
        "{out}"
    );
    assert!(
        out.ends_with("1 objects with 2 lines are among the raw objects again\n"),
        "{out}"
    );
    assert!(!failed.join("a").exists() && failed.join("b").exists());
}

#[test]
fn mistakes_are_told() {
    let archive = compacted();
    check(
        archive.path(),
        "ls --since 2025-11-22 --until 2025-11-21",
        2,
        &expect![[r#"
        choose hours: --since 2025-11-22T00 is after --until 2025-11-21T23
        exit 2
    "#]],
    );
    check(
        &archive.path().join("nowhere"),
        "stats",
        2,
        &expect![[r#"
        open the archive ARCHIVE: there is no such directory; name it with --archive or SHOPWATCH_ARCHIVE
        exit 2
    "#]],
    );
    assert!(Cli::try_parse_from(["archive", "ls", "--archive", "x", "--since", "yesterday"]).is_err());
}

#[test]
fn what_is_not_there_is_told() {
    let empty = tempfile::tempdir().unwrap();
    check(
        empty.path(),
        "verify",
        1,
        &expect![[r#"
        chain is empty, and so is all else of an archive: this is none, or nothing was ever delivered to it
        0 links, 0 hours, 0 files and 0 lines were read; 0 raw objects were compared with them
        exit 1
    "#]],
    );
    let archive = compacted();
    let archive = archive.path();
    fs::create_dir(archive.join("failed")).unwrap();
    fs::write(archive.join("failed/odd"), "x").unwrap();
    check(
        archive,
        "verify",
        0,
        &expect![[r#"
        1 links, 1 hours, 1 files and 3 lines were read; 2 raw objects were compared with them
        1 objects under failed/ could not be delivered: `shopwatch archive replay` puts them back
        nothing is missing, doubled or altered
        exit 0
    "#]],
    );
    fs::remove_file(archive.join("manifests/dt=2025-11-21/hour=19/000001.json")).unwrap();
    let get = format!("get {STORY}");
    for line in [get.as_str(), "export", "ls", "stats", "restore-plan"] {
        let (code, out) = run(archive, line);
        let missing = "hour=19/000001.json is missing, although the filter of its day names it: restore it";
        assert!(code == 1 && out.contains(missing), "{line}: exit {code}, {out}");
    }
}
