//! The context into the inputs of calls, by their types. A call that is not listed carries the trace header only. Where it
//! does not fit, the input stays as it is, and that is counted.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sesv2::operation::send_email::SendEmailInput;
use aws_sdk_sesv2::types::MessageTag;
use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sfn::operation::start_sync_execution::StartSyncExecutionInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
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
    } else if let Some(input) = input.downcast_mut::<SendEmailInput>() {
        carried.add_to_email(&mut input.email_tags);
    } else if let Some(input) = input.downcast_mut::<PutItemInput>() {
        carried.add_to_item(input.table_name.as_deref(), input.item.as_mut(), tables);
    } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
        for put in input
            .transact_items
            .iter_mut()
            .flatten()
            .filter_map(|item| item.put.as_mut())
        {
            let table = put.table_name.clone();
            carried.add_to_item(Some(&table), Some(&mut put.item), tables);
        }
    }
}

/// What is carried.
pub(crate) struct Carried<'a> {
    pub(crate) context: &'a CorrelationContext,
    pub(crate) trace: Option<&'a TraceHeader>,
}

impl Carried<'_> {
    /// The context as text of an attribute.
    pub(crate) fn text(&self) -> String {
        carrier::to_context(self.context, self.trace).to_string()
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
        } else if input.client_context.is_none() {
            // Only `custom`: runtimes refuse a `client` without all its fields.
            let client = json!({"custom": carrier::to_text_context(self.context, self.trace)});
            let encoded = STANDARD.encode(client.to_string());
            if encoded.len() <= LONGEST_CLIENT_CONTEXT {
                input.client_context = Some(encoded);
            } else {
                count_dropped(DropReason::ClientContextSize, 1);
            }
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

    fn add_to_item(
        &self,
        table: Option<&str>,
        item: Option<&mut HashMap<String, AttributeValue>>,
        tables: &BTreeSet<String>,
    ) {
        let (Some(table), Some(item)) = (table, item) else {
            return;
        };
        if !tables.contains(table) || item.contains_key(CONTEXT_KEY) {
            return;
        }
        let text = self.text();
        let before = item
            .iter()
            .map(|(name, value)| name.len() + size::of_value(value))
            .sum();
        if size::fits(before, CONTEXT_KEY.len() + text.len(), size::ITEM) {
            item.insert(CONTEXT_KEY.to_owned(), AttributeValue::S(text));
        } else {
            count_dropped(DropReason::PayloadSize, 1);
        }
    }
}

/// Bytes of an entry (EventBridge: calculating PutEvents event entry size).
fn size_of_entry(entry: &PutEventsRequestEntry) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let resources: usize = entry.resources.iter().flatten().map(String::len).sum();
    let time = if entry.time.is_some() { 14 } else { 0 };
    time + text(&entry.source) + text(&entry.detail_type) + text(&entry.detail) + resources
}
