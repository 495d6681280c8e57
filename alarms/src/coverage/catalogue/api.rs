//! APIs: rows A1, A2 and X2 of the catalogue. REST APIs have other names for their metrics than HTTP and WebSocket APIs.

use infra::typed::Protocol;

use crate::coverage::condition::{Condition, Dimensions, NO_TRAFFIC, SILENCE_IS_THE_FAILURE, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{Facts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/ApiGateway";
/// Percent of requests that an API answers without an error of its own, where nobody says otherwise.
const OBJECTIVE: f64 = 99.5;
/// Days in which the error budget is counted.
const FAST: [(f64, u32, u32); 2] = [(14.4, 3600, 300), (6.0, 21_600, 1800)];
const SLOW: [(f64, u32, u32); 2] = [(3.0, 86_400, 7200), (1.0, 259_200, 21_600)];

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "server-errors",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} answers many requests with an error of its own (5xx).",
        look: "which function behind it fails: its alarms, its ERROR lines, and the API's access log by status and path",
        rule: |subject, knobs| rate(subject, knobs, Answer::ServerError, 5.0, (3, 3)),
    },
    Mode {
        name: "error-budget-fast",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} spends its error budget so fast that a month's is gone within days (14.4 times over an hour, or 6 times over 6 hours).",
        look: "which function behind it fails, and since when: its alarms, its ERROR lines, the access log by status and path",
        rule: |subject, knobs| burn(subject, knobs, FAST),
    },
    Mode {
        name: "error-budget-slow",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} fails a little all the time: its error budget will not last (3 times over a day, or as fast as it may over 3 days).",
        look: "the error codes of the last days by number: the most frequent one first",
        rule: |subject, knobs| burn(subject, knobs, SLOW),
    },
    Mode {
        name: "client-errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} refuses many requests (4xx): a client is broken, or a change refuses what was right before.",
        look: "the access log by status, path and caller",
        rule: |subject, knobs| rate(subject, knobs, Answer::ClientError, 50.0, (5, 5)),
    },
    Mode {
        name: "latency",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} answers slowly: its slowest requests of each minute take longer than callers wait.",
        look: "the slowest traces, and the duration of the functions and tables in them",
        rule: |subject, knobs| latency(subject, knobs, "Latency", 5000.0),
    },
    Mode {
        name: "integration-latency",
        urgency: Urgency::Ticket,
        incident: "",
        says: "What is behind {} answers slowly.",
        look: "the duration of the functions behind it, and their cold starts",
        rule: |subject, knobs| latency(subject, knobs, "IntegrationLatency", 4500.0),
    },
    Mode {
        name: "silent",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Nobody asked {} anything in a time in which somebody always does.",
        look: "its address, its certificate, and what stands before it",
        rule: silent,
    },
];

#[derive(Debug, Clone, Copy)]
enum Answer {
    ServerError,
    ClientError,
}

/// Protocol, and its dimensions; an API without a stage answers nobody.
fn of<'a>(subject: &'a Subject<'_>) -> Option<(Protocol, &'a [String], &'static str)> {
    match &subject.facts {
        Facts::Api(api, stages) => {
            let dimension = if api.protocol == Protocol::Rest {
                "ApiName"
            } else {
                "ApiId"
            };
            Some((api.protocol, stages.as_slice(), dimension))
        }
        _ => None,
    }
}

fn on_its_stage(subject: &Subject<'_>, make: impl Fn(Protocol, Dimensions) -> Cell) -> Cell {
    match of(subject) {
        Some((protocol, [stage], dimension)) => {
            let dimensions = vec![(dimension, subject.name.clone()), ("Stage", stage.clone())];
            make(protocol, dimensions)
        }
        Some((_, [], _)) => Cell::Empty("it has no stage in this template".to_owned()),
        Some(_) => {
            Cell::Empty("it has several stages: give each its own template, or accept this".to_owned())
        }
        None => Cell::Nothing,
    }
}

