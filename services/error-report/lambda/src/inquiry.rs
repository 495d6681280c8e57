//! What happened? Whatever cannot be found out is said, and does not keep a mail from going.

use std::sync::Arc;

use error_report_domain::report::{Change, Links, Sample};
use error_report_intake::{Occurrence, occurrence, once_per_request};
use jiff::Timestamp;

use crate::grouping::{Lot, group};
use crate::ports::{Changes, Lines, Stories};
use crate::settings::Settings;

#[derive(Clone)]
pub(crate) struct Inquiry {
    lines: Arc<dyn Lines>,
    stories: Arc<dyn Stories>,
    changes: Arc<dyn Changes>,
    settings: Arc<Settings>,
}

impl Inquiry {
    pub(crate) fn new(
        lines: Arc<dyn Lines>,
        stories: Arc<dyn Stories>,
        changes: Arc<dyn Changes>,
        settings: Arc<Settings>,
    ) -> Self {
        Self {
            lines,
            stories,
            changes,
            settings,
        }
    }

    /// The failures of functions in a window, most frequent first.
    pub(crate) async fn failures(
        &self,
        functions: &[String],
        window: (Timestamp, Timestamp),
        lacks: &mut Vec<String>,
    ) -> Vec<Lot> {
        let mut all = Vec::new();
        for function in functions {
            match self.lines.failures(function, window.0, window.1).await {
                Ok(events) => all.extend(events.iter().filter_map(|event| occurrence(function, event))),
                Err(error) => lacks.push(lack(
                    &format!("The log lines of {function} could not be read"),
                    error.as_ref(),
                )),
            }
        }
        group(once_per_request(all), &self.settings.customer_key)
    }

    /// One case with its story.
    pub(crate) async fn sample(&self, occurrence: &Occurrence, lacks: &mut Vec<String>) -> Sample {
        let at = Timestamp::from_millisecond(occurrence.at_ms).unwrap_or_default();
        let id = occurrence.correlation_id.clone().unwrap_or_default();
        let mut story = Vec::new();
        if !id.is_empty() {
            match self.stories.story(&id, at).await {
                Ok(lines) => story = lines,
                Err(error) => lacks.push(lack("The story of the case could not be read", error.as_ref())),
            }
        }
        Sample {
            at,
            correlation_id: id,
            messages: occurrence.messages.clone(),
            story,
        }
    }

    /// What else changed.
    pub(crate) async fn changes(
        &self,
        functions: &[String],
        window: (Timestamp, Timestamp),
        lacks: &mut Vec<String>,
    ) -> Vec<Change> {
        let found = self.changes.between(functions, window.0, window.1).await;
        found.unwrap_or_else(|error| {
            lacks.push(lack("What else changed could not be found out", error.as_ref()));
            Vec::new()
        })
    }

    /// Where to look: for an alarm its page, for a case its trace.
    pub(crate) fn links(&self, alarm: Option<&str>, functions: &[String], sample: Option<&Sample>) -> Links {
        let trace = sample.filter(|sample| !sample.correlation_id.is_empty());
        let trace = trace.map(|sample| format!("shopwatch trace {}", sample.correlation_id));
        let logs = functions
            .first()
            .map(|function| format!("shopwatch logs --function {function} --level error --since 1h"));
        let runbook = alarm.map(|alarm| format!("shopwatch runbooks run {alarm}"));
        let settings = &self.settings;
        Links {
            dashboard: match functions.first().and_then(|function| function.split('-').next()) {
                Some(group) if !settings.dashboards.is_empty() => format!("{}{group}", settings.dashboards),
                _ => String::new(),
            },
            runbook: match alarm {
                Some(alarm) if !settings.runbooks.is_empty() => format!("{}/{alarm}.md", settings.runbooks),
                _ => String::new(),
            },
            commands: trace.into_iter().chain(runbook).chain(logs).collect(),
            query: "fields @timestamp, function_name, error.code, message, correlation_id\n| filter level = \"ERROR\"\n\
                    | sort @timestamp desc\n| limit 50"
                .to_owned(),
        }
    }
}

/// A sentence about what is not known, with the chain of causes.
fn lack(what: &str, error: &(dyn std::error::Error + Send + Sync)) -> String {
    let mut text = format!("{what}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    tracing::warn!(error = text, "the report lacks something");
    text.push('.');
    text
}
