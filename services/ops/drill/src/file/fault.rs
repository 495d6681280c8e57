//! Faults: `fault` says which, the other members are its own.

use alarms::document::{Content, Fields, Node, Wrong, value};
use alarms::scenario::duration;
use serde_json::Value;

use super::{not_empty, required, required_node, text};
use crate::drill::{Fault, FunctionFault, FunctionSettings, Target};

/// Every fault, with its members.
const FAULTS: &[(&str, &[&str])] = &[
    ("crash", &["function"]),
    ("error", &["function", "error-type", "message"]),
    ("latency", &["function", "milliseconds"]),
    ("timeout", &["function"]),
    ("memory-kill", &["function"]),
    ("throttle", &["function"]),
    ("init-error", &["function"]),
    (
        "fail-call",
        &["service", "operation", "resource", "function", "every", "code"],
    ),
    (
        "slow-call",
        &[
            "service",
            "operation",
            "resource",
            "function",
            "every",
            "milliseconds",
        ],
    ),
    (
        "message",
        &["queue", "body", "count", "age", "visibility-seconds"],
    ),
    ("log-lines", &["function", "line", "count"]),
    (
        "set-function",
        &["function", "memory", "timeout", "tracing", "environment"],
    ),
    ("set-retention", &["log-group", "days"]),
    ("set-pattern", &["rule", "bus", "pattern"]),
    ("disable-rule", &["rule", "bus"]),
    ("set-bucket-policy", &["bucket", "policy"]),
    ("set-filter", &["topic", "scope", "policy"]),
    ("set-state", &["state-machine", "state", "definition"]),
    ("disable-mapping", &["function"]),
];

pub(super) fn read(node: &Node) -> Result<Fault, Wrong> {
    let (kind, fields) = kind_of(node, "fault", FAULTS)?;
    let function = || required(&fields, "function", not_empty);
    let of_function = |what: FunctionFault| {
        Ok(Fault::Function {
            function: function()?,
            what,
        })
    };
    match kind {
        "crash" => of_function(FunctionFault::Crash),
        "error" => of_function(FunctionFault::Error {
            error_type: required(&fields, "error-type", not_empty)?,
            message: fields
                .get("message")?
                .unwrap_or_else(|| "ordered by a drill".to_owned()),
        }),
        "latency" => of_function(FunctionFault::Latency(number(&fields, "milliseconds")?)),
        "timeout" => of_function(FunctionFault::Timeout),
        "memory-kill" => of_function(FunctionFault::MemoryKill),
        "throttle" => of_function(FunctionFault::Throttle),
        "init-error" => of_function(FunctionFault::InitError),
        "fail-call" => Ok(Fault::FailCall {
            target: target(&fields)?,
            code: required(&fields, "code", not_empty)?,
        }),
        "slow-call" => Ok(Fault::SlowCall {
            target: target(&fields)?,
            milliseconds: number(&fields, "milliseconds")?,
        }),
        "message" => Ok(Fault::Message {
            queue: required(&fields, "queue", not_empty)?,
            body: fields.get("body")?.unwrap_or_else(|| "{}".to_owned()),
            count: fields.get("count")?.unwrap_or(1),
            age: fields.parse("age", duration::seconds)?.unwrap_or(0),
            visibility: fields.get("visibility-seconds")?,
        }),
        "log-lines" => Ok(Fault::LogLines {
            function: function()?,
            line: value(required_node(&fields, "line")?)?,
            count: fields.get("count")?.unwrap_or(1),
        }),
        "disable-mapping" => Ok(Fault::DisableMapping {
            function: function()?,
        }),
        _ => configuration(kind, &fields),
    }
}

