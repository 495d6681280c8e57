//! What an event is and what it carries, from its raw bytes: the handler's type is not asked, so every handler is
//! understood. An event that is not understood begins a new correlation chain; nothing here fails.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use telemetry_core::carrier::{self, Carried, RefusedId};
use telemetry_core::{CorrelationContext, Record};

/// A raw event.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// The event as a whole: source, and context where it is not a batch.
    pub(crate) own: Record,
    /// The records of a batch.
    pub(crate) records: Vec<Record>,
}

impl Event {
    /// The invocation's context: its own, or the one that all records share, or a new one.
    pub(crate) fn context(&self) -> CorrelationContext {
        if let Some(context) = &self.own.carried.context {
            return context.clone();
        }
        let mut contexts = self.records.iter().map(|record| record.carried.context.as_ref());
        match contexts.next().flatten() {
            Some(first) if contexts.all(|other| other.is_some_and(|o| o.id == first.id)) => first.clone(),
            _ => CorrelationContext::begin(),
        }
    }
}

impl Event {
    /// Takes the records out whose chains go in circles, unless all do: then there is nothing else to handle, and the batch
    /// fails as a whole. `body` is the raw event; it loses them too.
    pub(crate) fn take_loops(&mut self, body: &mut Bytes) -> Vec<Record> {
        let loops = self.records.iter().filter(|record| record.is_loop()).count();
        if loops == 0 || loops == self.records.len() {
            return Vec::new();
        }
        let is_kept = |n: usize| self.records.get(n).is_some_and(|record| !record.is_loop());
        let Some(kept) = with_records(body, is_kept) else {
            return Vec::new();
        };
        *body = Bytes::from(kept);
        let (loops, kept) = std::mem::take(&mut self.records)
            .into_iter()
            .partition(Record::is_loop);
        self.records = kept;
        loops
    }

    /// The correlation IDs that were refused, of the event and its records.
    pub(crate) fn refused_ids(&self) -> Vec<&RefusedId> {
        let carried = std::iter::once(&self.own)
            .chain(&self.records)
            .map(|record| &record.carried);
        carried
            .filter_map(|carried| carried.refused_id.as_ref())
            .collect()
    }
}

/// The event with some of its records. Their text stays as it is.
fn with_records(body: &[u8], is_kept: impl Fn(usize) -> bool) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Batch<'a> {
        #[serde(borrow, rename = "Records")]
        records: Vec<&'a RawValue>,
    }
    let text = std::str::from_utf8(body).ok()?;
    let batch: Batch<'_> = serde_json::from_str(text).ok()?;
    let kept = batch.records.iter().enumerate().filter(|(n, _)| is_kept(*n));
    let kept: Vec<&str> = kept.map(|(_, record)| record.get()).collect();
    telemetry_core::payload::with_member(text, "Records", &format!("[{}]", kept.join(",")))
}

/// Reads a raw event and the client context that came with it.
pub(crate) fn read(body: &[u8], client_context: Option<&str>) -> Event {
    // serde_json stops at a depth of 128: hostile nesting is an error here, not a stack overflow.
    let Ok(event) = serde_json::from_slice::<Value>(body) else {
        return Event::default();
    };
    let custom = client_context.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut read = of_value(&event);
    if let Some(custom) = custom.as_ref().and_then(|context| context.get("custom")) {
        let carried = carrier::from_context(custom, None);
        if carried.context.is_some() {
            read.own.carried = carried;
            read.own.source = "aws:lambda";
        }
    }
    read
}

fn of_value(event: &Value) -> Event {
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return Event {
            own: Record::default(),
            records: records.iter().map(record).collect(),
        };
    }
    let own = if event.get("requestContext").is_some() {
        Record {
            carried: http(event),
            source: "http",
            ..Record::default()
        }
    } else if event.get("detail-type").is_some() {
        let sent_ms = event["time"].as_str().and_then(millis_of_text);
        Record {
            carried: event_bridge(event),
            source: "aws:events",
            sent_ms,
            ..Record::default()
        }
    } else {
        Record {
            carried: carrier::from_payload(event),
            source: "invoke",
            ..Record::default()
        }
    };
    Event {
        own,
        records: Vec::new(),
    }
}

/// REST (v1), HTTP API and Function URL (v2), load balancer: all have `headers`.
fn http(event: &Value) -> Carried {
    let headers = event.get("headers").and_then(Value::as_object);
    carrier::from_headers(
        headers
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))),
    )
}

fn event_bridge(event: &Value) -> Carried {
    carrier::from_payload(&event["detail"])
}

