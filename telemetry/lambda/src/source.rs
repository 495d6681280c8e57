//! The raw event before the handler's type is read from it: what it is and carries ([`telemetry_core::event`]), and what of
//! a batch the handler does not get.

use bytes::Bytes;
use serde_json::value::RawValue;
use telemetry_core::Record;
use telemetry_core::event::Event;

/// Which of these records the handler does not get: those whose chains go in circles, and of a FIFO queue those behind them in
/// their groups. They come again, in their order.
pub(crate) fn refused(records: &[Record]) -> Vec<bool> {
    let mut stopped: Vec<&str> = Vec::new();
    records
        .iter()
        .map(|record| {
            let group = record.group.as_deref();
            if record.is_loop() {
                stopped.extend(group);
            }
            record.is_loop() || group.is_some_and(|group| stopped.contains(&group))
        })
        .collect()
}

/// Takes the refused records out, unless all are: then there is nothing else to handle, and the batch fails as a whole. `body`
/// is the raw event; it loses them too. A transformation of Firehose keeps them: it must answer for each of its records.
pub(crate) fn take_refused(event: &mut Event, body: &mut Bytes) -> Vec<Record> {
    if !event.records.iter().any(Record::is_loop) {
        return Vec::new();
    }
    let refused = refused(&event.records);
    if refused.iter().all(|is_refused| *is_refused) {
        return Vec::new();
    }
    let is_kept = |n: usize| refused.get(n).is_some_and(|is_refused| !is_refused);
    let Some(kept) = with_records(body, is_kept) else {
        return Vec::new();
    };
    *body = Bytes::from(kept);
    let mut taken = Vec::new();
    for (record, is_refused) in std::mem::take(&mut event.records).into_iter().zip(refused) {
        let list = if is_refused {
            &mut taken
        } else {
            &mut event.records
        };
        list.push(record);
    }
    taken
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            let mut event = Event::read(&body, None);
            let refused = take_refused(&mut event, &mut body);
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
    fn a_fifo_queue_keeps_what_is_behind_a_loop_in_its_group() {
        let check = |queue: &str, messages: &[(&str, u32)], expected: &[bool]| {
            let record = |(group, hops): &(&str, u32)| {
                let context = json!({"x-correlation-id": "c", "x-call-chain-length": hops}).to_string();
                json!({
                    "eventSource": "aws:sqs", "eventSourceARN": format!("arn:aws:sqs:eu-west-1:1:{queue}"), "messageId": "m",
                    "attributes": {"MessageGroupId": group},
                    "messageAttributes": {"x-correlation-context": {"stringValue": context},
                        "x-correlation-id": {"stringValue": "c"}},
                })
            };
            let event = json!({"Records": messages.iter().map(record).collect::<Vec<_>>()}).to_string();
            assert_eq!(
                refused(&Event::read(event.as_bytes(), None).records),
                expected,
                "{queue} {messages:?}"
            );
        };
        let messages = [
            ("a", 1),
            ("a", 60),
            ("b", 1),
            ("a", 1),
            ("b", 60),
            ("c", 1),
            ("b", 1),
        ];
        check(
            "orders.fifo",
            &messages,
            &[false, true, false, true, true, false, true],
        );
        // A group of a fair queue has no order.
        check(
            "orders",
            &messages,
            &[false, true, false, false, true, false, false],
        );
        check("orders.fifo", &[("a", 60), ("a", 1)], &[true, true]);
        check("orders.fifo", &[], &[]);
    }
}
