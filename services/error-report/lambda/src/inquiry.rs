//! What happened? Whatever cannot be found out is said, and does not keep a mail from going.

use std::sync::Arc;

use error_report_domain::report::{Change, Links, Sample, is_plain_word, quoted};
use error_report_intake::{AlarmNotification, Occurrence, insights_filter, occurrence, once_per_request};
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::grouping::{Lot, group};
use crate::ports::{Changes, Lines, PortError, Stories};
use crate::settings::Settings;

/// Functions whose lines are read at the same time.
const AT_ONCE: usize = 4;
/// Characters of an ID: what the carriers of correlation IDs take.
const LONGEST_ID: usize = 128;

#[derive(Clone)]
pub(crate) struct Inquiry {
    lines: Arc<dyn Lines>,
    stories: Arc<dyn Stories>,
    changes: Arc<dyn Changes>,
    settings: Arc<Settings>,
}

/// What was read of a function.
struct Read {
    lots: Vec<Lot>,
    /// What is not known of it.
    lack: Option<String>,
    /// Its name, when not all lines were read.
    cut: Option<String>,
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

    /// The failures of functions in a window, most frequent first, and the functions of which not all lines were read.
    pub(crate) async fn failures(
        &self,
        functions: &[String],
        window: (Timestamp, Timestamp),
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> (Vec<Lot>, Vec<String>) {
        let (mut lots, mut cut) = (Vec::new(), Vec::new());
        let asked: Vec<_> = functions
            .iter()
            .map(|function| self.lots(function, window, until))
            .collect();
        // A function's lines are grouped before those of too many others are read: a flood has to fit into the memory.
        let mut answers = stream::iter(asked).buffered(AT_ONCE);
        while let Some(read) = answers.next().await {
            lots.extend(read.lots);
            lacks.extend(read.lack);
            cut.extend(read.cut);
        }
        lots.sort_by_key(Lot::rank);
        (lots, cut)
    }

    /// The failures of one function, and what is not known of them.
    async fn lots(&self, function: &str, window: (Timestamp, Timestamp), until: Instant) -> Read {
        let asked = self.lines.failures(function, window.0, window.1);
        let found = match in_time(until, asked).await {
            Ok(found) => found,
            Err(error) => {
                let what = format!("The log lines of {function} could not be read");
                return Read {
                    lots: Vec::new(),
                    lack: Some(lack(&what, error.as_ref())),
                    // What was counted when it came is known all the same.
                    cut: Some(function.to_owned()),
                };
            }
        };
        let read = found.lines.len();
        let told = found.is_cut.then(|| {
            format!(
                "{function} has more lines than the first {read}, which are all that was read; how often each failed was counted when they came."
            )
        });
        let cut = found.is_cut.then(|| function.to_owned());
        let lines = found.lines.iter();
        let occurrences = lines.filter_map(|line| occurrence(function, line)).collect();
        Read {
            lots: group(
                once_per_request(occurrences),
                &self.settings.customer_key,
                window.1.as_millisecond(),
            ),
            lack: told,
            cut,
        }
    }

    /// One case with its story.
    pub(crate) async fn sample(
        &self,
        occurrence: &Occurrence,
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> Sample {
        let at = Timestamp::from_millisecond(occurrence.at_ms).unwrap_or_default();
        let id = self.correlation_id(occurrence, at, until, lacks).await;
        let mut story = Vec::new();
        if !id.is_empty() {
            match in_time(until, self.stories.story(&id, at)).await {
                Ok(lines) => story = lines,
                Err(error) => lacks.push(lack("The story of the case could not be read", error.as_ref())),
            }
        }
        Sample {
            at,
            correlation_id: id,
            request_id: occurrence.request_id.clone().unwrap_or_default(),
            messages: occurrence.messages.clone(),
            story,
        }
    }

    /// The line's, or that of the invocation: a process that was killed wrote no last line.
    async fn correlation_id(
        &self,
        occurrence: &Occurrence,
        at: Timestamp,
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> String {
        let request = match (&occurrence.correlation_id, &occurrence.request_id) {
            (Some(id), _) => return id.clone(),
            (None, None) => return String::new(),
            (None, Some(request)) => request,
        };
        let asked = self.stories.correlation_id(&occurrence.function, request, at);
        in_time(until, asked)
            .await
            .unwrap_or_else(|error| {
                lacks.push(lack(
                    "The correlation ID of the case could not be read",
                    error.as_ref(),
                ));
                None
            })
            .unwrap_or_default()
    }

    /// What else changed.
    pub(crate) async fn changes(
        &self,
        functions: &[String],
        but: Option<&str>,
        window: (Timestamp, Timestamp),
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> Vec<Change> {
        let asked = self.changes.between(functions, but, window.0, window.1);
        in_time(until, asked).await.unwrap_or_else(|error| {
            lacks.push(lack("What else changed could not be found out", error.as_ref()));
            Vec::new()
        })
    }

    /// Where to look: for an alarm its runbook and its dashboard, for a case its trace, for a function its lines.
    pub(crate) fn links(
        &self,
        alarm: Option<&AlarmNotification>,
        function: Option<&str>,
        sample: Option<&Sample>,
    ) -> Links {
        // The story of an invocation that got no event is found by its own ID.
        let ids = sample.map(|sample| [&sample.correlation_id, &sample.request_id]);
        let id = ids.into_iter().flatten().find(|id| !id.is_empty());
        // An ID comes from a log line: what is none is not typed.
        let trace = id
            .filter(|id| id.len() <= LONGEST_ID && is_plain_word(id))
            .map(|id| format!("shopwatch trace {id}"));
        let runbook = alarm.map(|alarm| format!("shopwatch runbooks run {}", quoted(&alarm.name)));
        let of = function.map(|function| format!("--function {} ", quoted(function)));
        let logs = format!(
            "shopwatch logs {}--level error --since 1h",
            of.unwrap_or_default()
        );
        let settings = &self.settings;
        let dashboard = alarm.and_then(settings.dashboard).or_else(|| {
            let name = function.or(alarm.map(|alarm| alarm.name.as_str()));
            name.or(settings.functions.first().map(String::as_str))?
                .split('-')
                .next()
        });
        Links {
            dashboard: match dashboard {
                Some(name) if !settings.dashboards.is_empty() => format!("{}{name}", settings.dashboards),
                _ => String::new(),
            },
            runbook: match alarm {
                Some(alarm) if !settings.runbooks.is_empty() => {
                    format!("{}/{}.md", settings.runbooks, alarm.name)
                }
                _ => String::new(),
            },
            commands: trace.into_iter().chain(runbook).chain(Some(logs)).collect(),
            query: format!(
                "fields @timestamp, function_name, error.code, record.errorType, message, correlation_id\n\
                 | filter {}\n| sort @timestamp desc\n| limit 50",
                insights_filter()
            ),
        }
    }
}

/// The answer, or that there was no time to wait for it.
async fn in_time<T>(
    until: Instant,
    asked: impl Future<Output = Result<T, PortError>>,
) -> Result<T, PortError> {
    timeout_at(until, asked)
        .await
        .unwrap_or_else(|_| Err("there was no time left to wait for the answer".into()))
}

/// A sentence about what is not known, with the chain of causes.
pub(crate) fn lack(what: &str, error: &(dyn std::error::Error + Send + Sync)) -> String {
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
