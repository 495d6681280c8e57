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

    use crate::{compacted, run_words};

    fn check(archive: &Path, sql: &str, options: &str, expected: &Expect) {
        let mut words = vec!["archive", "sql", sql, "--archive", archive.to_str().unwrap()];
        words.extend(options.split_whitespace());
        let (code, out) = run_words(&crate::NoBuckets, &words);
        expected.assert_eq(&format!("{}exit {code}\n", out.replace('\r', "<CR>")));
    }

    #[test]
    fn rows_are_written_in_each_form() {
        let archive = compacted();
        let archive = archive.path();
        let sql = "SELECT level, count(*) AS lines, min(message) AS first FROM messages GROUP BY level ORDER BY level NULLS FIRST";
        check(archive, sql, "", &expect![[""]]);
        check(archive, sql, "--json", &expect![[""]]);
        check(archive, sql, "--csv", &expect![[""]]);
        check(
            archive,
            "SELECT message FROM messages",
            "--since 2025-11-22",
            &expect![[""]],
        );
    }

    #[test]
    fn mistakes_are_told() {
        let archive = compacted();
        let archive = archive.path();
        check(archive, "SELECT lvl FROM messages", "", &expect![[""]]);
        check(archive, "COPY messages TO 'x.csv'", "", &expect![[""]]);
    }
}
