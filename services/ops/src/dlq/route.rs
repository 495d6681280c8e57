//! Where a message of a dead-letter queue belongs: what each service writes into it, and nothing guessed.
//!
//! | who gave up | what lies there | what says whose it was |
//! |---|---|---|
//! | a queue | the message | the one queue whose redrive policy names the dead-letter queue |
//! | Lambda, an asynchronous invocation | the event, or a record with `requestPayload` | the one function; of several, the rule in the event |
//! | SNS | its envelope, or with raw delivery the message alone | `TopicArn`; without envelope, the one raw subscription |
//! | EventBridge | the event | the attribute `TARGET_ARN` |
//! | Lambda, a batch of a stream | where the records lay, not the records | nothing can be delivered |

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::sources::Owner;

/// Attributes that Lambda adds to a failed asynchronous invocation.
const LAMBDA_ATTRIBUTES: &[&str] = &["RequestID", "ErrorCode", "ErrorMessage"];
/// Attribute of EventBridge: the target that could not be reached.
const TARGET: &str = "TARGET_ARN";
/// Members of what Lambda writes about a batch of a stream.
const BATCHES: &[&str] = &["DDBStreamBatchInfo", "KinesisBatchInfo"];

/// A message that lies there.
#[derive(Debug, Clone, Default)]
pub(super) struct Letter {
    pub(super) body: String,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    /// To a queue, as it is.
    Send { queue_arn: String },
    /// To a queue by its address, as it is.
    SendTo { url: String },
    /// A function is invoked with this event.
    Invoke { function: String, event: String },
    /// To a topic.
    Publish { topic_arn: String },
}

/// Why a message stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoWay {
    /// It names records and has none.
    StreamBatch,
    /// Whose it may have been.
    Unknown(String),
    /// A target of another kind.
    Target(String),
}

impl fmt::Display for NoWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StreamBatch => f.write_str("it names records of a stream and is no event"),
            Self::Unknown(owners) => write!(f, "it does not say whose it was: {owners}"),
            Self::Target(arn) => write!(f, "{arn} cannot be delivered to"),
        }
    }
}

/// Where it belongs.
pub(super) fn of(letter: &Letter, owners: &[Owner]) -> Result<Delivery, NoWay> {
    let body: Value = serde_json::from_str(&letter.body).unwrap_or(Value::Null);
    if BATCHES.iter().any(|name| body.get(*name).is_some()) {
        return Err(NoWay::StreamBatch);
    }
    if let Some(arn) = letter.attributes.get(TARGET) {
        return to_arn(arn, &letter.body);
    }
    if let Some(topic) = envelope_of(&body) {
        let to_program = |owner: &&Owner| matches!(owner, Owner::Subscription { topic_arn, endpoint, .. } if topic_arn == topic && endpoint.starts_with("arn:"));
        if let Some(Owner::Subscription { endpoint, arn, .. }) = only(owners.iter().filter(to_program)) {
            return to_subscriber(endpoint, arn, &body, &letter.body);
        }
    }
    if let [owner] = owners {
        return to_owner(owner, letter, &body);
    }
    // Functions that a schedule invokes: the event names its rule.
    let rules = body["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let names: Vec<&str> = rules.filter_map(|arn| arn.rsplit('/').next()).collect();
    let by_rule =
        |owner: &&Owner| matches!(owner, Owner::Rule { name, .. } if names.contains(&name.as_str()));
    if let Some(Owner::Rule { target, .. }) = only(owners.iter().filter(by_rule)) {
        return to_arn(target, &letter.body);
    }
    let of_lambda = is_of_lambda(letter) || body.get("requestPayload").is_some();
    let functions = owners
        .iter()
        .filter(|owner| matches!(owner, Owner::Function { .. }));
    if let Some(owner) = only(functions).filter(|_| of_lambda) {
        return to_owner(owner, letter, &body);
    }
    let raw = owners
        .iter()
        .filter(|owner| matches!(owner, Owner::Subscription { is_raw: true, .. }));
    if let Some(owner) = only(raw).filter(|_| envelope_of(&body).is_none() && !of_lambda) {
        return to_owner(owner, letter, &body);
    }
    let owners: Vec<String> = owners.iter().map(Owner::to_string).collect();
    Err(NoWay::Unknown(owners.join(", ")))
}

fn only<'a>(mut owners: impl Iterator<Item = &'a Owner>) -> Option<&'a Owner> {
    owners.next().filter(|_| owners.next().is_none())
}