fn record(record: &Value) -> Record {
    match record
        .get("eventSource")
        .or_else(|| record.get("EventSource"))
        .and_then(Value::as_str)
    {
        Some("aws:sqs") => sqs(record),
        Some("aws:sns") => sns(&record["Sns"]),
        Some("aws:dynamodb") => stream(record),
        _ => Record::default(),
    }
}

fn sqs(record: &Value) -> Record {
    let attributes = &record["messageAttributes"];
    let system = &record["attributes"];
    let mut carried = carrier::from_attributes(|name| match name {
        carrier::SQS_TRACE_ATTRIBUTE => system[name].as_str(),
        _ => attributes[name]["stringValue"].as_str(),
    });
    if carried.context.is_none() {
        let nested = nested(record["body"].as_str().unwrap_or_default());
        let trace = carried.trace.take();
        carried = nested;
        carried.trace = carried.trace.or(trace);
    }
    let number = |name: &str| system[name].as_str().and_then(|text| text.parse().ok());
    Record {
        id: text(&record["messageId"]),
        carried,
        sent_ms: number("SentTimestamp"),
        attempt: number("ApproximateReceiveCount"),
        source: "aws:sqs",
        source_arn: record["eventSourceARN"].as_str().map(str::to_owned),
        item_identifier: record["messageId"].as_str().map(str::to_owned),
    }
}

fn sns(notification: &Value) -> Record {
    Record {
        id: text(&notification["MessageId"]),
        carried: of_notification(notification),
        sent_ms: notification["Timestamp"].as_str().and_then(millis_of_text),
        attempt: None,
        source: "aws:sns",
        source_arn: notification["TopicArn"].as_str().map(str::to_owned),
        item_identifier: None,
    }
}

fn of_notification(notification: &Value) -> Carried {
    let attributes = &notification["MessageAttributes"];
    let carried = carrier::from_attributes(|name| attributes[name]["Value"].as_str());
    if carried.context.is_some() {
        carried
    } else {
        nested(notification["Message"].as_str().unwrap_or_default())
    }
}

fn stream(record: &Value) -> Record {
    let image = &record["dynamodb"]["NewImage"];
    let created = record["dynamodb"]["ApproximateCreationDateTime"].as_f64();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates; a time out of range is no delay to tell"
    )]
    let sent_ms = created.map(|seconds| (seconds * 1e3) as i64);
    Record {
        id: text(&record["eventID"]),
        carried: image[carrier::CONTEXT_KEY]["S"]
            .as_str()
            .map(carrier::from_text)
            .unwrap_or_default(),
        sent_ms,
        attempt: None,
        source: "aws:dynamodb",
        source_arn: record["eventSourceARN"].as_str().map(str::to_owned),
        item_identifier: record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned),
    }
}

