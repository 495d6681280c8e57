//! One log line.

use serde_json::{Map, Value};

use super::paint::{Paint, Tone, visible};

/// Fields that stand elsewhere in the shown line, or say the same in every line of an invocation.
const LEFT_OUT: &[&str] = &[
    "timestamp",
    "level",
    "message",
    "service",
    "requestId",
    "xray_trace_id",
    "span_id",
    "function_name",
    "function_version",
    "cold_start",
    "error.message",
    "error.chain",
];

/// A line as a person reads it: time of day (UTC), level, message, fields; an error's causes one below the other. What is no
/// JSON object stays as it is, with control characters escaped.
pub fn log_line(line: &str, paint: Paint) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(line) else {
        return visible(line);
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let level = text("level");
    let tone = match level {
        "ERROR" | "FATAL" => Tone::Bad,
        "WARN" => Tone::Warn,
        "INFO" => Tone::Good,
        _ => Tone::Faint,
    };
    let time = paint.tone(Tone::Faint, &visible(time_of_day(text("timestamp"))));
    let level = paint.tone(tone, &visible(&format!("{level:5}")));
    let mut shown = format!("{time} {level} {}", visible(text("message")));
    let rest = rest(&fields);
    if !rest.is_empty() {
        shown.push_str("  ");
        shown.push_str(&paint.tone(Tone::Faint, &rest));
    }
    // The first of the chain is the error itself.
    let causes = fields.get("error.chain").and_then(Value::as_array);
    for cause in causes.into_iter().flatten().skip(1) {
        shown.push_str(&format!("\n             because {}", visible(&value_text(cause))));
    }
    shown
}

/// `12:00:00.250` of `2026-01-01T12:00:00.250Z`.
fn time_of_day(timestamp: &str) -> &str {
    timestamp
        .split_once('T')
        .map_or(timestamp, |(_day, time)| time.trim_end_matches('Z'))
}

fn rest(fields: &Map<String, Value>) -> String {
    let mut shown: Vec<(&String, &Value)> = fields
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
        .collect();
    // The ID last, as it is the longest; the others by name: which order they were written in depends on features of the reader.
    shown.sort_by_key(|(name, _)| (*name == "correlation_id", *name));
    let field =
        |(name, value): (&String, &Value)| format!("{}={}", visible(name), visible(&value_text(value)));
    shown.into_iter().map(field).collect::<Vec<_>>().join(" ")
}

/// Texts with blanks are quoted, so that a reader sees where a value ends.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains([' ', '=', '"']) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        assert_eq!(log_line(line, Paint::Plain), expected);
    }

    #[test]
    fn a_line_is_time_level_message_and_fields() {
        check(
            r#"{"timestamp":"2026-01-01T12:00:00.250Z","level":"INFO","message":"placed","total":3,"city":"San Marino","correlation_id":"c-1","a":true}"#,
            r#"12:00:00.250 INFO  placed  a=true city="San Marino" total=3 correlation_id=c-1"#,
        );
    }

    #[test]
    fn causes_stand_below() {
        check(
            r#"{"timestamp":"2026-01-01T12:00:00.250Z","level":"ERROR","message":"charge","error.code":"declined","error.chain":["charge","call the bank","timed out"]}"#,
            "12:00:00.250 ERROR charge  error.code=declined\n             because \"call the bank\"\n             because \"timed out\"",
        );
    }

    #[test]
    fn anything_else_stays_as_it_is_and_steers_no_terminal() {
        check("plain words", "plain words");
        check("[1]", "[1]");
        check("\u{1b}[2J", "\\u{1b}[2J");
        check("{}", "       ");
        check(r#"{"message":"a\nb","k":"\u001b"}"#, "       a\\nb  k=\\u{1b}");
    }

    #[test]
    fn colour_is_only_where_it_is_wanted() {
        let line = r#"{"level":"WARN","message":"slow"}"#;
        assert!(log_line(line, Paint::Coloured).contains("\u{1b}[33mWARN \u{1b}[0m"));
        assert!(!log_line(line, Paint::Plain).contains('\u{1b}'));
    }
}
