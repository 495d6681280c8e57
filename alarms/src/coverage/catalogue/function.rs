//! Functions: rows L1 to L9 of the catalogue. Idle functions publish nothing, so silence is good everywhere but in heartbeats.

use infra::typed::{EventSource, Feed, Function};

use crate::coverage::condition::{Condition, NO_TRAFFIC, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::schedule;
use crate::coverage::subject::Subject;
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/Lambda";
/// A DynamoDB stream keeps records for a day (developer guide, "DynamoDB Streams").
const DYNAMODB_STREAM_MS: f64 = 86_400_000.0;
const DAY_S: u32 = 86_400;

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "An invocation of {} failed, and it is one of the functions of which every failure counts.",
        look: "its ERROR lines since the alarm, by error.code and correlation_id",
        rule: errors,
    },
    Mode {
        name: "error-rate",
        urgency: Urgency::PageIfCritical,
        incident: "failing",
        says: "{} fails for more than a few of its invocations.",
        look: "its ERROR lines by error.code, and what was deployed last",
        rule: error_rate,
    },
    Mode {
        name: "throttles",
        urgency: Urgency::PageIfCritical,
        incident: "failing",
        says: "Lambda refuses invocations of {}: its concurrency, or the account's, is used up.",
        look: "ConcurrentExecutions of this function and of the account, and who calls so often",
        rule: throttles,
    },
    Mode {
        name: "duration",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} runs nearly as long as it may: soon Lambda ends invocations in the middle.",
        look: "the slowest subsegments of its traces, and the service that they call",
        rule: duration,
    },
    Mode {
        name: "concurrency",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} uses nearly all of the concurrency that is reserved for it.",
        look: "its calls per second and their duration; reserve more, or make it faster",
        rule: concurrency,
    },
    Mode {
        name: "async-age",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Events wait so long for {} that Lambda will soon give them up.",
        look: "its throttles and errors: retries keep events in the queue",
        rule: async_age,
    },
    Mode {
        name: "async-dropped",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Lambda gave up events for {}: they were too old, or failed too often. Without a dead-letter queue they are lost.",
        look: "its dead-letter queue, and its ERROR lines",
        rule: async_dropped,
    },
    Mode {
        name: "dead-letter-errors",
        urgency: Urgency::Page,
        incident: "losing",
        says: "Lambda could not put failed events of {} into its dead-letter queue: they are lost.",
        look: "the function role's right to send to the queue, and the queue's policy and key",
        rule: dead_letter_errors,
    },
    Mode {
        name: "destination-failures",
        urgency: Urgency::Page,
        incident: "losing",
        says: "Lambda could not tell the destination of {} what failed: the record of it is lost.",
        look: "the function role's right to send to the destination, and the destination's policy and key",
        rule: destination_failures,
    },
    Mode {
        name: "iterator-age",
        urgency: Urgency::Page,
        incident: "losing",
        says: "{} is behind its stream: records that are not read before they expire are lost.",
        look: "its errors, which stop the shard, and its duration",
        rule: iterator_age,
    },
    Mode {
        name: "recursion",
        urgency: Urgency::Page,
        incident: "losing",
        says: "Lambda stopped {}: its events come back to itself.",
        look: "which queue or topic it writes to, and what that invokes",
        rule: recursion,
    },
    Mode {
        name: "spillover",
        urgency: Urgency::Ticket,
        incident: "",
        says: "More invocations of {} come than environments are provisioned: callers wait for cold starts.",
        look: "its concurrency against what is provisioned",
        rule: spillover,
    },
    Mode {
        name: "mapping-failed",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Lambda could not hand events of a queue or stream to {}.",
        look: "the state of the event source mapping, and the function's throttles",
        rule: |subject, knobs| mapping(subject, knobs, "FailedInvokeEventCount"),
    },
    Mode {
        name: "mapping-dropped",
        urgency: Urgency::Page,
        incident: "losing",
        says: "Lambda dropped events of a queue or stream that {} could not handle.",
        look: "the function's ERROR lines, and the mapping's retries and destination",
        rule: |subject, knobs| mapping(subject, knobs, "DroppedEventCount"),
    },
    Mode {
        name: "mapping-gave-up",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Lambda gave up events of a queue or stream for {}, and told the destination.",
        look: "the messages in the destination, and the function's ERROR lines",
        rule: |subject, knobs| mapping(subject, knobs, "OnFailureDestinationDeliveredEventCount"),
    },
    Mode {
        name: "url-server-errors",
        urgency: Urgency::PageIfCritical,
        incident: "failing",
        says: "The address of {} answers many requests with an error (5xx).",
        look: "its ERROR lines by error.code, and its throttles: Lambda answers those with 429 and 502",
        rule: url_server_errors,
    },
    Mode {
        name: "url-latency",
        urgency: Urgency::PageIfCritical,
        incident: "failing",
        says: "The address of {} answers slowly: its slowest requests of each minute take longer than callers wait.",
        look: "its slowest traces: cold starts, and the service that they call",
        rule: url_latency,
    },
    Mode {
        name: "heartbeat",
        urgency: Urgency::PageIfCritical,
        incident: "failing",
        says: "{} runs by the clock, and did not run.",
        look: "its schedule: is it enabled, may it invoke the function, does the function exist",
        rule: heartbeat,
    },
];

