//! `shopfast-order-reconciler`: orders that are on their way for too long and that no execution works on are put on the queue
//! again, with the next attempt's number. The safety net under everything between the answer 201 and the workflow's end.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use platform::clock::{Clock, SystemClock};
use platform::env::{EnvError, Source};
use serde::Serialize;
use serde_json::{Value, json};
use shopfast_domain::ids::OrderId;
use telemetry_aws_sdk::Interceptor;

use super::dispatch::execution_name;
use super::metrics;
use crate::adapter::AdapterError;
use crate::attributes::{number, read_text, text};
use crate::order::DynamoDbOrders;
use crate::order::function::{Tables, tables_client};
use crate::order::ports::{ReadOrder, StoredOrder};
use crate::order::wire::EventDetail;
use crate::outbox::relay::SOURCE;

/// An order this old is looked at, unless configured otherwise: twice what an ordinary order takes.
const DEFAULT_AFTER: i64 = 900;
/// After this many executions a person must look.
const MOST_ATTEMPTS: u32 = 5;
/// Orders looked at in one run.
const MOST_PER_RUN: i32 = 100;

/// What the run found.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Orders that are on their way for long.
    pub looked_at: usize,
    /// Put on the queue again.
    pub queued: usize,
    /// Given up.
    pub stuck: usize,
}

/// Orders that got stuck, and the way back onto the queue: `dynamodb:Query` on `open-index`, `UpdateItem` on orders,
/// `states:DescribeExecution`, `sqs:SendMessage`.
#[async_trait]
pub trait StuckOrders: Send + Sync {
    /// Open orders that nobody looked at since before then, the oldest first.
    async fn open_since(&self, before: Timestamp) -> Result<Vec<OrderId>, AdapterError>;
    /// The order with everything.
    async fn read(&self, id: &OrderId) -> Result<Option<StoredOrder>, AdapterError>;
    /// Notes that the order was looked at: those that only take long must not stand in front of those that are stuck.
    async fn looked_at(&self, id: &OrderId, at: Timestamp) -> Result<(), AdapterError>;
    /// Does an execution of this name run?
    async fn runs(&self, execution: &str) -> Result<bool, AdapterError>;
    /// Notes the next attempt; false when somebody else did.
    async fn note_attempt(&self, id: &OrderId, from: u32) -> Result<bool, AdapterError>;
    /// Puts the order on the queue.
    async fn queue(&self, detail: &EventDetail) -> Result<(), AdapterError>;
}

/// `shopfast-order-reconciler`.
#[derive(Clone)]
pub struct OrderReconciler {
    orders: Arc<dyn StuckOrders>,
    clock: Arc<dyn Clock>,
    after: SignedDuration,
}

