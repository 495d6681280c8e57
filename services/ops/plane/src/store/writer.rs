//! The one writer: batches in transactions, one datapoint per series and bucket, oldest rows deleted.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::Value;

use super::{Counters, Datum, Limits, LogEvent, Mail, Statistics, Tap, Tapped, Write, alarm_rows, tap};
use crate::clock::Clock;
use crate::metrics::emf;
use crate::xray::document;

/// Most writes in one transaction.
const BATCH: usize = 2_000;
/// Rows between two looks at the limits.
const BETWEEN_TRIMS: usize = 20_000;

pub(super) struct Writer {
    connection: Connection,
    limits: Limits,
    counters: Arc<Counters>,
    clock: Clock,
    tap: Option<Tap>,
    since_trim: usize,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        limits: Limits,
        counters: Arc<Counters>,
        clock: Clock,
        tap: Option<Tap>,
    ) -> Self {
        Self {
            connection,
            limits,
            counters,
            clock,
            tap,
            since_trim: BETWEEN_TRIMS,
        }
    }

    pub(super) fn run(mut self, incoming: &Receiver<Write>) {
        while let Ok(first) = incoming.recv() {
            let mut batch = vec![first];
            batch.extend(incoming.try_iter().take(BATCH - 1));
            let mut flushed = Vec::new();
            let mut closing = false;
            let mut rows = Vec::with_capacity(batch.len());
            for write in batch {
                match write {
                    Write::Flush(done) => flushed.push(done),
                    Write::Close => closing = true,
                    Write::Load(load) => {
                        self.store_rows(&std::mem::take(&mut rows));
                        self.load(&load);
                    }
                    row => rows.push(row),
                }
            }
            self.store_rows(&rows);
            for done in flushed {
                let _ = done.send(());
            }
            if closing {
                return;
            }
        }
    }

    fn store_rows(&mut self, rows: &[Write]) {
        if self.store(rows).is_err() {
            // One row that cannot be stored must not take the others with it.
            for row in rows.chunks(1) {
                if self.store(row).is_err() {
                    self.counters.failed_rows.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// What is in the file goes to the tap, once: the same thread stores and loads.
    fn load(&self, load: &super::Load) {
        let Some(tap) = &self.tap else { return };
        match tap::read(&self.connection, load) {
            Ok(points) => tap.send(Tapped::Loaded {
                load: load.clone(),
                points,
            }),
            Err(_) => {
                self.counters.failed_rows.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn store(&mut self, rows: &[Write]) -> rusqlite::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        let mut data = Vec::new();
        for row in rows {
            match row {
                Write::Log(event) => data.extend(put_log(&transaction, event, &self.counters, &self.clock)?),
                Write::Segment(document) => put_segment(&transaction, document)?,
                Write::Datum(datum) => data.push(datum.clone()),
                Write::Mail(mail) => put_mail(&transaction, mail)?,
                Write::Alarm(write) => alarm_rows::put(&transaction, write)?,
                Write::Load(_) | Write::Flush(_) | Write::Close => {}
            }
        }
        data.retain(is_storable);
        data.iter().try_for_each(|datum| put_datum(&transaction, datum))?;
        self.since_trim += rows.len();
        if self.since_trim
            >= BETWEEN_TRIMS.min(usize::try_from(self.limits.log_events).unwrap_or(BETWEEN_TRIMS))
        {
            trim(&transaction, &self.limits)?;
            self.since_trim = 0;
        }
        transaction.commit()?;
        if let Some(tap) = &self.tap {
            data.into_iter().for_each(|datum| tap.send(Tapped::Datum(datum)));
        }
        self.counters
            .written
            .fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Stores a line; its embedded metrics are the caller's to store.
fn put_log(
    to: &Transaction<'_>,
    event: &LogEvent,
    counters: &Counters,
    clock: &Clock,
) -> rusqlite::Result<Vec<Datum>> {
    let now = jiff::Timestamp::now().as_millisecond();
    let parsed: Option<Value> = event
        .message
        .starts_with('{')
        .then(|| serde_json::from_str(&event.message).ok())
        .flatten();
    let field = |names: &[&str]| {
        let parsed = parsed.as_ref()?;
        names
            .iter()
            .find_map(|name| parsed.get(name)?.as_str())
            .map(str::to_owned)
    };
    let request = event
        .request_id
        .clone()
        .or_else(|| field(&["requestId", "request_id"]));
    to.prepare_cached("INSERT INTO log_events(log_group, stream, ts, ingestion, message, request_id, correlation_id, trace_id) VALUES (?,?,?,?,?,?,?,?)")?
        .execute(params![event.log_group, event.log_stream, event.timestamp_ms, now, event.message, request,
            field(&["correlation_id", "correlationId"]), field(&["xray_trace_id", "trace_id"])])?;
    to.prepare_cached("INSERT OR IGNORE INTO log_groups VALUES (?,?)")?
        .execute(params![event.log_group, now])?;
    to.prepare_cached("INSERT INTO log_streams VALUES (?1,?2,?3,?4,?4) ON CONFLICT DO UPDATE SET first = min(coalesce(first, ?4), ?4), last = max(coalesce(last, ?4), ?4)")?
        .execute(params![event.log_group, event.log_stream, now, event.timestamp_ms])?;
    let Some(Value::Object(fields)) = parsed.filter(|parsed| parsed.get("_aws").is_some()) else {
        return Ok(Vec::new());
    };
    let mut data = emf::extract(&fields, event.message.len(), now).unwrap_or_else(|_| {
        counters.emf_errors.fetch_add(1, Ordering::Relaxed);
        // What CloudWatch reports for such events.
        let dimensions = [("LogGroupName", event.log_group.as_str())];
        vec![Datum::value(
            "AWS/Logs",
            "EMFParsingErrors",
            &dimensions,
            "Count",
            now,
            1.0,
        )]
    });
    for datum in &mut data {
        datum.timestamp_ms = clock.of_wall_ms(datum.timestamp_ms);
    }
    Ok(data)
}

/// A final document replaces one in progress; a late one in progress never replaces a final one.
fn put_segment(to: &Transaction<'_>, document: &Value) -> rusqlite::Result<()> {
    let Some(keys) = document::keys(document) else {
        return Ok(());
    };
    let changed = to
        .prepare_cached("INSERT INTO segments(trace_id, id, start, end, in_progress, document) VALUES (?,?,?,?,?,?) ON CONFLICT(trace_id, id) DO UPDATE SET start = excluded.start, end = excluded.end, in_progress = excluded.in_progress, document = excluded.document WHERE in_progress = 1 OR excluded.in_progress = 0")?
        .execute(params![keys.trace_id, keys.id, keys.start, keys.end, keys.in_progress, document.to_string()])?;
    if changed > 0 {
        to.prepare_cached("DELETE FROM annotations WHERE trace_id = ? AND segment = ?")?
            .execute(params![keys.trace_id, keys.id])?;
        for (key, value) in document::annotations(document) {
            to.prepare_cached("INSERT OR IGNORE INTO annotations VALUES (?,?,?,?)")?
                .execute(params![key, value, keys.trace_id, keys.id])?;
        }
    }
    Ok(())
}

/// Not an empty list of values, nor one without a number.
fn is_storable(datum: &Datum) -> bool {
    datum.statistics.count > 0.0 && datum.statistics.sum.is_finite()
}

fn put_datum(to: &Transaction<'_>, datum: &Datum) -> rusqlite::Result<()> {
    let dimensions = datum.canonical_dimensions();
    to.prepare_cached("INSERT OR IGNORE INTO series(namespace, name, dimensions, unit) VALUES (?,?,?,?)")?
        .execute(params![datum.namespace, datum.name, dimensions, datum.unit])?;
    let series: i64 = to
        .prepare_cached(
            "SELECT id FROM series WHERE namespace = ? AND name = ? AND dimensions = ? AND unit = ?",
        )?
        .query_row(
            params![datum.namespace, datum.name, dimensions, datum.unit],
            |row| row.get(0),
        )?;
    let bucket = datum.bucket();
    let mut statistics = to
        .prepare_cached("SELECT count, sum, min, max, histogram FROM datapoints WHERE series = ? AND ts = ?")?
        .query_row(params![series, bucket], statistics_of)
        .optional()?
        .unwrap_or_else(Statistics::empty);
    statistics.merge(&datum.statistics);
    to.prepare_cached("INSERT OR REPLACE INTO datapoints VALUES (?,?,?,?,?,?,?)")?
        .execute(params![
            series,
            bucket,
            statistics.count,
            statistics.sum,
            statistics.min,
            statistics.max,
            statistics.histogram()
        ])?;
    Ok(())
}

/// Reads `count, sum, min, max, histogram`.
pub(crate) fn statistics_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Statistics> {
    let histogram: String = row.get("histogram")?;
    Ok(Statistics {
        count: row.get("count")?,
        sum: row.get("sum")?,
        min: row.get("min")?,
        max: row.get("max")?,
        values: Statistics::read_histogram(&histogram),
    })
}

fn put_mail(to: &Transaction<'_>, mail: &Mail) -> rusqlite::Result<()> {
    let recipients = format!(",{},", mail.to.join(","));
    to.prepare_cached("INSERT INTO mails(ts, correlation_id, recipients, document) VALUES (?,?,?,?)")?
        .execute(params![
            mail.timestamp_ms,
            mail.correlation_id,
            recipients,
            mail.document.to_string()
        ])?;
    Ok(())
}

/// Deletes the oldest rows over each limit, and a tenth of the limit more, so that it is seldom needed.
fn trim(to: &Transaction<'_>, limits: &Limits) -> rusqlite::Result<()> {
    let over = |table: &str, limit: u64| -> rusqlite::Result<Option<i64>> {
        let rows: i64 = to.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok((rows > limit).then(|| rows - limit + limit / 10))
    };
    if let Some(excess) = over("log_events", limits.log_events)? {
        to.execute(
            "DELETE FROM log_events WHERE id IN (SELECT id FROM log_events ORDER BY id LIMIT ?)",
            [excess],
        )?;
        to.execute(
            "DELETE FROM log_streams WHERE last < (SELECT min(ts) FROM log_events)",
            [],
        )?;
    }
    if let Some(excess) = over("segments", limits.segments)? {
        to.execute("DELETE FROM annotations WHERE (trace_id, segment) IN (SELECT trace_id, id FROM segments ORDER BY seq LIMIT ?)", [excess])?;
        to.execute(
            "DELETE FROM segments WHERE seq IN (SELECT seq FROM segments ORDER BY seq LIMIT ?)",
            [excess],
        )?;
    }
    if let Some(excess) = over("datapoints", limits.datapoints)? {
        to.execute("DELETE FROM datapoints WHERE (series, ts) IN (SELECT series, ts FROM datapoints ORDER BY ts LIMIT ?)", [excess])?;
        to.execute(
            "DELETE FROM series WHERE id NOT IN (SELECT series FROM datapoints)",
            [],
        )?;
    }
    if let Some(excess) = over("mails", limits.mails)? {
        to.execute(
            "DELETE FROM mails WHERE id IN (SELECT id FROM mails ORDER BY id LIMIT ?)",
            [excess],
        )?;
    }
    Ok(())
}
