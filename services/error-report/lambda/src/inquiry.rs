//! What happened? Whatever cannot be found out is said, and does not keep a mail from going.

use std::collections::HashSet;
use std::sync::Arc;

use error_report_domain::report::{Letters, Links, Sample, commands, page_command};
use error_report_intake::{AlarmNotification, LogEvent, Occurrence, insights_filter, occurrence, redacted};
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::grouping::{Lot, group};
use crate::ports::{Changed, Changes, DeadLetters, Lines, PortError, Stories};
use crate::scope::Scope;
use crate::settings::Settings;

/// Functions whose lines are read at the same time.
const AT_ONCE: usize = 4;

#[derive(Clone)]
pub(crate) struct Inquiry {
    lines: Arc<dyn Lines>,
    stories: Arc<dyn Stories>,
    changes: Arc<dyn Changes>,
    dead_letters: Option<Arc<dyn DeadLetters>>,
    settings: Arc<Settings>,
}

/// Failures in the window of an alarm, most frequent first.
#[derive(Default)]
pub(crate) struct Failures {
    /// The alarm's.
    pub(crate) own: Vec<Lot>,
    /// Others of the same time, where the alarm names no function.
    pub(crate) elsewhere: Vec<Lot>,
    /// Functions of which not all lines were read.
    pub(crate) cut: Vec<String>,
}

impl Failures {
    /// Nothing failed, and nothing was left unread.
    pub(crate) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.elsewhere.is_empty() && self.cut.is_empty()
    }

    /// Those of which more were counted than read: whether what was not read names the alarm's resource nobody knows.
    pub(crate) fn uncounted(&mut self, scope: &Scope) -> &mut Vec<Lot> {
        if scope.is_named {
            &mut self.own
        } else {
            &mut self.elsewhere
        }
    }
}

