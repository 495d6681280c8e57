//! A log line with its fields, as Logs Insights discovers them in JSON.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A log line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogLine {
    pub(super) at: Timestamp,
    pub(super) fields: BTreeMap<String, String>,
}

impl LogLine {
    /// A line as it was written. Fields of objects in objects are `outer.inner`.
    #[must_use]
    pub fn read(at: Timestamp, group: &str, message: &str) -> Self {
        let mut fields = BTreeMap::new();
        if let Ok(Value::Object(object)) = serde_json::from_str::<Value>(message) {
            for (name, value) in object {
                discover(&mut fields, name, value);
            }
        }
        fields.insert("@timestamp".to_owned(), written(at));
        fields.insert("@message".to_owned(), message.trim_end().to_owned());
        fields.insert("@log".to_owned(), group.to_owned());
        Self { at, fields }
    }

    /// Adds the begin of the part of time in which it is, under the name that a query groups by: `bin(5m)`.
    pub(super) fn bin(&mut self, name: &str, seconds: i64) {
        let begin = self.at.as_second().div_euclid(seconds) * seconds;
        let begin = Timestamp::from_second(begin).unwrap_or(self.at);
        self.fields.insert(name.to_owned(), written(begin));
    }

    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

/// As Logs Insights writes times.
fn written(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S%.3f")
        .to_string()
}

fn discover(fields: &mut BTreeMap<String, String>, name: String, value: Value) {
    match value {
        Value::Object(object) => {
            for (inner, value) in object {
                discover(fields, format!("{name}.{inner}"), value);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            fields.insert(name, text);
        }
        other => {
            fields.insert(name, other.to_string());
        }
    }
}
