//! The raw event before the handler's type is read from it: what it is and carries ([`telemetry_core::event`]), and what of
//! a batch the handler does not get.

use bytes::Bytes;
use serde_json::value::RawValue;
use telemetry_core::Record;
use telemetry_core::event::Event;

/// Takes the records out whose chains go in circles, unless all do: then there is nothing else to handle, and the batch
/// fails as a whole. `body` is the raw event; it loses them too. A transformation of Firehose keeps them: it must answer for
/// each of its records.
pub(crate) fn take_loops(event: &mut Event, body: &mut Bytes) -> Vec<Record> {
    let loops = event.records.iter().filter(|record| record.is_loop()).count();
    if loops == 0 || loops == event.records.len() {
        return Vec::new();
    }
    let is_kept = |n: usize| event.records.get(n).is_some_and(|record| !record.is_loop());
    let Some(kept) = with_records(body, is_kept) else {
        return Vec::new();
    };
    *body = Bytes::from(kept);
    let (loops, kept) = std::mem::take(&mut event.records)
        .into_iter()
        .partition(Record::is_loop);
    event.records = kept;
    loops
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
            let refused = take_loops(&mut event, &mut body);
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
}
