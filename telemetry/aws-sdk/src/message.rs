//! The context into messages of SQS and SNS: two attributes each, and for SQS the trace of each message.

use std::collections::HashMap;

use aws_sdk_sns::operation::publish::PublishInput;
use aws_sdk_sns::operation::publish_batch::PublishBatchInput;
use aws_sdk_sns::types::MessageAttributeValue as SnsValue;
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_sdk_sqs::types::{
    MessageAttributeValue as SqsValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use telemetry_core::carrier::{CONTEXT_ATTRIBUTE, CORRELATION_ID};
use telemetry_core::{DropReason, TraceHeader, count_dropped};

use crate::inject::Carried;
use crate::size;

/// Attributes of a message (SQS; SNS with raw delivery to SQS).
const MOST_ATTRIBUTES: usize = 10;
const TEXT: &str = "String";

type Attributes<V> = Option<HashMap<String, V>>;

/// Adds to the messages of a call. False: it sends none.
pub(crate) fn add(input: &mut Input, carried: &Carried<'_>) -> bool {
    if let Some(input) = input.downcast_mut::<SendMessageInput>() {
        let body = length(input.message_body.as_deref());
        add_attributes(
            carried,
            &mut [(body, &mut input.message_attributes)],
            size::MESSAGE,
        );
        add_trace(carried.trace, &mut input.message_system_attributes);
    } else if let Some(input) = input.downcast_mut::<SendMessageBatchInput>() {
        let entries = input.entries.iter_mut().flatten();
        let mut messages: Vec<_> = entries
            .map(|e| (e.message_body.len(), &mut e.message_attributes))
            .collect();
        add_attributes(carried, &mut messages, size::MESSAGE);
        for entry in input.entries.iter_mut().flatten() {
            add_trace(carried.trace, &mut entry.message_system_attributes);
        }
    } else if let Some(input) = input.downcast_mut::<PublishInput>() {
        let body = length(input.message.as_deref()) + length(input.subject.as_deref());
        add_attributes(
            carried,
            &mut [(body, &mut input.message_attributes)],
            size::SMALL_MESSAGE,
        );
    } else if let Some(input) = input.downcast_mut::<PublishBatchInput>() {
        let entries = input.publish_batch_request_entries.iter_mut().flatten();
        let mut messages: Vec<_> = entries
            .map(|e| {
                (
                    e.message.len() + length(e.subject.as_deref()),
                    &mut e.message_attributes,
                )
            })
            .collect();
        add_attributes(carried, &mut messages, size::SMALL_MESSAGE);
    } else {
        return false;
    }
    true
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

/// A message attribute of either service.
trait Value: Sized {
    fn of_text(text: String) -> Option<Self>;
    /// Bytes of data type and value.
    fn size(&self) -> usize;
}

impl Value for SqsValue {
    fn of_text(text: String) -> Option<Self> {
        Self::builder().data_type(TEXT).string_value(text).build().ok()
    }

    fn size(&self) -> usize {
        let binary = self.binary_value().map_or(0, |blob| blob.as_ref().len());
        self.data_type().len() + length(self.string_value()) + binary
    }
}

impl Value for SnsValue {
    fn of_text(text: String) -> Option<Self> {
        Self::builder().data_type(TEXT).string_value(text).build().ok()
    }

    fn size(&self) -> usize {
        let binary = self.binary_value().map_or(0, |blob| blob.as_ref().len());
        self.data_type().len() + length(self.string_value()) + binary
    }
}

/// Adds to messages, each given by the bytes of its body and its attributes. Each has the limit, and all of them together.
fn add_attributes<V: Value>(
    carried: &Carried<'_>,
    messages: &mut [(usize, &mut Attributes<V>)],
    limits: size::Limits,
) {
    let size_of = |(body, attributes): &(usize, &mut Attributes<V>)| {
        let attributes = attributes.iter().flatten();
        body + attributes
            .map(|(name, value)| name.len() + value.size())
            .sum::<usize>()
    };
    let mut total: usize = messages.iter().map(size_of).sum();
    for message in messages {
        let added = new_attributes(carried, message.1);
        let more = added
            .iter()
            .map(|(name, text)| name.len() + TEXT.len() + text.len())
            .sum();
        if added.is_empty() {
            continue;
        }
        if size::fits(size_of(message), more, limits) && size::fits(total, more, limits) {
            let values = added
                .into_iter()
                .filter_map(|(name, text)| Some((name.to_owned(), V::of_text(text)?)));
            message.1.get_or_insert_default().extend(values);
            total += more;
        } else {
            count_dropped(DropReason::PayloadSize, 1);
        }
    }
}

/// The attributes to add: both, only the ID, or none, as there is room. An ID that the caller set stays.
fn new_attributes<V>(carried: &Carried<'_>, present: &Attributes<V>) -> Vec<(&'static str, String)> {
    let has_id = present
        .as_ref()
        .is_some_and(|present| present.contains_key(CORRELATION_ID));
    let taken = present.as_ref().map_or(0, HashMap::len);
    let mut attributes = vec![(CONTEXT_ATTRIBUTE, carried.text())];
    if !has_id {
        attributes.insert(0, (CORRELATION_ID, carried.context.id.to_string()));
    }
    let room = MOST_ATTRIBUTES.saturating_sub(taken);
    if room < attributes.len() {
        count_dropped(DropReason::AttributeCount, 1);
        attributes.truncate(room);
    }
    attributes
}

/// The trace of each message: it counts neither toward the size nor toward the ten attributes.
fn add_trace(
    trace: Option<&TraceHeader>,
    attributes: &mut Option<HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>>,
) {
    let Some(trace) = trace else { return };
    let value = MessageSystemAttributeValue::builder().data_type(TEXT);
    if let Ok(value) = value.string_value(trace.to_string()).build() {
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        attributes.get_or_insert_default().entry(name).or_insert(value);
    }
}