/// Faults that are another configuration than the deployed one.
fn configuration(kind: &str, fields: &Fields<'_>) -> Result<Fault, Wrong> {
    let bus = || Ok(fields.get("bus")?.unwrap_or_else(|| "default".to_owned()));
    Ok(match kind {
        "set-function" => Fault::SetFunction {
            function: required(fields, "function", not_empty)?,
            settings: settings(fields)?,
        },
        "set-retention" => Fault::SetRetention {
            log_group: required(fields, "log-group", not_empty)?,
            days: number(fields, "days")?,
        },
        "set-pattern" => Fault::SetPattern {
            rule: required(fields, "rule", not_empty)?,
            bus: bus()?,
            pattern: object(fields, "pattern")?,
        },
        "disable-rule" => Fault::DisableRule {
            rule: required(fields, "rule", not_empty)?,
            bus: bus()?,
        },
        "set-bucket-policy" => Fault::SetBucketPolicy {
            bucket: required(fields, "bucket", not_empty)?,
            policy: object(fields, "policy")?,
        },
        "set-filter" => Fault::SetFilter {
            topic: required(fields, "topic", not_empty)?,
            scope: fields.get("scope")?.unwrap_or_else(|| "MessageBody".to_owned()),
            policy: object(fields, "policy")?,
        },
        _ => Fault::SetState {
            state_machine: required(fields, "state-machine", not_empty)?,
            state: required(fields, "state", text)?,
            definition: object(fields, "definition")?,
        },
    })
}

fn settings(fields: &Fields<'_>) -> Result<FunctionSettings, Wrong> {
    let environment = match fields.node("environment") {
        None => Vec::new(),
        Some(node) => {
            let Content::Map(entries) = &node.content else {
                return Err(Wrong::new(
                    node.at,
                    format!("environment is a mapping, not {}", node.kind()),
                ));
            };
            let entry = |(name, value): &(alarms::document::Name, Node)| {
                let text = value.text().map(str::to_owned);
                text.map(|text| (name.text.clone(), text))
                    .ok_or_else(|| Wrong::new(value.at, "a variable is text"))
            };
            entries.iter().map(entry).collect::<Result<_, _>>()?
        }
    };
    let settings = FunctionSettings {
        memory: fields.get("memory")?,
        timeout: fields.get("timeout")?,
        tracing: fields.get("tracing")?,
        environment,
    };
    if settings == FunctionSettings::default() {
        return Err(Wrong::new(
            fields.at,
            "set-function changes memory, timeout, tracing or environment",
        ));
    }
    Ok(settings)
}

fn target(fields: &Fields<'_>) -> Result<Target, Wrong> {
    let every: u32 = fields.get("every")?.unwrap_or(1);
    if every == 0 {
        return Err(Wrong::new(
            fields.at,
            "every: 1 is every call, 2 every second one",
        ));
    }
    Ok(Target {
        service: required(fields, "service", not_empty)?,
        operation: fields.get("operation")?,
        resource: fields.get("resource")?,
        function: fields.get("function")?,
        every,
    })
}

fn number<T: serde::de::DeserializeOwned>(fields: &Fields<'_>, name: &str) -> Result<T, Wrong> {
    value(required_node(fields, name)?)
}

fn object(fields: &Fields<'_>, name: &str) -> Result<Value, Wrong> {
    let node = required_node(fields, name)?;
    let found: Value = value(node)?;
    if found.is_object() {
        return Ok(found);
    }
    Err(Wrong::new(
        node.at,
        format!("{name} is a mapping, not {}", node.kind()),
    ))
}

/// The word of member `what` and the other members, which must be the word's own.
pub(super) fn kind_of<'a>(
    node: &'a Node,
    what: &'static str,
    kinds: &'static [(&'static str, &'static [&'static str])],
) -> Result<(&'static str, Fields<'a>), Wrong> {
    let words: Vec<&str> = kinds.iter().map(|(word, _)| *word).collect();
    let expected = || format!("expected `{what}:` with one of {}", words.join(", "));
    let Content::Map(entries) = &node.content else {
        return Err(Wrong::new(node.at, expected()));
    };
    let Some((_, word)) = entries.iter().find(|(name, _)| name.text == what) else {
        return Err(Wrong::new(node.at, expected()));
    };
    let found = kinds.iter().find(|(known, _)| Some(*known) == word.text());
    let (kind, members) = found.ok_or_else(|| Wrong::new(word.at, expected()))?;
    let known: Vec<&str> = std::iter::once(what).chain(members.iter().copied()).collect();
    Ok((kind, Fields::of(node, &format!("the {what} {kind}"), &known)?))
}
