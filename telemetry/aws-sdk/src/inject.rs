//! The context into the inputs of calls, by their types. A call that is not listed carries the trace header only. Where it
//! does not fit, the input stays as it is, and that is counted.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamInput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sesv2::operation::send_email::SendEmailInput;
use aws_sdk_sesv2::types::MessageTag;
use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sfn::operation::start_sync_execution::StartSyncExecutionInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use telemetry_core::carrier::{self, CONTEXT_KEY};
use telemetry_core::{CorrelationContext, DropReason, TraceHeader, count_dropped};

use crate::{message, size};

/// Bytes of a client context in base64 (Lambda, Invoke: `X-Amz-Client-Context`).
const LONGEST_CLIENT_CONTEXT: usize = 3_583;
/// Characters of a tag's value (SES).
const LONGEST_TAG: usize = 256;

/// Puts the context into the input of a call.
pub(crate) fn into(
    input: &mut Input,
    context: &CorrelationContext,
    trace: Option<&TraceHeader>,
    tables: &BTreeSet<String>,
) {
    let carried = Carried { context, trace };
    if message::add(input, &carried) {
        return;
    }
    if let Some(input) = input.downcast_mut::<PutEventsInput>() {
        carried.add_to_events(input.entries.as_deref_mut().unwrap_or_default());
    } else if let Some(input) = input.downcast_mut::<StartExecutionInput>() {
        carried.add_to_json(&mut input.input, 0, size::SMALL_MESSAGE);
        carried.add_to_trace(&mut input.trace_header);
    } else if let Some(input) = input.downcast_mut::<StartSyncExecutionInput>() {
        carried.add_to_json(&mut input.input, 0, size::SMALL_MESSAGE);
        carried.add_to_trace(&mut input.trace_header);
    } else if let Some(input) = input.downcast_mut::<InvokeInput>() {
        carried.add_to_invoke(input);
    } else if let Some(input) = input.downcast_mut::<InvokeWithResponseStreamInput>() {
        carried.add_to_client_context(&mut input.client_context);
    } else if let Some(input) = input.downcast_mut::<SendEmailInput>() {
        carried.add_to_email(&mut input.email_tags);
    } else {
        into_items(input, &carried, tables);
    }
}

fn into_items(input: &mut Input, carried: &Carried<'_>, tables: &BTreeSet<String>) {
    if let Some(input) = input.downcast_mut::<PutItemInput>() {
        let puts = input.table_name.as_deref().zip(input.item.as_mut());
        carried.add_to_items(&mut puts.into_iter().collect::<Vec<_>>(), size::ITEM, tables);
    } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
        let writes = input.transact_items.iter_mut().flatten();
        let puts = writes.filter_map(|write| write.put.as_mut());
        let mut items: Vec<_> = puts.map(|put| (put.table_name.as_str(), &mut put.item)).collect();
        carried.add_to_items(&mut items, size::TRANSACTION, tables);
    } else if let Some(input) = input.downcast_mut::<BatchWriteItemInput>() {
        for (table, writes) in input.request_items.iter_mut().flatten() {
            let puts = writes.iter_mut().filter_map(|write| write.put_request.as_mut());
            let mut items: Vec<_> = puts.map(|put| (table.as_str(), &mut put.item)).collect();
            carried.add_to_items(&mut items, size::TRANSACTION, tables);
        }
    }
}

/// An item to be put, and the table.
type Put<'a> = (&'a str, &'a mut HashMap<String, AttributeValue>);

/// What is carried.
pub(crate) struct Carried<'a> {
    pub(crate) context: &'a CorrelationContext,
    pub(crate) trace: Option<&'a TraceHeader>,
}