/// The topic of SNS's envelope.
fn envelope_of(body: &Value) -> Option<&str> {
    (body["Type"] == "Notification").then(|| body["TopicArn"].as_str())?
}

fn is_of_lambda(letter: &Letter) -> bool {
    LAMBDA_ATTRIBUTES
        .iter()
        .any(|name| letter.attributes.contains_key(*name))
}

fn to_owner(owner: &Owner, letter: &Letter, body: &Value) -> Result<Delivery, NoWay> {
    match owner {
        Owner::Queue { url, .. } => Ok(Delivery::SendTo { url: url.clone() }),
        Owner::Function { name } => Ok(Delivery::Invoke {
            function: name.clone(),
            event: event_of(letter, body),
        }),
        Owner::Subscription { endpoint, arn, .. } => to_subscriber(endpoint, arn, body, &letter.body),
        Owner::Rule { target, .. } => to_arn(target, &letter.body),
        Owner::Stream { .. } => Err(NoWay::StreamBatch),
    }
}

fn to_arn(arn: &str, body: &str) -> Result<Delivery, NoWay> {
    match arn.split(':').nth(2) {
        Some("sqs") => Ok(Delivery::Send {
            queue_arn: arn.to_owned(),
        }),
        Some("sns") => Ok(Delivery::Publish {
            topic_arn: arn.to_owned(),
        }),
        Some("lambda") => Ok(Delivery::Invoke {
            function: arn.to_owned(),
            event: body.to_owned(),
        }),
        _ => Err(NoWay::Target(arn.to_owned())),
    }
}

/// As SNS would have: a function gets the envelope as a record.
fn to_subscriber(endpoint: &str, subscription: &str, body: &Value, text: &str) -> Result<Delivery, NoWay> {
    let record = || {
        json!({"Records": [{
            "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription, "Sns": body,
        }]})
    };
    match to_arn(endpoint, text)? {
        Delivery::Invoke { function, .. } => Ok(Delivery::Invoke {
            function,
            event: record().to_string(),
        }),
        other => Ok(other),
    }
}

