//! Queries over a small archive, as a person types them.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

#[path = "../../../archive/tests/commands/fixture.rs"]
mod fixture;
#[path = "../../../archive/tests/commands/loopback.rs"]
mod loopback;

use std::path::Path;
use std::process;

use clap::Parser;
use expect_test::{Expect, expect};
use log_archive_s3::loopback::BUCKET;
use ops_archive::{Buckets, Command, SqlArgs};
use tempfile::TempDir;

use fixture::{NoBuckets, REQUEST, STORY, archive, printed};
use loopback::Loopback;

/// As `shopwatch archive` has them together.
#[derive(Parser)]
enum Cli {
    #[command(flatten)]
    Archive(Command),
    Sql(SqlArgs),
}

fn run_words(buckets: &dyn Buckets, words: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    printed(async |terminal| match cli {
        Cli::Archive(command) => ops_archive::run(command, buckets, terminal).await,
        Cli::Sql(args) => ops_archive_sql::answer(&args, buckets, terminal).await,
    })
}

fn compacted() -> TempDir {
    let directory = archive();
    let place = directory.path().to_str().unwrap();
    let words = [
        "archive",
        "compact",
        "--now",
        "2025-11-21T21:00:00Z",
        "--archive",
        place,
    ];
    assert_eq!(run_words(&NoBuckets, &words).0, 0);
    directory
}

fn check(archive: &Path, sql: &str, options: &str, expected: &Expect) {
    let mut words = vec!["archive", "sql", sql, "--archive", archive.to_str().unwrap()];
    words.extend(options.split_whitespace());
    let (code, out) = run_words(&NoBuckets, &words);
    expected.assert_eq(&format!("{}exit {code}\n", out.replace('\r', "<CR>")));
}

#[test]
fn rows_are_written_in_each_form() {
    let archive = compacted();
    let archive = archive.path();
    let sql = "SELECT level, count(*) AS lines, min(message) AS first FROM messages GROUP BY level ORDER BY level NULLS FIRST";
    check(
        archive,
        sql,
        "",
        &expect![[r#"
        level  lines  first
                   2  START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1
        INFO       1  {"level":"INFO","correlation_id":"019aa7f4-9c00-7abc-8def-0123456789ab","requestId":"8476a536-e9f4-41e8-9739-2dfe598c3fcd","message":"order placed"}
        exit 0
    "#]],
    );
    check(
        archive,
        sql,
        "--json",
        &expect![[r#"
        {"level":null,"lines":2,"first":"START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1\n"}
        {"level":"INFO","lines":1,"first":"{\"level\":\"INFO\",\"correlation_id\":\"019aa7f4-9c00-7abc-8def-0123456789ab\",\"requestId\":\"8476a536-e9f4-41e8-9739-2dfe598c3fcd\",\"message\":\"order placed\"}"}
        exit 0
    "#]],
    );
    check(
        archive,
        sql,
        "--csv",
        &expect![[r#"
        level,lines,first<CR>
        ,2,"START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1
        "<CR>
        INFO,1,"{""level"":""INFO"",""correlation_id"":""019aa7f4-9c00-7abc-8def-0123456789ab"",""requestId"":""8476a536-e9f4-41e8-9739-2dfe598c3fcd"",""message"":""order placed""}"<CR>
        exit 0
    "#]],
    );
    check(
        archive,
        "SELECT message FROM messages",
        "--since 2025-11-22",
        &expect![[r#"
            message
            exit 1
        "#]],
    );
}

#[test]
fn a_query_has_the_lines_of_a_lookup_also_on_s3() {
    let directory = compacted();
    let bucket = Loopback::with(directory.path(), "");
    let sql =
        |field: &str, id: &str| format!("SELECT message FROM messages WHERE {field} = '{id}' ORDER BY at");
    for (field, id, lines) in [("correlation_id", STORY, 1), ("request_id", REQUEST, 2)] {
        let place = directory.path().to_str().unwrap();
        let found = messages(&NoBuckets, &["archive", "get", id, "--json", "--archive", place]);
        assert_eq!(found.len(), lines, "{id}");
        let sql = sql(field, id);
        let here = messages(
            &NoBuckets,
            &["archive", "sql", &sql, "--json", "--archive", place],
        );
        assert_eq!(here, found, "{id}");
        assert_eq!(
            messages(&bucket, &["archive", "sql", &sql, "--json"]),
            found,
            "{id} on S3"
        );
    }
}

fn messages(buckets: &dyn Buckets, words: &[&str]) -> Vec<String> {
    let (code, out) = run_words(buckets, words);
    assert_eq!(code, 0, "{words:?}: {out}");
    let message = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["message"].as_str().unwrap().to_owned()
    };
    out.lines().map(message).collect()
}

#[test]
fn mistakes_are_told() {
    let archive = compacted();
    let archive = archive.path();
    check(
        archive,
        "SELECT lvl FROM messages",
        "",
        &expect![[r#"
        run the query: Schema error: No field named lvl. Did you mean 'messages.level'?
        Valid fields are messages.correlation_id, messages.at, messages.log_group, messages.log_stream, messages.level, messages.request_id, messages.trace_id, messages.order_id, messages.account, messages.message, messages.dt, messages.hour.
        exit 2
    "#]],
    );
    check(
        archive,
        "COPY messages TO 'x.csv'",
        "",
        &expect![[r#"
        run the query: COPY is refused: the archive is only asked, never changed, and nothing is written (SELECT, WITH, EXPLAIN, SHOW, DESCRIBE); rows for a file: `shopwatch archive sql --csv … > FILE`
        exit 2
    "#]],
    );
}

/// As `shopwatch archive sql` starts it: a bucket at an endpoint that the environment names.
#[test]
fn the_program_opens_a_bucket_by_the_environment() {
    let directory = compacted();
    let bucket = Loopback::with(directory.path(), "");
    let run = |words: &[&str]| {
        let output = process::Command::new(env!("CARGO_BIN_EXE_shopwatch-archive-sql"))
            .args(words)
            .env("AWS_ENDPOINT_URL", bucket.config.endpoint_url().unwrap())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "id")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!(
            "{}{}exit {}\n",
            text(&output.stdout),
            text(&output.stderr),
            output.status.code().unwrap()
        )
    };
    let place = format!("--archive=s3://{BUCKET}");
    let count = "SELECT count(*) AS lines FROM lines";
    assert_eq!(run(&[&place, "--json", "--", count]), "{\"lines\":3}\nexit 0\n");
    expect![[r"
        error: run the query
        cause: Error during planning: table 'awsdatacatalog.shopfast_log_archive.none' not found
        exit 2
    "]]
    .assert_eq(&run(&[&place, "--", "SELECT * FROM none"]));
    expect![[r"
        error: find the archive
        cause: none is named
         cure: ask with `shopwatch archive sql`, which knows the stack's, or name it with --archive
        exit 2
    "]]
    .assert_eq(&run(&["SELECT 1"]));
}
