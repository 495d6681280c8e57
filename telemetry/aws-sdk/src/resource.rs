//! What a call is about: the table, queue, topic, bus, workflow or function in its input, as the subsegment names it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation as dynamodb;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionInput;
use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sns::operation::publish::PublishInput;
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;

type Named = Vec<(&'static str, String)>;

/// Attributes of the subsegment's `aws` block.
pub(crate) fn of(input: &Input) -> Named {
    table(input).or_else(|| other(input)).unwrap_or_default()
}

/// The table of the first input type that fits.
macro_rules! table_of {
    ($input:expr, $($operation:ident::$kind:ident),+ $(,)?) => {
        None$(.or_else(|| $input.downcast_ref::<dynamodb::$operation::$kind>().map(|i| i.table_name.clone())))+
    };
}

fn table(input: &Input) -> Option<Named> {
    let one: Option<Option<String>> = table_of!(
        input,
        get_item::GetItemInput,
        put_item::PutItemInput,
        update_item::UpdateItemInput,
        delete_item::DeleteItemInput,
        query::QueryInput,
        scan::ScanInput,
        describe_table::DescribeTableInput,
    );
    if let Some(table) = one {
        return Some(table.map(|table| ("aws.table_name", table)).into_iter().collect());
    }
    let several: BTreeSet<String> = if let Some(input) =
        input.downcast_ref::<dynamodb::transact_write_items::TransactWriteItemsInput>()
    {
        input
            .transact_items
            .iter()
            .flatten()
            .filter_map(table_of_write)
            .collect()
    } else if let Some(input) = input.downcast_ref::<dynamodb::batch_get_item::BatchGetItemInput>() {
        input
            .request_items
            .iter()
            .flatten()
            .map(|(table, _)| table.clone())
            .collect()
    } else if let Some(input) = input.downcast_ref::<dynamodb::batch_write_item::BatchWriteItemInput>() {
        input
            .request_items
            .iter()
            .flatten()
            .map(|(table, _)| table.clone())
            .collect()
    } else {
        return None;
    };
    Some(vec![(
        "aws.table_name",
        several.into_iter().collect::<Vec<_>>().join(","),
    )])
}

fn table_of_write(item: &TransactWriteItem) -> Option<String> {
    let put = item.put.as_ref().map(|write| write.table_name.clone());
    let update = || item.update.as_ref().map(|write| write.table_name.clone());
    let delete = || item.delete.as_ref().map(|write| write.table_name.clone());
    let check = || {
        item.condition_check
            .as_ref()
            .map(|write| write.table_name.clone())
    };
    put.or_else(update).or_else(delete).or_else(check)
}

fn other(input: &Input) -> Option<Named> {
    let named = |key: &'static str, value: &Option<String>| value.iter().map(|v| (key, v.clone())).collect();
    if let Some(input) = input.downcast_ref::<SendMessageInput>() {
        return Some(named("aws.queue_url", &input.queue_url));
    }
    if let Some(input) = input.downcast_ref::<SendMessageBatchInput>() {
        return Some(named("aws.queue_url", &input.queue_url));
    }
    if let Some(input) = input.downcast_ref::<PublishInput>() {
        return Some(named("aws.topic_arn", &input.topic_arn));
    }
    if let Some(input) = input.downcast_ref::<InvokeInput>() {
        return Some(named("aws.function_name", &input.function_name));
    }
    if let Some(input) = input.downcast_ref::<StartExecutionInput>() {
        return Some(named("aws.state_machine_arn", &input.state_machine_arn));
    }
    if let Some(input) = input.downcast_ref::<DescribeExecutionInput>() {
        return Some(named("aws.execution_arn", &input.execution_arn));
    }
    let events = input
        .downcast_ref::<PutEventsInput>()?
        .entries
        .as_deref()
        .unwrap_or_default();
    let kinds: BTreeSet<&str> = events
        .iter()
        .filter_map(|entry| entry.detail_type.as_deref())
        .collect();
    let bus = events
        .iter()
        .find_map(|entry| entry.event_bus_name.clone())
        .unwrap_or_default();
    Some(vec![
        ("aws.event_bus", bus),
        ("aws.detail_type", kinds.into_iter().collect::<Vec<_>>().join(",")),
    ])
}