impl std::fmt::Debug for OrderReconciler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderReconciler")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl OrderReconciler {
    /// Looking at orders that are older than `after`.
    #[must_use]
    pub fn new(orders: Arc<dyn StuckOrders>, clock: Arc<dyn Clock>, after: SignedDuration) -> Self {
        Self { orders, clock, after }
    }

    /// From `ORDERS_TABLE`, `ORDER_WORKFLOW_ARN`, `ORDER_QUEUE_URL`, `RECONCILE_AFTER_SECONDS` (900).
    ///
    /// # Errors
    /// When one of the first three is missing, or the last is no number.
    pub fn from_env<S: Source>(source: &S, config: &SdkConfig) -> Result<Self, EnvError> {
        let after = source
            .parsed::<i64>("RECONCILE_AFTER_SECONDS")?
            .unwrap_or(DEFAULT_AFTER);
        let tables = Tables {
            orders: source.required("ORDERS_TABLE")?,
            ..Tables::default()
        };
        let dynamodb = tables_client(config, "");
        let states = aws_sdk_sfn::config::Builder::from(config)
            .interceptor(Interceptor::new())
            .build();
        let queues = aws_sdk_sqs::config::Builder::from(config)
            .interceptor(Interceptor::new())
            .build();
        let orders = AwsOrders {
            table: tables.orders.clone(),
            orders: DynamoDbOrders::new(dynamodb.clone(), tables, None),
            dynamodb,
            states: aws_sdk_sfn::Client::from_conf(states),
            workflow: source.required("ORDER_WORKFLOW_ARN")?,
            queues: aws_sdk_sqs::Client::from_conf(queues),
            queue: source.required("ORDER_QUEUE_URL")?,
        };
        Ok(Self::new(
            Arc::new(orders),
            Arc::new(SystemClock),
            SignedDuration::from_secs(after),
        ))
    }

    /// One run of the schedule.
    ///
    /// # Errors
    /// When orders cannot be listed; one order's failure is recorded and the others go on.
    pub async fn handle(&self, _event: LambdaEvent<Value>) -> Result<Reconciled, AdapterError> {
        let before = self
            .clock
            .now()
            .saturating_sub(self.after)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let mut reconciled = Reconciled::default();
        for id in self.orders.open_since(before).await? {
            reconciled.looked_at += 1;
            match self.look_at(&id).await {
                Ok(Found::Queued) => reconciled.queued += 1,
                Ok(Found::Stuck) => reconciled.stuck += 1,
                Ok(Found::Fine) => {}
                Err(error) => telemetry_core::record_error(&error, "reconcile-failed"),
            }
        }
        Ok(reconciled)
    }

    async fn look_at(&self, id: &OrderId) -> Result<Found, AdapterError> {
        let Some(stored) = self.orders.read(id).await? else {
            return Ok(Found::Fine);
        };
        if stored.order.status.is_final()
            || self
                .orders
                .runs(&execution_name(id.as_str(), stored.attempt))
                .await?
        {
            self.orders.looked_at(id, self.clock.now()).await?;
            return Ok(Found::Fine);
        }
        if stored.attempt >= MOST_ATTEMPTS {
            self.orders.looked_at(id, self.clock.now()).await?;
            tracing::error!(order_id = %id, attempts = stored.attempt, severity = "CRITICAL", "an order is stuck: no further attempt is made");
            metrics::STUCK.add(1, &[]);
            return Ok(Found::Stuck);
        }
        if !self.orders.note_attempt(id, stored.attempt).await? {
            return Ok(Found::Fine);
        }
        let detail = EventDetail {
            attempt: stored.attempt + 1,
            ..EventDetail::of(&stored)
        };
        self.orders.queue(&detail).await?;
        metrics::RECONCILED.add(1, &[]);
        tracing::warn!(order_id = %id, attempt = detail.attempt, "an order without an execution was put on the queue again");
        Ok(Found::Queued)
    }
}

enum Found {
    Fine,
    Queued,
    Stuck,
}

struct AwsOrders {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
    orders: DynamoDbOrders,
    states: aws_sdk_sfn::Client,
    workflow: String,
    queues: aws_sdk_sqs::Client,
    queue: String,
}

impl AwsOrders {
    /// `arn:…:stateMachine:name` → `arn:…:execution:name:execution`.
    fn execution_arn(&self, execution: &str) -> String {
        format!(
            "{}:{execution}",
            self.workflow.replacen(":stateMachine:", ":execution:", 1)
        )
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
        use aws_sdk_dynamodb::error::SdkError;
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
        use aws_sdk_sfn::error::SdkError;
        use aws_sdk_sfn::types::ExecutionStatus;
        let asked = self
            .states
            .describe_execution()
            .execution_arn(self.execution_arn(execution))
            .send()
            .await;
        match asked {
            Ok(answer) => Ok(answer.status == ExecutionStatus::Running),
            Err(SdkError::ServiceError(e)) if e.err().is_execution_does_not_exist() => Ok(false),
            Err(error) => Err(AdapterError::call("look at an execution", error)),
        }
    }

