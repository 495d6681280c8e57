//! `shopfast-order-dispatcher`: messages of the order queue become executions of the workflow. The execution's name is order
//! and attempt, so a message that comes twice starts nothing twice.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sfn::error::SdkError;
use lambda_runtime::LambdaEvent;
use platform::batch::{BatchError, Deadline, MaxReceiveCount, sqs};
use platform::env::{EnvError, Source};
use serde::{Deserialize, Serialize};
use telemetry_aws_sdk::Interceptor;
use telemetry_core::Coded;

use super::metrics;
use crate::adapter::AdapterError;
use crate::order::wire::EventDetail;

/// Executions that are started at once.
const CONCURRENCY: usize = 5;

/// An event of the bus, as the queue holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) detail: EventDetail,
}

/// Starts executions: `states:StartExecution`.
#[async_trait]
pub trait StartWorkflow: Send + Sync {
    /// False when an execution of that name exists.
    async fn start(&self, name: &str, input: &EventDetail) -> Result<bool, AdapterError>;
}

/// Why no execution was started.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The message is not an event about an order: it goes to the dead-letter queue.
    #[error("read a message of the order queue")]
    Unreadable(#[source] serde_json::Error),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl Coded for DispatchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable-message",
            Self::Call(error) => error.code(),
        }
    }
}

/// The name of an execution.
#[must_use]
pub fn execution_name(order_id: &str, attempt: u32) -> String {
    format!("{order_id}-{attempt}")
}

/// `shopfast-order-dispatcher`.
#[derive(Clone)]
pub struct OrderDispatcher {
    workflow: Arc<dyn StartWorkflow>,
    max_receive_count: Option<MaxReceiveCount>,
}

impl std::fmt::Debug for OrderDispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderDispatcher").finish_non_exhaustive()
    }
}

impl OrderDispatcher {
    /// For this workflow; the queue gives a message up after so many attempts.
    #[must_use]
    pub fn new(workflow: Arc<dyn StartWorkflow>, max_receive_count: Option<MaxReceiveCount>) -> Self {
        Self {
            workflow,
            max_receive_count,
        }
    }

    /// From `ORDER_WORKFLOW_ARN` and `MAX_RECEIVE_COUNT`.
    ///
    /// # Errors
    /// When the first is missing, or the second is no count.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let builder = aws_sdk_sfn::config::Builder::from(config).interceptor(Interceptor::new());
        let client = aws_sdk_sfn::Client::from_conf(builder.build());
        let workflow = StateMachine {
            client,
            arn: source.required("ORDER_WORKFLOW_ARN")?,
        };
        Ok(Self::new(Arc::new(workflow), MaxReceiveCount::from_env(source)?))
    }

    /// One batch of the queue.
    ///
    /// # Errors
    /// When the batch cannot be answered in part; else failed messages are named in the answer.
    pub async fn handle(&self, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, BatchError> {
        let limits = sqs::Limits {
            deadline: Deadline::of(&event.context),
            concurrency: CONCURRENCY,
            max_receive_count: self.max_receive_count,
        };
        sqs::run(event.payload, limits, |message| self.start(message)).await
    }

    async fn start(&self, message: SqsMessage) -> Result<(), DispatchError> {
        let body = message.body.unwrap_or_default();
        let event: Envelope = serde_json::from_str(&body).map_err(DispatchError::Unreadable)?;
        let order = event.detail;
        telemetry_core::annotate("order_id", order.order_id.clone());
        order.tell();
        let name = execution_name(&order.order_id, order.attempt);
        let new = self.workflow.start(&name, &order).await?;
        if new {
            metrics::STARTED.add(1, &[]);
        }
        tracing::info!(
            order_id = order.order_id,
            execution = name,
            new,
            "workflow started"
        );
        Ok(())
    }
}

/// The workflow in Step Functions.
#[derive(Debug, Clone)]
struct StateMachine {
    client: aws_sdk_sfn::Client,
    arn: String,
}

#[async_trait]
impl StartWorkflow for StateMachine {
    async fn start(&self, name: &str, input: &EventDetail) -> Result<bool, AdapterError> {
        let input =
            serde_json::to_string(input).map_err(|e| AdapterError::call("write an execution's input", e))?;
        let call = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input);
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_execution_already_exists() => Ok(false),
            Err(error) => Err(AdapterError::call("start an execution", error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Workflow(Mutex<Vec<String>>);

    #[async_trait]
    impl StartWorkflow for Workflow {
        async fn start(&self, name: &str, _input: &EventDetail) -> Result<bool, AdapterError> {
            let mut started = self.0.lock().unwrap();
            let new = !started.iter().any(|s| s == name);
            if new {
                started.push(name.to_owned());
            }
            Ok(new)
        }
    }

    #[tokio::test]
    async fn messages_start_executions_once_and_poison_is_named() {
        let detail = json!({"eventId": "o-1-placed", "orderId": "o-1", "status": "placed", "total": 1, "currency": "USD",
            "email": "a@example.com", "firstName": "Ada", "paymentToken": "tok", "postcode": "1"});
        let good = json!({"detail-type": "order.created", "detail": detail}).to_string();
        let records: Vec<_> = [good.as_str(), "poison", good.as_str()]
            .iter()
            .enumerate()
            .map(|(n, body)| json!({"messageId": n.to_string(), "body": body, "eventSourceARN": "arn:aws:sqs:r:1:q"}))
            .collect();
        let mut context = lambda_runtime::Context::default();
        context.deadline = u64::MAX / 2;
        let event = LambdaEvent::new(
            serde_json::from_value(json!({"Records": records})).unwrap(),
            context,
        );
        let workflow = Arc::new(Workflow::default());
        let answer = OrderDispatcher::new(Arc::clone(&workflow) as _, None)
            .handle(event)
            .await
            .unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({"batchItemFailures": [{"itemIdentifier": "1"}]})
        );
        assert_eq!(*workflow.0.lock().unwrap(), ["o-1-1"]);
    }
}
