//! The orders of the reconciler on AWS: table, indexes, executions and queue.

use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use jiff::Timestamp;
use serde_json::json;
use shopfast_domain::ids::OrderId;
use shopfast_domain::order::OrderStatus;

use super::dispatch::execution_name;
use super::overdue::{Execution, MOST_LOOKED_AT, OldestOrders, Waiting};
use super::reconcile::StuckOrders;
use crate::adapter::AdapterError;
use crate::attributes::{Item, number, optional_number, read_text, text};
use crate::order::DynamoDbOrders;
use crate::order::ports::{ReadOrder, StoredOrder};
use crate::order::wire::EventDetail;
use crate::outbox::relay::SOURCE;

/// Orders looked at in one run.
const MOST_PER_RUN: i32 = 100;

pub(super) struct AwsOrders {
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) table: String,
    pub(super) orders: DynamoDbOrders,
    pub(super) states: aws_sdk_sfn::Client,
    pub(super) workflow: String,
    pub(super) queues: aws_sdk_sqs::Client,
    pub(super) queue: String,
}

impl AwsOrders {
    /// `arn:…:stateMachine:name` → `arn:…:execution:name:execution`.
    fn execution_arn(&self, execution: &str) -> String {
        format!(
            "{}:{execution}",
            self.workflow.replacen(":stateMachine:", ":execution:", 1)
        )
    }

    async fn execution_named(&self, name: &str) -> Result<Execution, AdapterError> {
        use aws_sdk_sfn::types::ExecutionStatus;
        let asked = self
            .states
            .describe_execution()
            .execution_arn(self.execution_arn(name))
            .send()
            .await;
        match asked {
            Ok(answer) if answer.status == ExecutionStatus::Running => Ok(Execution::Running),
            Ok(_) => Ok(Execution::Ended),
            Err(SdkError::ServiceError(e)) if e.err().is_execution_does_not_exist() => Ok(Execution::None),
            Err(error) => Err(AdapterError::call("look at an execution", error)),
        }
    }
}

#[async_trait]
impl StuckOrders for AwsOrders {
    async fn open_since(&self, before: Timestamp) -> Result<Vec<OrderId>, AdapterError> {
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .index_name("open-index")
            .key_condition_expression("#open = :open AND openSince < :before")
            .expression_attribute_names("#open", "open")
            .expression_attribute_values(":open", text("open"))
            .expression_attribute_values(":before", text(format!("{before:.3}")))
            .limit(MOST_PER_RUN)
            .send()
            .await
            .map_err(|e| AdapterError::call("list orders that are on their way", e))?;
        let id = |item| {
            OrderId::try_new(read_text(item, "orderId")?).map_err(|_| AdapterError::Malformed("orderId"))
        };
        answer.items().iter().map(id).collect()
    }

    async fn read(&self, id: &OrderId) -> Result<Option<StoredOrder>, AdapterError> {
        ReadOrder::read(&self.orders, id).await
    }

    async fn looked_at(&self, id: &OrderId, at: Timestamp) -> Result<(), AdapterError> {
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("orderId", text(id.as_str()))
            .update_expression("SET openSince = :at")
            // An order that ended meanwhile left the index for good.
            .condition_expression("attribute_exists(openSince)")
            .expression_attribute_values(":at", text(format!("{at:.3}")));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(AdapterError::call("note that an order was looked at", error)),
        }
    }

    async fn runs(&self, execution: &str) -> Result<bool, AdapterError> {
        Ok(self.execution_named(execution).await? == Execution::Running)
    }

    async fn note_attempt(&self, id: &OrderId, from: u32, at: Timestamp) -> Result<bool, AdapterError> {
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("orderId", text(id.as_str()))
            .update_expression("SET attempt = :next, version = version + :one, openSince = :at")
            .condition_expression("attempt = :from AND attribute_exists(openSince)")
            .expression_attribute_values(":at", text(format!("{at:.3}")))
            .expression_attribute_values(":next", number(from + 1))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":from", number(from));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(AdapterError::call("note an attempt", error)),
        }
    }

    async fn take_back(&self, id: &OrderId, from: u32) -> Result<(), AdapterError> {
        use aws_sdk_dynamodb::error::SdkError;
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("orderId", text(id.as_str()))
            .update_expression("SET attempt = :from, version = version + :one")
            .condition_expression("attempt = :next AND attribute_exists(openSince)")
            .expression_attribute_values(":next", number(from + 1))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":from", number(from));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(AdapterError::call("take an attempt back", error)),
        }
    }

    async fn queue(&self, detail: &EventDetail) -> Result<(), AdapterError> {
        let body = json!({"source": SOURCE, "detail-type": "order.created", "detail": detail}).to_string();
        let sent = self
            .queues
            .send_message()
            .queue_url(&self.queue)
            .message_body(body)
            .send()
            .await;
        sent.map(drop)
            .map_err(|e| AdapterError::call("put an order on the queue", e))
    }
}

#[async_trait]
impl OldestOrders for AwsOrders {
    async fn oldest(&self, status: OrderStatus, before: Timestamp) -> Result<Vec<Waiting>, AdapterError> {
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .index_name("stage-index")
            .key_condition_expression("stage = :stage AND createdAt < :before")
            .expression_attribute_values(":stage", text(status.as_str()))
            .expression_attribute_values(":before", text(format!("{before:.3}")))
            .limit(MOST_LOOKED_AT)
            .send()
            .await
            .map_err(|e| AdapterError::call("list the oldest orders of a stage", e))?;
        answer.items().iter().map(waiting).collect()
    }

    async fn execution(&self, order: &Waiting) -> Result<Execution, AdapterError> {
        self.execution_named(&execution_name(order.id.as_str(), order.attempt))
            .await
    }
}

fn waiting(item: &Item) -> Result<Waiting, AdapterError> {
    let wrong = AdapterError::Malformed;
    Ok(Waiting {
        id: OrderId::try_new(read_text(item, "orderId")?).map_err(|_| wrong("orderId"))?,
        placed: read_text(item, "createdAt")?
            .parse()
            .map_err(|_| wrong("createdAt"))?,
        attempt: optional_number(item, "attempt").unwrap_or(1),
    })
}
