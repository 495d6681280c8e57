//! `archive sql`, in programs that have it and in those that have not.

#[cfg(not(feature = "sql"))]
#[test]
fn a_program_without_sql_says_how_to_get_one() {
    let (code, out) = crate::run(crate::compacted().path(), "sql SELECT");
    assert_eq!(code, 1);
    assert!(out.contains("cargo build -p shopwatch --features sql"), "{out}");
}

#[cfg(feature = "sql")]
mod answers {
    use std::path::Path;

    use expect_test::{Expect, expect};

    use ops_archive::Buckets;

    use crate::bucket::Loopback;
    use crate::{NoBuckets, REQUEST, STORY, compacted, run_words};

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
        let sql = |field: &str, id: &str| {
            format!("SELECT message FROM messages WHERE {field} = '{id}' ORDER BY at")
        };
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
            run the query: Error during planning: DML not supported: COPY
            exit 2
        "#]],
        );
    }
}
