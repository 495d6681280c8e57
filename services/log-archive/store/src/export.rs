//! Lines for other programs.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use log_archive_domain::{Hour, OwnedLine};
use serde::Serialize;

use crate::{Archive, ArchiveError, Hours, OpenHour, parts};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON object for each line, with everything that is known of it.
    Ndjson,
    /// Comma-separated values with a first line of names, as RFC 4180 has them.
    Csv,
    /// The lines as they were written, byte for byte; a line break where a line has none.
    Original,
}

/// Names of the columns of [`Form::Csv`].
const COLUMNS: &str =
    "at,log_group,log_stream,level,correlation_id,request_id,trace_id,order_id,account,event_id,message\r\n";

/// A line of [`Form::Ndjson`].
#[derive(Serialize)]
struct Exported<'a> {
    at: String,
    log_group: &'a str,
    log_stream: &'a str,
    level: Option<&'a str>,
    correlation_id: Option<&'a str>,
    request_id: Option<&'a str>,
    trace_id: Option<&'a str>,
    order_id: Option<&'a str>,
    account: &'a str,
    event_id: &'a str,
    message: &'a str,
}

/// Writes what stands before the first line.
///
/// # Errors
/// It cannot be written.
pub fn begin(form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Csv => out.write_all(COLUMNS.as_bytes()),
        Form::Ndjson | Form::Original => Ok(()),
    }
}

/// Writes a line.
///
/// # Errors
/// It cannot be written.
pub fn line(form: Form, line: &OwnedLine, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Original => {
            out.write_all(line.message.as_bytes())?;
            if line.message.ends_with('\n') {
                Ok(())
            } else {
                out.write_all(b"\n")
            }
        }
        Form::Ndjson => {
            serde_json::to_writer(&mut *out, &exported(line))?;
            out.write_all(b"\n")
        }
        Form::Csv => csv(&exported(line), out),
    }
}

fn exported(line: &OwnedLine) -> Exported<'_> {
    Exported {
        at: time(line.at),
        log_group: &line.log_group,
        log_stream: &line.log_stream,
        level: line.level.as_deref(),
        correlation_id: line.correlation_id.as_deref(),
        request_id: line.request_id.as_deref(),
        trace_id: line.trace_id.as_deref(),
        order_id: line.order_id.as_deref(),
        account: &line.account,
        event_id: &line.event_id,
        message: &line.message,
    }
}

/// RFC 3339 with milliseconds; a time that no calendar has as a number.
#[must_use]
pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| format!("{at:.3}"))
}

fn csv(line: &Exported<'_>, out: &mut dyn Write) -> io::Result<()> {
    let optional = |field: Option<&'_ str>| field.map(str::to_owned).unwrap_or_default();
    let fields = [
        line.at.clone(),
        line.log_group.to_owned(),
        line.log_stream.to_owned(),
        optional(line.level),
        optional(line.correlation_id),
        optional(line.request_id),
        optional(line.trace_id),
        optional(line.order_id),
        line.account.to_owned(),
        line.event_id.to_owned(),
        line.message.to_owned(),
    ];
    for (number, field) in fields.iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        if field.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// Hands over every line of these hours: hour by hour, in the order of the files. Memory is that of one part.
///
/// # Errors
/// The store refuses, a file is damaged or missing, or `visit` fails.
pub async fn each_line<E: From<ArchiveError>>(
    archive: &Archive,
    hours: RangeInclusive<Hour>,
    mut visit: impl FnMut(Hour, OwnedLine) -> Result<(), E>,
) -> Result<(), E> {
    for (hour, generation) in Hours::within(archive, &hours).await?.iter() {
        let open = OpenHour::read(archive, hour, generation).await?;
        for part in &open.manifest.parts {
            let (index, bytes) = parts::whole(archive, part).await?;
            for row_group in 0..index.row_groups() {
                for line in parts::row_group(part, &index, &bytes, row_group)? {
                    visit(hour, line)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_in_each_form() {
        let own = OwnedLine {
            at: 1_795_000_000_123,
            event_id: "7".to_owned(),
            log_group: "/aws/lambda/shop".to_owned(),
            correlation_id: Some("c,1".to_owned()),
            message: "say \"hello\"\n".to_owned(),
            ..OwnedLine::default()
        };
        let check = |form, expected: &str| {
            let mut out = Vec::new();
            begin(form, &mut out).unwrap();
            line(form, &own, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(Form::Original, "say \"hello\"\n");
        check(
            Form::Csv,
            &format!(
                "{COLUMNS}2026-11-18T11:06:40.123Z,/aws/lambda/shop,,,\"c,1\",,,,,7,\"say \"\"hello\"\"\n\"\r\n"
            ),
        );
        check(
            Form::Ndjson,
            "{\"at\":\"2026-11-18T11:06:40.123Z\",\"log_group\":\"/aws/lambda/shop\",\"log_stream\":\"\",\"level\":null,\"correlation_id\":\"c,1\",\"request_id\":null,\"trace_id\":null,\"order_id\":null,\"account\":\"\",\"event_id\":\"7\",\"message\":\"say \\\"hello\\\"\\n\"}\n",
        );
    }
}
