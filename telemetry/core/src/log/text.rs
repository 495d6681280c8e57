//! A line for people, in functions whose log format is `Text`: time, level, message, then the fields as `name=value`. Always
//! one line: control characters are escaped.

use serde_json::{Map, Value};

/// What stands first, without its name.
const FIRST: [&str; 3] = ["timestamp", "level", "message"];
/// The same on every line of a function: its log group says it.
const LEFT_OUT: [&str; 4] = ["service", "function_name", "function_version", "cold_start"];

/// The fields of a line as text, without a line feed.
pub(super) fn line(fields: &Map<String, Value>) -> String {
    let first = FIRST.iter().filter_map(|name| fields.get(*name)?.as_str());
    let mut parts: Vec<String> = first.map(escaped).collect();
    let mut others: Vec<String> = fields
        .iter()
        .filter(|(name, _)| !FIRST.contains(&name.as_str()) && !LEFT_OUT.contains(&name.as_str()))
        .map(|(name, value)| format!("{}={}", escaped(name), shown(value)))
        .collect();
    others.sort();
    parts.append(&mut others);
    parts.join(" ")
}

/// A plain word as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._:/+@-#[]".contains(c);
    match value {
        Value::String(text) if !text.is_empty() && text.chars().all(plain) => text.clone(),
        other => escaped(&other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let escape = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let fields = json!({
            "timestamp": "2026-11-21T02:00:00.000Z", "level": "WARN", "message": "slow\nanswer", "service": "s",
            "requestId": "r-1", "lines": 3, "text": "two words", "forged": "a\r\nERROR b", "error.chain": ["a", "b"],
        });
        assert_eq!(
            line(fields.as_object().unwrap()),
            "2026-11-21T02:00:00.000Z WARN slow\\nanswer error.chain=[\"a\",\"b\"] forged=\"a\\r\\nERROR b\" lines=3 \
             requestId=r-1 text=\"two words\""
        );
    }
}