/// 5xx or 4xx, by protocol.
fn errors(protocol: Protocol, answer: Answer) -> &'static str {
    match (protocol, answer) {
        (Protocol::Rest, Answer::ServerError) => "5XXError",
        (Protocol::Rest, Answer::ClientError) => "4XXError",
        (Protocol::Http, Answer::ServerError) => "5xx",
        (Protocol::Http, Answer::ClientError) => "4xx",
        (Protocol::WebSocket, Answer::ServerError) => "ExecutionError",
        (Protocol::WebSocket, Answer::ClientError) => "ClientError",
    }
}

const fn requests(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::WebSocket => "MessageCount",
        Protocol::Rest | Protocol::Http => "Count",
    }
}

/// Errors and requests, and the percentage of errors where there are enough requests.
fn ratio(protocol: Protocol, dimensions: &Dimensions, answer: Answer, least: u32) -> Condition {
    let requests = Source::new("requests", NAMESPACE, requests(protocol), Stat::Sum, dimensions);
    let errors = Source::new(
        "errors",
        NAMESPACE,
        errors(protocol, answer),
        Stat::Sum,
        dimensions,
    );
    Condition::math(
        vec![errors, requests],
        format!("IF(requests >= {least}, 100 * errors / requests, 0)"),
    )
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
}

fn rate(subject: &Subject<'_>, knobs: &Knobs<'_>, answer: Answer, limit: f64, of: (u32, u32)) -> Cell {
    on_its_stage(subject, |protocol, dimensions| {
        ratio(protocol, &dimensions, answer, knobs.min_samples(10))
            .at_least(knobs.threshold(limit))
            .every(knobs.period(60))
            .of(knobs.of(of.0, of.1))
            .into()
    })
}

/// A pair fires when the budget is spent at this speed over the long window, and still is over the short one.
fn burn(subject: &Subject<'_>, knobs: &Knobs<'_>, pairs: [(f64, u32, u32); 2]) -> Cell {
    on_its_stage(subject, |protocol, dimensions| {
        let budget = 100.0 - knobs.objective(OBJECTIVE);
        let least = knobs.min_samples(10);
        let window = |speed: f64, seconds: u32| {
            let name = format!(
                "{}x-{}",
                speed.floor(),
                crate::scenario::duration::written(i64::from(seconds))
            );
            let limit = (budget * speed * 1e6).round() / 1e6;
            let condition = ratio(protocol, &dimensions, Answer::ServerError, least);
            (name, condition.above(limit).every(seconds))
        };
        let parts = pairs
            .into_iter()
            .flat_map(|(speed, long, short)| [window(speed, long), window(speed, short)]);
        Cell::Joined(parts.collect(), "({0} AND {1}) OR ({2} AND {3})")
    })
}

fn latency(subject: &Subject<'_>, knobs: &Knobs<'_>, name: &'static str, limit: f64) -> Cell {
    on_its_stage(subject, |protocol, dimensions| {
        if protocol == Protocol::WebSocket && name == "Latency" {
            // Messages are answered by messages: only the integration's latency is measured.
            return Cell::Nothing;
        }
        let sources = vec![
            Source::new("slowest", NAMESPACE, name, Stat::Percentile(99.0), &dimensions),
            Source::new("requests", NAMESPACE, requests(protocol), Stat::Sum, &dimensions),
        ];
        let least = knobs.min_samples(10);
        Condition::math(sources, format!("IF(requests >= {least}, slowest, 0)"))
            .at_least(knobs.threshold(limit))
            .every(knobs.period(60))
            .of(knobs.of(5, 5))
            .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
            .into()
    })
}

fn silent(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    on_its_stage(subject, |protocol, dimensions| {
        let Some(window) = knobs.given_period() else {
            return Cell::Empty("in which time somebody always asks is not known: give `period`".to_owned());
        };
        Condition::one(Source::new(
            "m",
            NAMESPACE,
            requests(protocol),
            Stat::Sum,
            &dimensions,
        ))
        .below(knobs.threshold(1.0))
        .every(window)
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::Breaching, SILENCE_IS_THE_FAILURE)
        .by_the_clock()
        .into()
    })
}
