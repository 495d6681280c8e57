//! The context into records of Kinesis and Firehose: into the request as it is serialised, so that a function that uses
//! neither does not compile their SDK crates. A record that is not one JSON object, and a request that is not JSON, stay
//! byte for byte as they are.

use std::borrow::Cow;
use std::ops::Range;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use telemetry_core::{DropReason, carrier, count_dropped};

use crate::inject::Carried;
use crate::size;

/// Is it a request with records?
pub(crate) fn has_records(metadata: &Metadata) -> bool {
    limits(metadata).is_some()
}

/// Puts the context into the records of a request. Returns the stream's name, if it is such a request.
pub(crate) fn into(metadata: &Metadata, request: &mut HttpRequest, carried: &Carried<'_>) -> Option<String> {
    let limits = limits(metadata)?;
    let text = std::str::from_utf8(request.body().bytes()?).ok()?;
    let body: Body<'_> = serde_json::from_str(text).ok()?;
    let name = body.name();
    if let Some(injected) = injected(text, body, carried, limits) {
        let length = injected.len().to_string();
        *request.body_mut() = SdkBody::from(injected);
        if request.headers().contains_key("content-length") {
            request.headers_mut().insert("content-length", length);
        }
    }
    name
}

/// Of a record, and of a request; `None` for a request that has none.
fn limits(metadata: &Metadata) -> Option<(size::Limits, size::Limits)> {
    match (metadata.service(), metadata.name()) {
        ("Kinesis", "PutRecord" | "PutRecords") => Some((size::KINESIS_RECORD, size::KINESIS_REQUEST)),
        ("Firehose", "PutRecord" | "PutRecordBatch") => Some((size::FIREHOSE_RECORD, size::FIREHOSE_REQUEST)),
        _ => None,
    }
}

/// The body of any of these requests.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(borrow, default)]
    stream_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "StreamARN")]
    stream_arn: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    delivery_stream_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partition_key: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<Entry<'a>>,
    #[serde(borrow, default)]
    records: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow, default)]
    partition_key: Option<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    fn name(&self) -> Option<String> {
        let names = [&self.stream_name, &self.delivery_stream_name, &self.stream_arn];
        names.into_iter().flatten().next().map(|name| name.to_string())
    }

    fn into_entries(self) -> Vec<Entry<'a>> {
        let partition_key = self.partition_key;
        let own = self.data.map(|data| Entry { data, partition_key });
        let mut entries = self.records;
        entries.extend(self.record);
        entries.extend(own);
        entries
    }
}

/// The text with the context in its records; `None` where that changes nothing.
fn injected(
    text: &str,
    body: Body<'_>,
    carried: &Carried<'_>,
    (each, all): (size::Limits, size::Limits),
) -> Option<String> {
    let entries: Vec<Data> = body
        .into_entries()
        .into_iter()
        .map(|entry| Data::of(text, entry))
        .collect();
    let mut total: usize = entries.iter().map(|entry| entry.size).sum();
    let mut out = String::new();
    let mut copied = 0;
    for entry in entries {
        let Some((payload, added)) = entry
            .payload
            .as_deref()
            .and_then(|text| with_context(text, carried))
        else {
            continue;
        };
        if !size::fits(entry.size, added, each) || !size::fits(total, added, all) {
            count_dropped(DropReason::PayloadSize, 1);
            continue;
        }
        total += added;
        out.push_str(text.get(copied..entry.range.start)?);
        out.push('"');
        STANDARD.encode_string(payload, &mut out);
        out.push('"');
        copied = entry.range.end;
    }
    out.push_str(text.get(copied..)?);
    (copied > 0).then_some(out)
}

/// A record's data.
struct Data {
    /// Where it stands in the body, with its quotes.
    range: Range<usize>,
    /// As text, where it may be a JSON object.
    payload: Option<String>,
    /// Bytes that count: of the data before base64, and of the partition key.
    size: usize,
}

impl Data {
    fn of(body: &str, entry: Entry<'_>) -> Self {
        let quoted = entry.data.get();
        let start = (quoted.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
        let encoded: Cow<'_, str> =
            serde_json::from_str::<Borrowed<'_>>(quoted).map_or(Cow::Borrowed(""), |text| text.0);
        let data = STANDARD.decode(encoded.as_bytes()).unwrap_or_default();
        let key = entry.partition_key.map_or(0, |key| key.len());
        let size = data.len() + key;
        Self {
            range: start..start + quoted.len(),
            payload: String::from_utf8(data).ok(),
            size,
        }
    }
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

/// The payload with the context, and how many bytes that adds.
fn with_context(payload: &str, carried: &Carried<'_>) -> Option<(String, usize)> {
    let injected = carrier::into_payload(payload, carried.context, carried.trace)?;
    let added = injected.len().saturating_sub(payload.len());
    Some((injected, added))
}
