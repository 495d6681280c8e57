//! The program as a shell sees it: exit codes, and what goes to which output. Nothing is started here; the running
//! platform is tested by the scenarios of the `tests` package.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

#[expect(clippy::unwrap_used, reason = "a test without the program cannot go on")]
fn shopwatch(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shopwatch"))
        .arg("--state-dir")
        .arg(state)
        .args(arguments)
        .output()
        .unwrap()
}

#[expect(clippy::unwrap_used, reason = "a test without a folder cannot go on")]
fn check(arguments: &[&str], exit: i32, standard_output: &str, standard_error: &str) {
    let state = tempfile::tempdir().unwrap();
    let output = shopwatch(state.path(), arguments);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {out}{err}");
    assert!(out.contains(standard_output), "{arguments:?}: {out}");
    assert!(err.contains(standard_error), "{arguments:?}: {err}");
}

#[test]
fn exit_codes_are_those_of_the_help() {
    check(&["--help"], 0, "Exit codes:", "");
    check(&["--version"], 0, env!("CARGO_PKG_VERSION"), "");
    check(&["completions", "bash"], 0, "_shopwatch", "");
    check(&["nonsense"], 2, "", "unrecognized subcommand");
    check(&["up", "--port-api", "70000"], 2, "", "70000");
    check(&["status"], 1, "nothing runs", "");
    check(&["stop"], 1, "", "nothing runs");
    check(&["token"], 1, "", "cure: start it with `shopwatch up`");
    check(&["load", "--orders", "0"], 2, "", "--orders");
    check(&["emulator", "restart"], 1, "", "nothing runs");
    check(&["fault", "list"], 1, "", "nothing runs");
}

/// Every page can be typed by the program itself: nothing is run.
#[test]
fn the_pages_of_the_repository_lint_clean() {
    check(&["runbooks", "lint"], 0, "nothing found in", "");
    check(
        &["runbooks", "lint", "--list-checks", "--json"],
        0,
        "\"dead-link\"",
        "",
    );
}

#[test]
fn a_page_needs_a_platform_to_run() {
    let page = "shopfast-order-dlq-not-empty";
    check(
        &["runbooks", "run", page, "--auto"],
        3,
        "",
        "cure: start it with `shopwatch up`",
    );
    check(
        &["runbooks", "run", "shopfast-order-dlq-not-emty"],
        2,
        "",
        "did you mean shopfast-order-dlq-not-empty?",
    );
    check(&["runbooks", "run"], 2, "", "<ALARM>");
    check(&["runbooks", "run", "--all"], 2, "", "--auto");
    check(&["runbooks", "run", page, "--yes"], 2, "", "--auto");
}

#[test]
fn status_is_json_also_when_nothing_runs() {
    let state = tempfile::tempdir().unwrap();
    let output = shopwatch(state.path(), &["status", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["ready"], false);
    assert!(status["endpoints"].as_object().unwrap().is_empty());
}

#[test]
fn a_second_platform_in_the_same_folder_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(state.path().join("lock")).unwrap();
    lock.lock().unwrap();
    for arguments in [&["up"][..], &["up", "--detach"][..]] {
        let output = shopwatch(state.path(), arguments);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{err}");
        assert!(err.contains("cure:"), "{err}");
    }
}

#[test]
fn a_run_file_left_by_a_crash_counts_for_nothing() {
    let state = tempfile::tempdir().unwrap();
    let left = r#"{"version":1,"ready":true,"pid":1,"readyAt":"","startedInSeconds":1.0,
        "endpoints":{"products":"http://127.0.0.1:1"},"region":"","account":"","control":"","stack":"",
        "userPoolId":"","userPoolClientId":""}"#;
    std::fs::write(state.path().join("run.json"), left).unwrap();
    assert_eq!(shopwatch(state.path(), &["status"]).status.code(), Some(1));
}

/// Also where no platform ever ran.
#[test]
fn the_archive_alone_tells_a_story() {
    const ID: &str = "019aa7f4-9c00-7abc-8def-0123456789ab";
    let state = tempfile::tempdir().unwrap();
    let archive = tempfile::tempdir().unwrap();
    let place = archive.path().to_str().unwrap();
    let raw = archive.path().join("raw/2025/11/21/19");
    std::fs::create_dir_all(&raw).unwrap();
    let message = format!(r#"{{"level":"INFO","correlation_id":"{ID}","message":"order placed"}}"#);
    let envelope = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/shopfast-order-service", "logStream": "s",
        "logEvents": [{"id": "1", "timestamp": 1_763_754_421_000_u64, "message": message}],
    });
    std::fs::write(raw.join("one"), envelope.to_string()).unwrap();
    let run = |arguments: &[&str], exit: i32| {
        let output = shopwatch(state.path(), arguments);
        let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (told(&output.stdout), told(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {out}{err}");
        (out, err)
    };
    run(
        &[
            "archive",
            "compact",
            "--archive",
            place,
            "--now",
            "2025-11-21T21:00:00Z",
        ],
        0,
    );
    let (out, err) = run(&["trace", ID, "--archive", place], 0);
    assert!(out.contains("order placed"), "{out}");
    assert!(
        err.contains("only the archive is asked: nothing runs in ")
            && err.contains("log lines: 0 live, 1 in the archive "),
        "{err}"
    );
    let (out, _) = run(&["trace", ID, "--archive", place, "--json"], 0);
    let story: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        story["sources"]["lines"],
        serde_json::json!({"live": 0, "archived": 1, "both": 0})
    );
    let (_, err) = run(&["trace", "order placed", "--archive", place], 2);
    assert!(err.contains("it is no ID"), "{err}");
    run(&["trace", "placed", "--archive", place], 1);
    let (out, _) = run(
        &[
            "trace",
            "placed",
            "--archive",
            place,
            "--since",
            "9999d",
            "--scan",
        ],
        0,
    );
    assert!(out.contains("order placed"), "{out}");
    for line in [
        &["trace", ID][..],
        &["trace", ID, "--no-archive"],
        &["archive", "ls"],
    ] {
        let (_, err) = run(line, 1);
        assert!(
            err.contains("nothing runs in") && err.contains("cure: start it with `shopwatch up`"),
            "{err}"
        );
    }
}