fn metric(subject: &Subject<'_>, name: &str, stat: Stat) -> Source {
    Source::new(
        "m",
        NAMESPACE,
        name,
        stat,
        &[("FunctionName", subject.name.clone())],
    )
}

fn counted(subject: &Subject<'_>, knobs: &Knobs<'_>, name: &str, of: (u32, u32)) -> Cell {
    let condition = Condition::one(metric(subject, name, Stat::Sum));
    let condition = condition.at_least(knobs.threshold(1.0)).every(knobs.period(60));
    condition.of(knobs.of(of.0, of.1)).into()
}

fn errors(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    if !subject.critical {
        return Cell::Nothing;
    }
    match counted(subject, knobs, "Errors", (1, 1)) {
        Cell::Alarm(condition) => condition
            .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
            .into(),
        other => other,
    }
}

fn error_rate(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let dimension = [("FunctionName", subject.name.clone())];
    let sources = vec![
        Source::new("errors", NAMESPACE, "Errors", Stat::Sum, &dimension),
        Source::new("calls", NAMESPACE, "Invocations", Stat::Sum, &dimension),
    ];
    let pace = Pace::of(subject);
    let least = pace
        .most
        .map_or_else(|| knobs.min_samples(10), |most| knobs.min_samples_of(most));
    let rate = format!("IF(calls >= {least}, 100 * errors / calls, 0)");
    // Windows slide, so of two runs by the clock one window may have both and the next one none. The range reaches behind a window
    // without a point, where the failures lie that are over: what was OK would be in ALARM again for a minute or two.
    let rate = if pace.most.is_some() {
        format!("FILL({rate}, 0)")
    } else {
        rate
    };
    Condition::math(sources, rate)
        .at_least(knobs.threshold(5.0))
        .every(knobs.period(pace.period))
        .of(knobs.of(pace.of.0, pace.of.1))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

/// How much of a function's work is enough for a rate.
struct Pace {
    period: u32,
    /// More samples cannot be asked for.
    most: Option<u32>,
    of: (u32, u32),
}

impl Pace {
    /// What runs by the clock alone never has ten invocations in a minute: half of the runs of its window are enough.
    fn of(subject: &Subject<'_>) -> Self {
        let usual = Self {
            period: 60,
            most: None,
            of: (3, 5),
        };
        let sources = subject.function().map(|function| function.sources.as_slice());
        let mut clocks = sources.unwrap_or_default().iter().map(schedule_of);
        let Some(Some(first)) = clocks.next() else {
            return usual;
        };
        let window = schedule::window(first).filter(|_| clocks.all(|clock| clock.is_some()));
        window.map_or(usual, |period| Self {
            period,
            most: Some(schedule::runs(first, period).div_ceil(2).max(1)),
            // Alarms look back for a week at most (API reference, `PutMetricAlarm`).
            of: if period > DAY_S { (1, 1) } else { (2, 3) },
        })
    }
}

/// The expression of a schedule; none for what is no clock.
fn schedule_of(source: &EventSource) -> Option<&str> {
    let names = ["Schedule", "ScheduleExpression"];
    (source.feed == Feed::Schedule).then(|| {
        names
            .iter()
            .find_map(|name| source.properties.get(name)?.as_text())
            .unwrap_or_default()
    })
}

/// A function without an address of its own answers nobody directly.
fn has_url(subject: &Subject<'_>) -> bool {
    let sources = subject.function().map(|function| function.sources.as_slice());
    sources
        .unwrap_or_default()
        .iter()
        .any(|source| source.feed == Feed::FunctionUrl)
}

fn url_server_errors(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    if !has_url(subject) {
        return Cell::Nothing;
    }
    let dimension = [("FunctionName", subject.name.clone())];
    let sources = vec![
        Source::new("errors", NAMESPACE, "Url5xxCount", Stat::Sum, &dimension),
        Source::new("requests", NAMESPACE, "UrlRequestCount", Stat::Sum, &dimension),
    ];
    let least = knobs.min_samples(10);
    let rate = Condition::math(
        sources,
        format!("IF(requests >= {least}, 100 * errors / requests, 0)"),
    );
    rate.at_least(knobs.threshold(5.0))
        .every(knobs.period(60))
        .of(knobs.of(3, 3))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

fn url_latency(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    if !has_url(subject) {
        return Cell::Nothing;
    }
    let dimension = [("FunctionName", subject.name.clone())];
    let latency = Stat::Percentile(99.0);
    let sources = vec![
        Source::new("slowest", NAMESPACE, "UrlRequestLatency", latency, &dimension),
        Source::new("requests", NAMESPACE, "UrlRequestCount", Stat::Sum, &dimension),
    ];
    let least = knobs.min_samples(10);
    Condition::math(sources, format!("IF(requests >= {least}, slowest, 0)"))
        .at_least(knobs.threshold(5000.0))
        .every(knobs.period(60))
        .of(knobs.of(5, 5))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

fn throttles(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    counted(subject, knobs, "Throttles", (3, 5))
}

fn duration(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let Some(timeout) = function.timeout_s.known() else {
        return Cell::Empty("its timeout is known only after deployment".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "at most 900 s")]
    let limit = knobs.part_of(timeout as f64 * 1000.0, 0.8);
    Condition::one(metric(subject, "Duration", Stat::Maximum))
        .at_least(limit)
        .every(knobs.period(60))
        .of(knobs.of(3, 5))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

fn concurrency(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let Some(reserved) = function.reserved_concurrency.known() else {
        return Cell::Empty("no concurrency is reserved for it".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "a quota of an account")]
    let limit = knobs.part_of(reserved as f64, 0.8);
    Condition::one(metric(subject, "ConcurrentExecutions", Stat::Maximum))
        .at_least(limit)
        .every(knobs.period(60))
        .of(knobs.of(5, 10))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

/// Is it invoked by somebody who does not wait?
fn is_asynchronous(function: &Function) -> bool {
    let feeds = [Feed::Sns, Feed::EventBridge, Feed::Schedule, Feed::S3];
    function.asynchronous.is_some() || function.sources.iter().any(|source| feeds.contains(&source.feed))
}

fn async_age(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function().filter(|function| is_asynchronous(function)) else {
        return Cell::Nothing;
    };
    // Lambda keeps an event for six hours unless the function says otherwise.
    let age = function
        .asynchronous
        .as_ref()
        .map_or(Some(21_600), |config| config.maximum_age_s.known());
    let Some(age) = age else {
        return Cell::Empty("the age at which events are given up is known only after deployment".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "at most six hours")]
    let limit = knobs.part_of(age as f64 * 1000.0, 0.5);
    Condition::one(metric(subject, "AsyncEventAge", Stat::Maximum))
        .at_least(limit)
        .every(knobs.period(60))
        .of(knobs.of(3, 5))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

fn async_dropped(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match subject.function().filter(|function| is_asynchronous(function)) {
        Some(_) => counted(subject, knobs, "AsyncEventsDropped", (1, 1)),
        None => Cell::Nothing,
    }
}

fn dead_letter_errors(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match subject
        .function()
        .and_then(|function| function.dead_letter.as_ref())
    {
        Some(_) => counted(subject, knobs, "DeadLetterErrors", (1, 1)),
        None => Cell::Nothing,
    }
}

fn destination_failures(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let of_events = function.asynchronous.as_ref();
    let of_events =
        of_events.is_some_and(|config| config.on_failure.is_some() || config.on_success.is_some());
    let of_mapping = function
        .sources
        .iter()
        .any(|source| !source.properties["DestinationConfig"].is_null());
    if of_events || of_mapping {
        return counted(subject, knobs, "DestinationDeliveryFailures", (1, 1));
    }
    Cell::Nothing
}

/// Records are lost when the stream forgets them, or when the mapping gives them up, whichever is earlier.
fn iterator_age(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let streams = function
        .sources
        .iter()
        .filter(|source| matches!(source.feed, Feed::DynamoDb | Feed::Kinesis));
    let ages = streams.map(|source| {
        let given_up = source.properties["MaximumRecordAgeInSeconds"].as_number();
        // -1 is "never".
        let given_up = given_up
            .filter(|seconds| *seconds > 0.0)
            .map(|seconds| seconds * 1000.0);
        given_up.unwrap_or(DYNAMODB_STREAM_MS).min(DYNAMODB_STREAM_MS)
    });
    let Some(age) = ages.reduce(f64::min) else {
        return Cell::Nothing;
    };
    Condition::one(metric(subject, "IteratorAge", Stat::Maximum))
        .at_least(knobs.part_of(age, 0.1))
        .every(knobs.period(60))
        .of(knobs.of(3, 5))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

fn recursion(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    // Lambda finds loops through SQS, SNS, S3 and itself (developer guide, "Recursive loop detection").
    let feeds = [Feed::Sqs, Feed::Sns, Feed::S3];
    let function = subject.function();
    match function.filter(|function| function.sources.iter().any(|source| feeds.contains(&source.feed))) {
        Some(_) => counted(subject, knobs, "RecursiveInvocationsDropped", (1, 1)),
        None => Cell::Nothing,
    }
}

fn spillover(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match subject
        .function()
        .and_then(|function| function.provisioned_concurrency.known())
    {
        Some(_) => counted(
            subject,
            knobs,
            "ProvisionedConcurrencySpilloverInvocations",
            (3, 5),
        ),
        None => Cell::Nothing,
    }
}

/// The metrics of a mapping have its generated identifier as dimension, and are published only when somebody asks for them. What
/// several mappings of one function lose is one sum.
fn mapping(subject: &Subject<'_>, knobs: &Knobs<'_>, name: &str) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let feeds = [Feed::Sqs, Feed::DynamoDb, Feed::Kinesis];
    let mappings = function
        .sources
        .iter()
        .filter(|source| feeds.contains(&source.feed));
    let mappings: Vec<_> = mappings.collect();
    if mappings.is_empty() {
        return Cell::Nothing;
    }
    if let Some(unasked) = mappings
        .iter()
        .find(|one| one.properties["MetricsConfig"].is_null())
    {
        return Cell::Empty(format!(
            "the event source mapping {} has no MetricsConfig, so it publishes nothing",
            unasked.name
        ));
    }
    if mappings.len() > MAPPINGS.len() {
        return Cell::Empty(format!(
            "it has {} mappings, and an alarm looks at {} metrics at most",
            mappings.len(),
            MAPPINGS.len()
        ));
    }
    let of_mapping = |(id, mapping): (&&'static str, &&EventSource)| {
        let identifier = format!("${{{}}}", mapping.logical_id(&subject.logical_id));
        let dimensions = [("EventSourceMappingUUID", identifier)];
        Source::new(id, NAMESPACE, name, Stat::Sum, &dimensions)
    };
    let sources: Vec<Source> = MAPPINGS.iter().zip(&mappings).map(of_mapping).collect();
    let ids = MAPPINGS[..sources.len()].join(", ");
    let condition = match <[Source; 1]>::try_from(sources) {
        Ok([one]) => Condition::one(one),
        Err(several) => Condition::math(several, format!("SUM([{ids}])")),
    };
    condition
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60))
        .of(knobs.of(1, 1))
        .into()
}

/// As many metrics as an alarm may look at (user guide, "Create a CloudWatch alarm based on a metric math expression").
const MAPPINGS: [&str; 10] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10"];

fn heartbeat(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some(function) = subject.function() else {
        return Cell::Nothing;
    };
    let mut expressions = function.sources.iter().filter_map(schedule_of);
    let Some(first) = expressions.next() else {
        return Cell::Nothing;
    };
    let window = knobs.given_period().or_else(|| schedule::window(first));
    let Some(window) = window else {
        return Cell::Empty(format!(
            "how often `{first}` runs is not seen from its text: give `period`"
        ));
    };
    Condition::one(metric(subject, "Invocations", Stat::Sum))
        .below(1.0)
        .every(window)
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
        .by_the_clock()
        .into()
}