/// The event of a failed invocation: the body itself for a dead-letter queue, `requestPayload` for a destination.
fn event_of(letter: &Letter, body: &Value) -> String {
    match body.get("requestPayload") {
        Some(event) if !is_of_lambda(letter) => event.to_string(),
        _ => letter.body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLER: &str = "arn:aws:lambda:us-east-1:1:function:report";

    fn function(name: &str) -> Owner {
        Owner::Function {
            name: name.to_owned(),
        }
    }

    fn subscription(topic: &str, endpoint: &str, is_raw: bool) -> Owner {
        Owner::Subscription {
            topic_arn: format!("arn:aws:sns:us-east-1:1:{topic}"),
            endpoint: endpoint.to_owned(),
            arn: format!("arn:aws:sns:us-east-1:1:{topic}:s"),
            is_raw,
        }
    }

    fn rule(name: &str, target: &str) -> Owner {
        Owner::Rule {
            name: name.to_owned(),
            target: target.to_owned(),
        }
    }

    #[track_caller]
    fn check(attribute: Option<(&str, &str)>, body: &str, owners: &[Owner], expect: &str) {
        let attributes = attribute
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let letter = Letter {
            body: body.to_owned(),
            attributes: attributes.collect(),
        };
        let got = match of(&letter, owners) {
            Ok(Delivery::Send { queue_arn }) => format!("send to {queue_arn}"),
            Ok(Delivery::SendTo { url }) => format!("send to {url}"),
            Ok(Delivery::Invoke { function, event }) => format!("invoke {function} with {event}"),
            Ok(Delivery::Publish { topic_arn }) => format!("publish to {topic_arn}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{body}");
    }

    #[test]
    fn one_owner_is_who_failed() {
        let queue = Owner::Queue {
            name: "orders".to_owned(),
            url: "http://q/orders".to_owned(),
        };
        check(None, "not JSON", &[queue], "send to http://q/orders");
        let lambda = Some(("ErrorCode", "200"));
        let payload = r#"{"requestPayload":{"a":1}}"#;
        check(None, payload, &[function("f")], r#"invoke f with {"a":1}"#);
        check(
            lambda,
            payload,
            &[function("f")],
            &format!("invoke f with {payload}"),
        );
        check(
            None,
            r#"{"Records":[]}"#,
            &[function("f")],
            r#"invoke f with {"Records":[]}"#,
        );
        let stream = Owner::Stream {
            function: "relay".to_owned(),
        };
        let batch = r#"{"DDBStreamBatchInfo":{"shardId":"s"}}"#;
        check(
            None,
            batch,
            &[stream],
            "it names records of a stream and is no event",
        );
    }

    #[test]
    fn of_many_owners_the_message_says_which() {
        let report = [
            function("report"),
            subscription("page", HANDLER, false),
            subscription("ticket", HANDLER, false),
            subscription("page", "oncall@shopfast.example", false),
        ];
        let envelope = r#"{"Message":"{}","TopicArn":"arn:aws:sns:us-east-1:1:page","Type":"Notification"}"#;
        let event = json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0",
            "EventSubscriptionArn": "arn:aws:sns:us-east-1:1:page:s", "Sns": serde_json::from_str::<Value>(envelope).unwrap()}]});
        check(None, envelope, &report, &format!("invoke {HANDLER} with {event}"));
        // Lambda's own dead letter: the event as it was, records and all.
        check(
            Some(("RequestID", "r")),
            r#"{"Records":[1]}"#,
            &report,
            r#"invoke report with {"Records":[1]}"#,
        );
        check(
            None,
            r#"{"odd":1}"#,
            &report[..1],
            r#"invoke report with {"odd":1}"#,
        );

        let target = Some((TARGET, "arn:aws:sqs:us-east-1:1:orders"));
        let rules = [
            rule("placed", "arn:aws:sqs:us-east-1:1:orders"),
            rule("life", "arn:aws:sns:us-east-1:1:events"),
        ];
        check(target, "{}", &rules, "send to arn:aws:sqs:us-east-1:1:orders");
        check(
            Some((TARGET, "arn:aws:sns:us-east-1:1:events")),
            "{}",
            &rules,
            "publish to arn:aws:sns:us-east-1:1:events",
        );
        check(
            Some((TARGET, "arn:aws:kinesis:us-east-1:1:s")),
            "{}",
            &rules,
            "arn:aws:kinesis:us-east-1:1:s cannot be delivered to",
        );

        let schedules = [
            function("sweeper"),
            function("reconciler"),
            rule("sweep", "arn:aws:lambda:us-east-1:1:function:sweeper"),
            rule("reconcile", "arn:aws:lambda:us-east-1:1:function:reconciler"),
        ];
        let tick = r#"{"resources":["arn:aws:events:us-east-1:1:rule/reconcile"]}"#;
        let expect = format!("invoke arn:aws:lambda:us-east-1:1:function:reconciler with {tick}");
        check(Some(("ErrorCode", "200")), tick, &schedules, &expect);
        check(
            Some(("ErrorCode", "200")),
            "{}",
            &schedules,
            "it does not say whose it was: function sweeper, function reconciler, rule sweep, rule reconcile",
        );

        let topics = [
            subscription("journal", "arn:aws:sqs:us-east-1:1:journal", true),
            subscription("orders", HANDLER, false),
        ];
        check(
            None,
            r#"{"AlarmName":"a"}"#,
            &topics,
            "send to arn:aws:sqs:us-east-1:1:journal",
        );
    }
}