/// A message's body that is itself an event: EventBridge, a notification of SNS, or a payload with a context.
fn nested(body: &str) -> Carried {
    let Ok(body) = serde_json::from_str::<Value>(body) else {
        return Carried::default();
    };
    if body.get("detail-type").is_some() {
        event_bridge(&body)
    } else if body["Type"] == "Notification" {
        of_notification(&body)
    } else {
        carrier::from_payload(&body)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn millis_of_text(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    /// The id that an event brings: of the invocation, and of its first record.
    fn check(event: &Value, invocation: Option<&str>, record: Option<&str>) -> Event {
        let event = read(event.to_string().as_bytes(), None);
        let id = |record: &Record| record.carried.context.as_ref().map(|c| c.id.to_string());
        assert_eq!(id(&event.own).as_deref(), invocation);
        assert_eq!(event.records.first().and_then(id).as_deref(), record);
        event
    }

    fn context() -> Value {
        json!({"x-correlation-id": "c-1", "x-call-chain-length": 2, "x-amzn-trace-id": TRACE})
    }

    fn event_bridge_event() -> Value {
        json!({"detail-type": "order.created", "source": "s", "time": "2026-11-21T02:00:00Z", "detail": {"__context__": context()}})
    }

    #[test]
    fn http_of_every_shape() {
        let headers = json!({"X-Correlation-Id": "c-1", "X-Amzn-Trace-Id": TRACE});
        check(
            &json!({"httpMethod": "GET", "requestContext": {}, "headers": headers}),
            Some("c-1"),
            None,
        );
        check(
            &json!({"version": "2.0", "requestContext": {"http": {}}, "headers": headers}),
            Some("c-1"),
            None,
        );
        check(&json!({"requestContext": {}, "headers": null}), None, None);
    }

    #[test]
    fn queues_topics_and_what_they_carry() {
        let sqs = |attributes: Value, body: String| {
            json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m", "messageAttributes": attributes, "body": body,
                "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
                "attributes": {"SentTimestamp": "1732000000000", "ApproximateReceiveCount": "3", "AWSTraceHeader": TRACE}}]})
        };
        let attributes = json!({"x-correlation-id": {"stringValue": "c-1", "dataType": "String"}});
        let event = check(&sqs(attributes, "plain".into()), None, Some("c-1"));
        assert_eq!(
            (event.records[0].attempt, event.records[0].sent_ms),
            (Some(3), Some(1_732_000_000_000))
        );
        assert_eq!(event.context().id.as_str(), "c-1");
        check(
            &sqs(json!({}), event_bridge_event().to_string()),
            None,
            Some("c-1"),
        );
        let notification = json!({"Type": "Notification", "MessageId": "m", "Message": event_bridge_event().to_string(),
            "MessageAttributes": {}, "Timestamp": "2026-11-21T02:00:00.000Z"});
        check(&sqs(json!({}), notification.to_string()), None, Some("c-1"));
        check(
            &json!({"Records": [{"EventSource": "aws:sns", "Sns": notification}]}),
            None,
            Some("c-1"),
        );
        let without = check(&sqs(json!({}), "not JSON".into()), None, None);
        assert_eq!(without.records[0].carried.trace, TRACE.parse().ok());
    }

    #[test]
    fn buses_streams_tasks() {
        check(&event_bridge_event(), Some("c-1"), None);
        check(
            &json!({"orderId": "o", "__context__": context()}),
            Some("c-1"),
            None,
        );
        let image = json!({"eventId": {"S": "e"}, "__context__": {"S": context().to_string()}});
        let record = json!({"eventSource": "aws:dynamodb", "eventID": "1",
            "dynamodb": {"NewImage": image, "ApproximateCreationDateTime": 1_732_000_000.5}});
        let event = check(&json!({"Records": [record]}), None, Some("c-1"));
        assert_eq!(event.records[0].sent_ms, Some(1_732_000_000_500));
    }

    #[test]
    fn a_client_context_is_read() {
        let custom = json!({"custom": {"x-correlation-id": "c-1", "x-call-chain-length": "7"}}).to_string();
        let event = read(b"{}", Some(&custom));
        assert_eq!(event.own.carried.context.unwrap().chain_length, 8);
    }

    #[test]
    fn a_batch_of_two_chains_is_neither() {
        let record = |id: &str| json!({"eventSource": "aws:sqs", "messageId": id, "messageAttributes": {"x-correlation-id": {"stringValue": id}}});
        let event = read(
            json!({"Records": [record("a"), record("b")]})
                .to_string()
                .as_bytes(),
            None,
        );
        assert!(!["a", "b"].contains(&event.context().id.as_str()));
    }

    #[test]
    fn records_of_loops_are_taken_out_and_the_others_stay_as_they_are() {
        let record = |id: &str, hops: u32| {
            let context = json!({"x-correlation-id": id, "x-call-chain-length": hops}).to_string();
            format!(
                r#"{{"eventSource":"aws:sqs","messageId":"{id}","n":1.50,"messageAttributes":{{"x-correlation-context":{{"stringValue":{}}}}}}}"#,
                json!(context)
            )
        };
        let check = |hops: &[u32], kept: &[usize]| {
            let records: Vec<String> = hops
                .iter()
                .enumerate()
                .map(|(n, hops)| record(&n.to_string(), *hops))
                .collect();
            let whole = |records: &[&str]| format!(r#"{{ "Records":[{}], "x":2.0 }}"#, records.join(","));
            let all: Vec<&str> = records.iter().map(String::as_str).collect();
            let mut body = Bytes::from(whole(&all));
            let mut event = read(&body, None);
            let refused = event.take_loops(&mut body);
            let left: Vec<&str> = kept.iter().map(|n| all[*n]).collect();
            assert_eq!(std::str::from_utf8(&body).unwrap(), whole(&left));
            assert_eq!(
                (event.records.len(), refused.len()),
                (kept.len(), hops.len() - kept.len())
            );
        };
        check(&[1, 49], &[0, 1]);
        check(&[1, 50, 2, 900], &[0, 2]);
        check(&[50, 51], &[0, 1]);
    }

    #[test]
    fn what_is_not_understood_begins_a_chain() {
        let deep = "[".repeat(10_000);
        for body in [
            "",
            "null",
            "[]",
            "\u{0}",
            "{\"Records\": 3}",
            "{\"Records\": [1, null]}",
            &deep,
        ] {
            assert!(
                read(body.as_bytes(), Some("not JSON"))
                    .own
                    .carried
                    .context
                    .is_none()
            );
        }
        assert!(read(&[0xff, 0xfe], None).own.carried.context.is_none());
    }
}
