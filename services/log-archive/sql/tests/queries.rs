//! Queries over an archive of three hours, beside what its own export says.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::sync::Arc;

use jiff::Timestamp;
use log_archive_domain::{Hour, OwnedLine};
use log_archive_sql::{Cell, Engine, Limits, SqlError};
use log_archive_store::{Archive, ArchiveError, CompactLimits, Compactor, MESSAGE_SQL, export};
use object_store::memory::InMemory;
use serde_json::json;

const STORY: &str = "019aa7f4-9c00-7abc-8def-0123456789ab";

fn every_hour() -> std::ops::RangeInclusive<Hour> {
    Hour::of_ms(0)..=Hour::of_ms(i64::MAX)
}

fn ms(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_millisecond()
}

/// Puts lines into an hour, each a minute after the one before.
async fn arrive(archive: &Archive, key: &str, from: &str, lines: &[String]) {
    let events: Vec<_> = (0..)
        .zip(lines)
        .map(|(number, line)| json!({"id": format!("{key}-{number}"), "timestamp": ms(from) + number * 60_000, "message": line}))
        .collect();
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/shop", "logStream": "s", "logEvents": events,
    });
    archive.put(key, envelope.to_string().into()).await.unwrap();
}

async fn compact(archive: &Archive, now: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let compactor = Compactor::new(archive, CompactLimits::default(), scratch.path().to_owned(), &());
    compactor.run(now.parse().unwrap()).await.unwrap();
}

fn line(level: &str, id: &str, text: &str) -> String {
    json!({"level": level, "correlation_id": id, "message": text}).to_string()
}

/// Two hours of one day and one of the next. The file of a generation that is no longer current lies there still.
async fn archive() -> Archive {
    let archive = Archive::new(Arc::new(InMemory::new()));
    let other = "019aa82b-8a80-7abc-8def-0123456789ab";
    let first = [
        line("INFO", STORY, "order placed"),
        line("ERROR", STORY, "a mark \u{1a} and a \"quote\""),
        "START RequestId: 8476a536-e9f4-41e8-9739-2dfe598c3fcd Version: 1\n".to_owned(),
    ];
    arrive(&archive, "raw/2025/11/21/19/a", "2025-11-21T19:10:00Z", &first).await;
    arrive(
        &archive,
        "raw/2025/11/21/20/b",
        "2025-11-21T20:10:00Z",
        &[line("ERROR", other, "late")],
    )
    .await;
    arrive(
        &archive,
        "raw/2025/11/22/07/c",
        "2025-11-22T07:10:00Z",
        &[line("INFO", other, "next day")],
    )
    .await;
    compact(&archive, "2025-11-22T09:00:00Z").await;
    let old = archive
        .list("lines/dt=2025-11-21/hour=19")
        .await
        .unwrap()
        .remove(0)
        .key;
    let bytes = archive.get(&old).await.unwrap().unwrap();
    arrive(
        &archive,
        "raw/2025/11/22/09/d",
        "2025-11-21T19:50:00Z",
        &[line("INFO", STORY, "redelivered late")],
    )
    .await;
    compact(&archive, "2025-11-22T11:00:00Z").await;
    archive.put(&old, bytes).await.unwrap();
    assert_eq!(
        archive.list("lines/dt=2025-11-21/hour=19").await.unwrap().len(),
        2
    );
    archive
}

async fn ask(archive: &Archive, sql: &str) -> Result<Vec<Vec<Cell>>, SqlError> {
    let engine = Engine::new(archive, every_hour(), Limits::default()).await?;
    let mut rows = Vec::new();
    let row = |row| {
        rows.push(row);
        Ok::<_, SqlError>(())
    };
    engine.query(sql, |_| Ok(()), row).await?;
    Ok(rows)
}

