//! The context into the inputs of calls, by their types. A call that is not listed carries the trace header only.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sesv2::operation::send_email::SendEmailInput;
use aws_sdk_sesv2::types::MessageTag;
use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sfn::operation::start_sync_execution::StartSyncExecutionInput;
use aws_sdk_sns::operation::publish::PublishInput;
use aws_sdk_sns::operation::publish_batch::PublishBatchInput;
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_sdk_sqs::types::MessageSystemAttributeNameForSends;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use telemetry_core::carrier::{self, CONTEXT_ATTRIBUTE, CONTEXT_KEY, CORRELATION_ID};
use telemetry_core::metrics::standard;
use telemetry_core::{CorrelationContext, TraceHeader};

/// Attributes of a message (SQS; SNS with raw delivery to SQS).
const MOST_ATTRIBUTES: usize = 10;
/// Bytes of a client context before base64 (Lambda, Invoke: 3,583 bytes encoded).
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
    if let Some(input) = input.downcast_mut::<SendMessageInput>() {
        carried.add_to_sqs(&mut input.message_attributes);
        carried.add_to_sqs_system(&mut input.message_system_attributes);
    } else if let Some(input) = input.downcast_mut::<SendMessageBatchInput>() {
        for entry in input.entries.iter_mut().flatten() {
            carried.add_to_sqs(&mut entry.message_attributes);
            carried.add_to_sqs_system(&mut entry.message_system_attributes);
        }
    } else if let Some(input) = input.downcast_mut::<PublishInput>() {
        carried.add_to_sns(&mut input.message_attributes);
    } else if let Some(input) = input.downcast_mut::<PublishBatchInput>() {
        for entry in input.publish_batch_request_entries.iter_mut().flatten() {
            carried.add_to_sns(&mut entry.message_attributes);
        }
    } else if let Some(input) = input.downcast_mut::<PutEventsInput>() {
        for entry in input.entries.iter_mut().flatten() {
            carried.add_to_json(&mut entry.detail);
            carried.add_to_trace(&mut entry.trace_header);
        }
    } else if let Some(input) = input.downcast_mut::<StartExecutionInput>() {
        carried.add_to_json(&mut input.input);
        carried.add_to_trace(&mut input.trace_header);
    } else if let Some(input) = input.downcast_mut::<StartSyncExecutionInput>() {
        carried.add_to_json(&mut input.input);
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

struct Carried<'a> {
    context: &'a CorrelationContext,
    trace: Option<&'a TraceHeader>,
}

impl Carried<'_> {
    fn text(&self) -> String {
        carrier::to_context(self.context, self.trace).to_string()
    }

    /// The attributes to add: both, only the ID, or none, as there is room. An ID that the caller set stays.
    fn attributes(&self, taken: usize, has_id: bool) -> Vec<(&'static str, String)> {
        let mut attributes = vec![(CONTEXT_ATTRIBUTE, self.text())];
        if !has_id {
            attributes.insert(0, (CORRELATION_ID, self.context.id.to_string()));
        }
        let room = MOST_ATTRIBUTES.saturating_sub(taken);
        if room < attributes.len() {
            standard::TELEMETRY_DROPPED.add(1, &[("What", "attribute")]);
            attributes.truncate(room);
        }
        attributes
    }

    fn add_to_sqs(
        &self,
        attributes: &mut Option<HashMap<String, aws_sdk_sqs::types::MessageAttributeValue>>,
    ) {
        let attributes = attributes.get_or_insert_default();
        for (name, text) in self.attributes(attributes.len(), attributes.contains_key(CORRELATION_ID)) {
            let value = aws_sdk_sqs::types::MessageAttributeValue::builder()
                .data_type("String")
                .string_value(text);
            if let Ok(value) = value.build() {
                attributes.insert(name.to_owned(), value);
            }
        }
    }

    /// The trace of each message: it counts neither toward the size nor toward the ten attributes.
    fn add_to_sqs_system(
        &self,
        attributes: &mut Option<
            HashMap<MessageSystemAttributeNameForSends, aws_sdk_sqs::types::MessageSystemAttributeValue>,
        >,
    ) {
        let Some(trace) = self.trace else { return };
        let value = aws_sdk_sqs::types::MessageSystemAttributeValue::builder().data_type("String");
        if let Ok(value) = value.string_value(trace.to_string()).build() {
            let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
            attributes.get_or_insert_default().entry(name).or_insert(value);
        }
    }

    fn add_to_sns(
        &self,
        attributes: &mut Option<HashMap<String, aws_sdk_sns::types::MessageAttributeValue>>,
    ) {
        let attributes = attributes.get_or_insert_default();
        for (name, text) in self.attributes(attributes.len(), attributes.contains_key(CORRELATION_ID)) {
            let value = aws_sdk_sns::types::MessageAttributeValue::builder()
                .data_type("String")
                .string_value(text);
            if let Ok(value) = value.build() {
                attributes.insert(name.to_owned(), value);
            }
        }
    }

    fn add_to_json(&self, payload: &mut Option<String>) {
        let injected = carrier::into_payload(payload.as_deref().unwrap_or("{}"), self.context, self.trace);
        if injected.is_some() {
            *payload = injected;
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
            let payload = std::str::from_utf8(payload).unwrap_or_default();
            if let Some(injected) = carrier::into_payload(payload, self.context, self.trace) {
                input.payload = Some(Blob::new(injected));
            }
        } else if input.client_context.is_none() {
            // Only `custom`: runtimes refuse a `client` without all its fields.
            let client = json!({"custom": carrier::to_text_context(self.context, self.trace)});
            let encoded = STANDARD.encode(client.to_string());
            if encoded.len() <= LONGEST_CLIENT_CONTEXT {
                input.client_context = Some(encoded);
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
        if let (Some(table), Some(item)) = (table, item)
            && tables.contains(table)
        {
            item.entry(CONTEXT_KEY.to_owned())
                .or_insert_with(|| AttributeValue::S(self.text()));
        }
    }
}
