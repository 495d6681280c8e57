//! Queries over a handful of lines.

use proptest::prelude::*;

use super::*;

fn lines() -> Vec<LogLine> {
    let written = [
        (
            1,
            r#"{"level":"INFO","service":"orders","message":"placed","correlation_id":"a","ms":12}"#,
        ),
        (
            2,
            r#"{"level":"ERROR","service":"orders","message":"refused","correlation_id":"a","error.code":"card","ms":900}"#,
        ),
        (
            3,
            r#"{"level":"ERROR","service":"stock","message":"gone","correlation_id":"b","error":{"code":"empty"}}"#,
        ),
        (4, "START RequestId: 1"),
        (5, r#"{"type":"platform.report","record":{"status":"timeout"}}"#),
    ];
    let line = |(second, text): (i64, &str)| {
        LogLine::read(
            jiff::Timestamp::from_second(second).unwrap(),
            "/aws/lambda/orders",
            text,
        )
    };
    written.map(line).into()
}

/// Rows as text, cells separated by a blank and a bar.
fn check(query: &str, expected: &[&str]) {
    let query = Query::read(&format!("SOURCE '/aws/lambda/orders' | {query}")).unwrap();
    let rows: Vec<String> = query
        .answer(lines())
        .rows
        .iter()
        .map(|row| row.join(" | "))
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn lines_are_filtered_sorted_and_cut() {
    check("fields message | filter level = 'ERROR'", &["gone", "refused"]);
    check(
        "fields message | filter level in ['ERROR', \"INFO\"] | sort @timestamp asc | limit 2",
        &["placed", "refused"],
    );
    check(
        "fields service, error.code | filter ispresent(error.code)",
        &["stock | empty", "orders | card"],
    );
    check("fields message | filter ms >= 12 and not (ms > 100)", &["placed"]);
    check(
        "fields @message | filter @message like /START/",
        &["START RequestId: 1"],
    );
    check(
        "fields @timestamp | filter record.status != 'success' and type = 'platform.report'",
        &["1970-01-01 00:00:05.000"],
    );
}

#[test]
fn lines_are_counted() {
    check("stats count(*)", &["5"]);
    check(
        "filter ispresent(service) | stats count(*) as n, avg(ms) as mean by service | sort n desc",
        &["orders | 2 | 456", "stock | 1 | "],
    );
    check(
        "filter ispresent(correlation_id) | stats count_distinct(level) as levels, latest(message) as last by correlation_id | sort correlation_id",
        &["a | 2 | refused", "b | 1 | gone"],
    );
    check(
        "stats count(*) as n by bin(2s)",
        &[
            "1970-01-01 00:00:00.000 | 1",
            "1970-01-01 00:00:02.000 | 2",
            "1970-01-01 00:00:04.000 | 2",
        ],
    );
    check(
        "filter ispresent(service) | stats count(*) as n by service, bin(1h)",
        &[
            "orders | 1970-01-01 00:00:00.000 | 2",
            "stock | 1970-01-01 00:00:00.000 | 1",
        ],
    );
}

/// The queries of generated dashboards are understood.
#[test]
fn ours_are_understood() {
    for widget in [
        crate::generate::logs::errors("t", &["g".to_owned()]),
        crate::generate::logs::errors_by_correlation("t", &["g".to_owned()]),
        crate::generate::logs::errors_by_fingerprint("t", &["g".to_owned()]),
    ] {
        let crate::model::Content::Log(log) = widget.unwrap().content else {
            panic!("no log widget")
        };
        let query = Query::read(&log.query).unwrap();
        assert_eq!(query.groups, ["g"]);
        assert!(!query.answer(lines()).rows.is_empty(), "{}", log.query);
    }
}

#[test]
fn what_is_not_understood_is_said() {
    let check = |query: &str, expected: &str| {
        let error = Query::read(&format!("SOURCE 'g' | {query}"))
            .unwrap_err()
            .to_string();
        assert_eq!(error, format!("the query cannot be evaluated here: {expected}"));
    };
    check("pattern @message", "the command pattern");
    check("stats count(*) by bin(soon)", "bin(soon)");
    check("stats count(*) by bin(0m)", "bin(0m)");
    check("filter @message like /a.*b/", "the regular expression /a.*b/");
    check("filter a = b", "Some(Word(\"b\")) where a value is expected");
    check("parse @message 'x'", "the command parse");
    check("fields 'a", "' without its end");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(SOURCE '|[a-z@(),|*=\"'/ ]|fields |filter |stats |é){0,30}") {
        if let Ok(query) = Query::read(&text) {
            let _ = query.answer(lines());
        }
    }
}