/// What was read of a function.
struct Read {
    own: Vec<Lot>,
    elsewhere: Vec<Lot>,
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
            dead_letters: None,
            settings,
        }
    }

    pub(crate) fn with_dead_letters(self, dead_letters: Arc<dyn DeadLetters>) -> Self {
        Self {
            dead_letters: Some(dead_letters),
            ..self
        }
    }

    /// What lies in the dead-letter queue that an alarm is about.
    pub(crate) async fn letters(
        &self,
        notification: &AlarmNotification,
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> Option<Letters> {
        let dead_letters = self.dead_letters.as_ref()?;
        let queue = queue_of(notification, &self.settings.dead_letter_queues)?;
        match in_time(until, dead_letters.some(queue)).await {
            Ok(some) => Some(Letters {
                queue: queue.to_owned(),
                some,
            }),
            Err(error) => {
                let what = format!("What lies in {queue} could not be read");
                lacks.push(lack(&what, error.as_ref()));
                None
            }
        }
    }

    /// The failures of an alarm in its window, and others of that time.
    pub(crate) async fn failures(
        &self,
        scope: &Scope,
        window: (Timestamp, Timestamp),
        until: Instant,
        lacks: &mut Vec<String>,
    ) -> Failures {
        let mut found = Failures::default();
        let functions = scope.functions.iter();
        let asked: Vec<_> = functions
            .map(|function| self.lots(function, scope, window, until))
            .collect();
        // A function's lines are grouped before those of too many others are read: a flood has to fit into the memory.
        let mut answers = stream::iter(asked).buffered(AT_ONCE);
        while let Some(read) = answers.next().await {
            found.own.extend(read.own);
            found.elsewhere.extend(read.elsewhere);
            lacks.extend(read.lack);
            found.cut.extend(read.cut);
        }
        found.own.sort_by_key(Lot::rank);
        found.elsewhere.sort_by_key(Lot::rank);
        found
    }

    /// The failures of one function, and what is not known of them.
    async fn lots(
        &self,
        function: &str,
        scope: &Scope,
        window: (Timestamp, Timestamp),
        until: Instant,
    ) -> Read {
        let asked = self.lines.failures(function, window.0, window.1);
        let found = match in_time(until, asked).await {
            Ok(found) => found,
            Err(error) => {
                let what = format!("The log lines of {function} could not be read");
                return Read {
                    own: Vec::new(),
                    elsewhere: Vec::new(),
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
        let all: Vec<Occurrence> = lines.filter_map(|line| occurrence(function, line)).collect();
        let (own, elsewhere) = if scope.is_named {
            (all, Vec::new())
        } else {
            apart(all, &found.lines, &scope.resources)
        };
        let lots = |occurrences| {
            group(
                occurrences,
                &self.settings.customer_key,
                window.1.as_millisecond(),
                &scope.wanted,
            )
        };
        Read {
            own: lots(own),
            elsewhere: lots(elsewhere),
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
                // What failed says why, in the words of a program.
                Ok(lines) => story = lines.iter().map(|line| redacted(line)).collect(),
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
    ) -> Changed {
        let asked = self.changes.between(functions, but, window.0, window.1);
        in_time(until, asked).await.unwrap_or_else(|error| {
            lacks.push(lack("What else changed could not be found out", error.as_ref()));
            Changed::default()
        })
    }

    /// How far back the alarms looked whose change made a composite one change.
    pub(crate) async fn looked_at_since(
        &self,
        alarms: &[String],
        at: Timestamp,
        until: Instant,
    ) -> Option<Timestamp> {
        match in_time(until, self.changes.looked_at_since(alarms, at)).await {
            Ok(since) => since,
            Err(error) => {
                // The usual window is read all the same.
                tracing::warn!(%error, "how far back the parts of a composite alarm looked could not be found out");
                None
            }
        }
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
        let settings = &self.settings;
        let dashboard = alarm.and_then(settings.dashboard).or_else(|| {
            let name = function.or(settings.functions.first().map(String::as_str));
            name.or(alarm.map(|alarm| alarm.name.as_str()))?.split('-').next()
        });
        Links {
            dashboard: match dashboard {
                Some(name) if !settings.dashboards.is_empty() => format!("{}{name}", settings.dashboards),
                _ => String::new(),
            },
            runbook: alarm.map_or_else(String::new, |alarm| settings.runbook(&alarm.name)),
            page_command: alarm.map_or_else(String::new, |alarm| page_command(&alarm.name)),
            commands: commands(
                id.map(String::as_str),
                alarm.map(|alarm| alarm.name.as_str()),
                function,
                settings.region.as_deref(),
            ),
            query: format!(
                "# in {}\nfields @timestamp, function_name, error.code, record.errorType, message, correlation_id\n\
                 | filter {}\n| sort @timestamp desc\n| limit 50",
                log_groups(function, &settings.functions),
                insights_filter()
            ),
        }
    }
}

/// Where a query looks, to be chosen before it is run: all functions' log groups begin with the same word.
fn log_groups(function: Option<&str>, functions: &[String]) -> String {
    match (function, functions) {
        (Some(function), _) => format!("the log group /aws/lambda/{function}"),
        (None, [only]) => format!("the log group /aws/lambda/{only}"),
        (None, several) => {
            let first = several.first().and_then(|name| name.split('-').next());
            format!(
                "the log groups /aws/lambda/{}*",
                first.map_or(String::new(), |word| format!("{word}-"))
            )
        }
    }
}

/// The queue of an alarm that says that messages lie there, or of the composite that tells of it. Once for each time that it goes off: a
/// message that was received three times is left out of the age of the oldest one, and so of the alarm on it
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>).
fn queue_of<'a>(notification: &AlarmNotification, queues: &'a [String]) -> Option<&'a str> {
    let is_about = |queue: &&String| {
        let mode = notification.name.strip_prefix(queue.as_str());
        matches!(mode, Some("-not-empty" | "-filled"))
    };
    queues.iter().find(is_about).map(String::as_str)
}

/// Failures of which a line names one of the resources, and the others. What else an invocation says belongs to it.
fn apart(
    all: Vec<Occurrence>,
    lines: &[LogEvent],
    resources: &[String],
) -> (Vec<Occurrence>, Vec<Occurrence>) {
    let names = |line: &&LogEvent| resources.iter().any(|name| is_named(&line.message, name));
    let named: HashSet<&str> = lines.iter().filter(names).map(|line| line.id.as_str()).collect();
    let is_named = |one: &&Occurrence| named.contains(one.id.as_str());
    let requests = all
        .iter()
        .filter(is_named)
        .filter_map(|one| one.request_id.clone());
    let requests: HashSet<String> = requests.collect();
    all.into_iter().partition(|one| {
        let of_request = one.request_id.as_ref().is_some_and(|id| requests.contains(id));
        of_request || named.contains(one.id.as_str())
    })
}

/// Does the text have the name as a whole word? `shopfast-orders` is not in `shopfast-orders-dlq`.
fn is_named(text: &str, name: &str) -> bool {
    let is_of_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_of_names) && !after.is_some_and(is_of_names)
    })
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