impl Carried<'_> {
    /// The context as text of an attribute.
    pub(crate) fn text(&self) -> String {
        carrier::to_context(self.context, self.trace)
    }

    /// Each entry has the limit, and all of them together.
    fn add_to_events(&self, entries: &mut [PutEventsRequestEntry]) {
        let mut total: usize = entries.iter().map(size_of_entry).sum();
        for entry in entries {
            let before = size_of_entry(entry);
            let beside = before - entry.detail.as_ref().map_or(0, String::len);
            if self.fits_all(total, size::MESSAGE) {
                self.add_to_json(&mut entry.detail, beside, size::MESSAGE);
                total += size_of_entry(entry) - before;
            }
            self.add_to_trace(&mut entry.trace_header);
        }
    }

    /// Has a batch of this size room for one more context?
    pub(crate) fn fits_all(&self, total: usize, limits: size::Limits) -> bool {
        let fits = size::fits(total, self.text().len(), limits);
        if !fits {
            count_dropped(DropReason::PayloadSize, 1);
        }
        fits
    }

    /// `beside`: bytes that count toward the same limit.
    fn add_to_json(&self, payload: &mut Option<String>, beside: usize, limits: size::Limits) {
        let text = payload.as_deref().unwrap_or("{}");
        let Some(injected) = carrier::into_payload(text, self.context, self.trace) else {
            return;
        };
        let added = injected.len().saturating_sub(text.len());
        if size::fits(text.len() + beside, added, limits) {
            *payload = Some(injected);
        } else {
            count_dropped(DropReason::PayloadSize, 1);
        }
    }

    fn add_to_trace(&self, header: &mut Option<String>) {
        if header.is_none() {
            *header = self.trace.map(ToString::to_string);
        }
    }

    fn add_to_invoke(&self, input: &mut InvokeInput) {
        if input.invocation_type == Some(InvocationType::Event) {
            let payload = input
                .payload
                .as_ref()
                .map_or(b"{}".as_slice(), |blob| blob.as_ref());
            let Ok(text) = std::str::from_utf8(payload) else {
                return;
            };
            let mut injected = Some(text.to_owned());
            self.add_to_json(&mut injected, 0, size::MESSAGE);
            if injected.as_deref() != Some(text) {
                input.payload = injected.map(Blob::new);
            }
        } else {
            self.add_to_client_context(&mut input.client_context);
        }
    }

    /// Beside what the caller has there; what is not a JSON object in base64 stays as it is.
    fn add_to_client_context(&self, client_context: &mut Option<String>) {
        let own = match client_context.as_deref().map(|text| STANDARD.decode(text)) {
            Some(Ok(own)) => String::from_utf8(own).ok(),
            Some(Err(_)) => None,
            // Only `custom`: runtimes refuse a `client` without all its fields.
            None => Some("{}".to_owned()),
        };
        let text = own.and_then(|own| carrier::into_client_context(Some(&own), self.context, self.trace));
        let Some(encoded) = text.map(|text| STANDARD.encode(text)) else {
            return;
        };
        if encoded.len() <= LONGEST_CLIENT_CONTEXT {
            *client_context = Some(encoded);
        } else {
            count_dropped(DropReason::ClientContextSize, 1);
        }
    }

    /// Tags take letters, digits, `_` and `-`.
    fn add_to_email(&self, tags: &mut Option<Vec<MessageTag>>) {
        let allowed = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
                c
            } else {
                '_'
            }
        };
        let value: String = self
            .context
            .id
            .as_str()
            .chars()
            .map(allowed)
            .take(LONGEST_TAG)
            .collect();
        let tags = tags.get_or_insert_default();
        if let Ok(tag) = MessageTag::builder().name("correlation_id").value(value).build()
            && tags.iter().all(|tag| tag.name() != "correlation_id")
        {
            tags.push(tag);
        }
    }

    /// `limits` are those of all items together; each has its own.
    fn add_to_items(&self, items: &mut [Put<'_>], limits: size::Limits, tables: &BTreeSet<String>) {
        let mut total: usize = items.iter().map(|(_, item)| size_of_item(item)).sum();
        for (table, item) in items {
            // A table may be called by its ARN.
            let name = table.rsplit_once(":table/").map_or(*table, |(_, name)| name);
            if !tables.contains(name) || item.contains_key(CONTEXT_KEY) {
                continue;
            }
            let text = self.text();
            let added = CONTEXT_KEY.len() + text.len();
            if size::fits(size_of_item(item), added, size::ITEM) && size::fits(total, added, limits) {
                item.insert(CONTEXT_KEY.to_owned(), AttributeValue::S(text));
                total += added;
            } else {
                count_dropped(DropReason::PayloadSize, 1);
            }
        }
    }
}

fn size_of_item(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size::of_value(value))
        .sum()
}

/// Bytes of an entry (EventBridge: calculating PutEvents event entry size).
fn size_of_entry(entry: &PutEventsRequestEntry) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let resources: usize = entry.resources.iter().flatten().map(String::len).sum();
    let time = if entry.time.is_some() { 14 } else { 0 };
    time + text(&entry.source) + text(&entry.detail_type) + text(&entry.detail) + resources
}