fn shown(rows: &[Vec<Cell>]) -> Vec<String> {
    let row = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join("|");
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn a_query_has_the_lines_of_the_archive() {
    let archive = archive().await;
    let mut lines: Vec<OwnedLine> = Vec::new();
    export::each_line::<ArchiveError>(&archive, every_hour(), |_, line| {
        lines.push(line);
        Ok(())
    })
    .await
    .unwrap();
    lines.sort_by_key(|line| line.at);
    assert_eq!(lines.len(), 6);
    let columns = "account, log_group, log_stream, level, correlation_id, request_id, message";
    let expected: Vec<String> = lines
        .iter()
        .map(|line| {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
            [
                line.account.clone(),
                line.log_group.clone(),
                line.log_stream.clone(),
                or_none(&line.level),
                or_none(&line.correlation_id),
                or_none(&line.request_id),
                line.message.clone(),
            ]
            .join("|")
        })
        .collect();
    let of_messages = format!("SELECT {columns} FROM shopfast_log_archive.messages ORDER BY at");
    assert_eq!(shown(&ask(&archive, &of_messages).await.unwrap()), expected);
    // As Athena puts messages together.
    let columns = columns.replace("message", &format!("{MESSAGE_SQL} AS message"));
    let of_lines = format!("SELECT {columns} FROM shopfast_log_archive.lines ORDER BY at");
    assert_eq!(shown(&ask(&archive, &of_lines).await.unwrap()), expected);
}

#[tokio::test]
async fn answers_have_numbers_and_times() {
    let archive = archive().await;
    let check = async |sql: &str, expected: &[&str]| {
        let rows = ask(&archive, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(shown(&rows), expected, "{sql}");
    };
    check("SELECT count(*) FROM lines", &["6"]).await;
    check(
        "SELECT level, count(*) FROM messages WHERE level IS NOT NULL GROUP BY level ORDER BY level",
        &["ERROR|2", "INFO|3"],
    )
    .await;
    check(
        "SELECT dt, hour, count(*) AS n, avg(hour) FROM lines GROUP BY dt, hour ORDER BY dt, hour",
        &["2025-11-21|19|4|19", "2025-11-21|20|1|20", "2025-11-22|7|1|7"],
    )
    .await;
    check(
        "SELECT at, event_id, event_number FROM lines WHERE at >= TIMESTAMP '2025-11-22 00:00:00'",
        &["2025-11-22T07:10:00.000Z|raw/2025/11/22/07/c-0|0"],
    )
    .await;
    check(
        "SELECT level = 'ERROR' FROM messages WHERE message LIKE '%next day%'",
        &["false"],
    )
    .await;
    check("SELECT message FROM messages WHERE level = 'FATAL'", &[]).await;
}

#[tokio::test]
async fn only_parts_that_are_needed_are_read() {
    let archive = archive().await;
    // Of each hour a manifest; of each part its index and its row group.
    let check = async |filter: &str, hours: u64, parts: u64| {
        let engine = Engine::new(&archive, every_hour(), Limits::default())
            .await
            .unwrap();
        let before = archive.reads();
        let sql = format!("SELECT count(*) FROM messages WHERE {filter}");
        engine
            .query::<SqlError>(&sql, |_| Ok(()), |_| Ok(()))
            .await
            .unwrap();
        assert_eq!((archive.reads() - before).requests, hours + 2 * parts, "{filter}");
    };
    check("true", 3, 3).await;
    check("level = 'ERROR'", 3, 3).await;
    check("dt = '2025-11-21'", 2, 2).await;
    check("dt = '2025-11-21' AND hour = 20", 1, 1).await;
    check("dt = '2025-11-21' AND hour IN (18, 19)", 1, 1).await;
    check("dt > '2025-11-22'", 0, 0).await;
    check("at < TIMESTAMP '2025-11-21 20:00:00'", 3, 1).await;
    check(&format!("correlation_id = '{STORY}'"), 3, 1).await;
    check("correlation_id IS NULL", 3, 3).await;
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let archive = archive().await;
    let check = async |sql: &str, expected: &str| match ask(&archive, sql).await {
        Err(SqlError::Query(told)) => assert!(told.contains(expected), "{sql}: {told}"),
        other => panic!("{sql}: {other:?}"),
    };
    check("SELECT nothing FROM lines", "nothing").await;
    check("SELECT * FROM orders", "orders").await;
    check("SELEC 1", "SELEC").await;
    check(
        "COPY lines TO 'stolen.csv'",
        "COPY is refused: the archive is only asked, never changed",
    )
    .await;
    check(
        "INSERT INTO lines (level) VALUES ('INFO')",
        "Insert Into is refused",
    )
    .await;
    check(
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CreateExternalTable is refused",
    )
    .await;
    check("DROP TABLE lines", "DropTable is refused").await;
    check(
        "SET datafusion.execution.batch_size = 1",
        "SetVariable is refused",
    )
    .await;
    check("SELECT 1; SELECT 2", "single SQL statement").await;
    check("SELECT * FROM '/etc/passwd'", "/etc/passwd").await;
    assert_eq!(archive.list("lines").await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_part_that_is_altered_is_told() {
    let archive = archive().await;
    let part = archive.list("lines/dt=2025-11-22").await.unwrap().remove(0).key;
    let mut bytes = archive.get(&part).await.unwrap().unwrap().to_vec();
    bytes[50] ^= 1;
    archive.put(&part, bytes.into()).await.unwrap();
    let error = ask(&archive, "SELECT * FROM messages").await.unwrap_err();
    assert!(matches!(error, SqlError::Archive(_)), "{error:?}");
    let told = log_archive_store::chain(&error);
    assert!(told.contains(&part) && told.contains("is altered"), "{told}");
}

#[tokio::test]
async fn memory_has_a_limit() {
    let archive = Archive::new(Arc::new(InMemory::new()));
    let lines: Vec<String> = (0..50)
        .map(|number| line("INFO", STORY, &format!("{number} {}", "x".repeat(100_000))))
        .collect();
    arrive(&archive, "raw/2025/11/21/19/a", "2025-11-21T19:00:00Z", &lines).await;
    compact(&archive, "2025-11-22T09:00:00Z").await;
    let limits = Limits {
        memory: 1_024 * 1_024,
        at_once: 1,
    };
    let engine = Engine::new(&archive, every_hour(), limits).await.unwrap();
    let sql = "SELECT message, count(*) FROM messages GROUP BY message ORDER BY message DESC";
    let answered = engine.query::<SqlError>(sql, |_| Ok(()), |_| Ok(())).await;
    assert!(matches!(answered, Err(SqlError::Memory(_))), "{answered:?}");
}
