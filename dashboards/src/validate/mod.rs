//! What PutDashboard would say about a body, without calling it: `DashboardValidationMessages` with `DataPath` and `Message`.
//! `schema` is the page of the body as data; `shape` holds a body against it; the other modules know what lies between
//! properties. Whether a dashboard is any use is `lint`'s.
//!
//! AWS publishes neither its schema nor its list of messages. Messages that people reported are used as they are
//! ("Should NOT have more than 2 items", "Should be array", "Invalid metric field type, only 'String' type is allowed"); the
//! others follow them. Which ones are only warnings is not published either: here an error is what the page calls required,
//! limited or valid, and a warning is what leaves a widget without content, or a property that the page does not know.

mod across;
mod metric_rows;
mod schema;
mod shape;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::Body;

/// Widgets of a dashboard.
pub const MOST_WIDGETS: usize = 500;
/// Metrics and expressions of a widget.
pub const MOST_METRICS: usize = 500;
/// Metrics of a dashboard: a quota of CloudWatch, not of the body.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
pub const MOST_METRICS_OF_DASHBOARD: usize = 2_500;
/// Characters of a name.
pub const LONGEST_NAME: usize = 255;

/// What PutDashboard says about one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// Where: `/widgets/0/properties/metrics/1`; empty for the whole body.
    pub data_path: String,
    /// What is wrong.
    pub message: String,
    /// Whether the dashboard is refused. Not in the answer of PutDashboard, which has errors or warnings and not both.
    #[serde(skip)]
    pub kind: Kind,
}

/// Whether a dashboard is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is.
    Error,
    /// It is taken, and something may not be shown.
    Warning,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.data_path.is_empty() {
            "/"
        } else {
            &self.data_path
        };
        write!(f, "{path}: {}", self.message)
    }
}

/// A body that PutDashboard would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", refusal(messages))]
pub struct Refused {
    /// Why, at least one.
    pub messages: Vec<Message>,
}

/// In the words of the service.
fn refusal(messages: &[Message]) -> String {
    let errors = match messages.len() {
        1 => "is 1 validation error".to_owned(),
        n => format!("are {n} validation errors"),
    };
    let messages: Vec<String> = messages.iter().map(Message::to_string).collect();
    format!(
        "The dashboard body is invalid, there {errors}: {}",
        messages.join("; ")
    )
}

/// All there is to say about a body, in the order of its places.
#[must_use]
pub fn validate(body: &Value) -> Vec<Message> {
    let mut messages = Messages::default();
    shape::check(body, &schema::BODY, "", &mut messages);
    if body.is_object() {
        across::check(body, &mut messages);
    }
    messages.0.sort();
    messages.0.dedup();
    messages.0
}

/// Reads a body as PutDashboard would.
///
/// ```
/// let body = r#"{"widgets": [{"type": "metric", "properties": {"region": "eu-central-1", "metrics": [["AWS/Lambda", "Errors", "FunctionName"]]}}]}"#;
/// let refused = dashboards::validate::read(body).unwrap_err();
/// assert_eq!(refused.messages[0].data_path, "/widgets/0/properties/metrics/0");
/// assert_eq!(refused.messages[0].message, "Should NOT have more than 2 items");
/// ```
///
/// # Errors
/// It is no JSON, or has errors.
pub fn read(text: &str) -> Result<Body, Refused> {
    let body: Value = serde_json::from_str(text).map_err(|error| {
        refused(
            "",
            &format!("The field DashboardBody must be a valid JSON object ({error})"),
        )
    })?;
    read_value(body)
}

/// As [`read`], of JSON that is read already.
///
/// # Errors
/// It has errors.
pub fn read_value(body: Value) -> Result<Body, Refused> {
    let mut messages = validate(&body);
    messages.retain(|message| message.kind == Kind::Error);
    if !messages.is_empty() {
        return Err(Refused { messages });
    }
    serde_json::from_value(body).map_err(|error| refused("", &error.to_string()))
}

/// Whether CloudWatch takes a name: 1 to 255 of `0-9A-Za-z-_`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(allowed)
}

fn refused(path: &str, message: &str) -> Refused {
    Refused {
        messages: vec![Message {
            data_path: path.to_owned(),
            message: message.to_owned(),
            kind: Kind::Error,
        }],
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Messages(Vec<Message>);

impl Messages {
    fn say(&mut self, kind: Kind, path: &str, message: impl Into<String>) {
        self.0.push(Message {
            data_path: path.to_owned(),
            message: message.into(),
            kind,
        });
    }

    pub(crate) fn error(&mut self, path: &str, message: impl Into<String>) {
        self.say(Kind::Error, path, message);
    }

    pub(crate) fn warning(&mut self, path: &str, message: impl Into<String>) {
        self.say(Kind::Warning, path, message);
    }
}