    async fn note_attempt(&self, id: &OrderId, from: u32) -> Result<bool, AdapterError> {
        use aws_sdk_dynamodb::error::SdkError;
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("orderId", text(id.as_str()))
            .update_expression("SET attempt = :next, version = version + :one")
            .condition_expression("attempt = :from")
            .expression_attribute_values(":next", number(from + 1))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":from", number(from));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(AdapterError::call("note an attempt", error)),
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use platform::clock::ManualClock;
    use shopfast_domain::money::{Currency, Money};
    use shopfast_domain::order::{Address, Customer, EmailAddress, Order, OrderStatus, PersonName};

    use super::*;

    /// One open order, and what was done with it.
    struct Orders {
        stored: StoredOrder,
        running: &'static [&'static str],
        done: Mutex<Vec<String>>,
    }

    impl Orders {
        fn note(&self, what: String) {
            self.done.lock().unwrap().push(what);
        }
    }

    #[async_trait]
    impl StuckOrders for Orders {
        async fn open_since(&self, _before: Timestamp) -> Result<Vec<OrderId>, AdapterError> {
            Ok(vec![self.stored.order.id.clone()])
        }

        async fn read(&self, _id: &OrderId) -> Result<Option<StoredOrder>, AdapterError> {
            Ok(Some(self.stored.clone()))
        }

        async fn looked_at(&self, id: &OrderId, _at: Timestamp) -> Result<(), AdapterError> {
            self.note(format!("looked at {id}"));
            Ok(())
        }

        async fn runs(&self, execution: &str) -> Result<bool, AdapterError> {
            Ok(self.running.contains(&execution))
        }

        async fn note_attempt(&self, _id: &OrderId, from: u32) -> Result<bool, AdapterError> {
            self.note(format!("attempt after {from}"));
            Ok(true)
        }

        async fn queue(&self, detail: &EventDetail) -> Result<(), AdapterError> {
            self.note(format!("queued attempt {}", detail.attempt));
            Ok(())
        }
    }

    fn stored(status: OrderStatus, attempt: u32) -> StoredOrder {
        let name = |text| PersonName::try_new(text, "firstName").unwrap();
        let order = Order {
            id: OrderId::try_new("o-1").unwrap(),
            owner: None,
            lines: Vec::new(),
            total: Money::zero(Currency::try_new("USD").unwrap()),
            customer: Customer {
                email: EmailAddress::try_new("ada@example.com").unwrap(),
                first_name: name("Ada"),
                last_name: name("Lovelace"),
            },
            address: Address::try_new("1 Way", "London", "LN", "12345").unwrap(),
            payment_token: "tok_approve".to_owned(),
            status,
            tracking_number: None,
            failure: None,
        };
        StoredOrder {
            order,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
            attempt,
        }
    }

    async fn check(
        stored: StoredOrder,
        running: &'static [&'static str],
        (queued, stuck): (usize, usize),
        done: &[&str],
    ) {
        let orders = Arc::new(Orders {
            stored,
            running,
            done: Mutex::default(),
        });
        let clock = Arc::new(ManualClock::at_second(10_000));
        let reconciler =
            OrderReconciler::new(Arc::clone(&orders) as _, clock, SignedDuration::from_secs(900));
        let event = LambdaEvent::new(Value::Null, lambda_runtime::Context::default());
        let reconciled = reconciler.handle(event).await.unwrap();
        let expected = Reconciled {
            looked_at: 1,
            queued,
            stuck,
        };
        assert_eq!(reconciled, expected);
        assert_eq!(*orders.done.lock().unwrap(), done);
    }

    #[tokio::test]
    async fn only_an_order_without_execution_is_put_on_the_queue_again() {
        let open = OrderStatus::Processing;
        check(
            stored(open, 1),
            &[],
            (1, 0),
            &["attempt after 1", "queued attempt 2"],
        )
        .await;
        check(stored(open, 2), &["o-1-2"], (0, 0), &["looked at o-1"]).await;
        check(
            stored(open, 2),
            &["o-1-1"],
            (1, 0),
            &["attempt after 2", "queued attempt 3"],
        )
        .await;
        check(stored(OrderStatus::Delivered, 1), &[], (0, 0), &["looked at o-1"]).await;
        check(stored(open, MOST_ATTEMPTS), &[], (0, 1), &["looked at o-1"]).await;
    }
}
