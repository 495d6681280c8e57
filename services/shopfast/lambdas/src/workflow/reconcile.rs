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
use serde_json::Value;
use shopfast_domain::ids::OrderId;
use telemetry_aws_sdk::Interceptor;

use super::aws_orders::AwsOrders;
use super::dispatch::execution_name;
use super::metrics;
use super::overdue::{self, OldestOrders, StageLimits};
use crate::adapter::AdapterError;
use crate::order::DynamoDbOrders;
use crate::order::function::{Tables, tables_client};
use crate::order::ports::StoredOrder;
use crate::order::wire::{EventDetail, about};

/// An order this old is looked at, unless configured otherwise: twice what an ordinary order takes.
const DEFAULT_AFTER: i64 = 900;
/// After this many executions a person must look.
const MOST_ATTEMPTS: u32 = 5;

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
    /// Notes the next attempt, and that the order was looked at: a message that waits in the queue is no reason for the attempt
    /// after it. False when somebody else did.
    async fn note_attempt(&self, id: &OrderId, from: u32, at: Timestamp) -> Result<bool, AdapterError>;
    /// Takes the attempt after this one back, of which nothing came, unless somebody else made another.
    async fn take_back(&self, id: &OrderId, from: u32) -> Result<(), AdapterError>;
    /// Puts the order on the queue.
    async fn queue(&self, detail: &EventDetail) -> Result<(), AdapterError>;
}

/// `shopfast-order-reconciler`.
#[derive(Clone)]
pub struct OrderReconciler {
    orders: Arc<dyn StuckOrders>,
    oldest: Arc<dyn OldestOrders>,
    clock: Arc<dyn Clock>,
    after: SignedDuration,
    limits: StageLimits,
}

impl std::fmt::Debug for OrderReconciler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderReconciler")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl OrderReconciler {
    /// Looking at orders that are older than `after`, and measuring which stages hold theirs for longer than they may.
    #[must_use]
    pub fn new<O: StuckOrders + OldestOrders + 'static>(
        orders: Arc<O>,
        clock: Arc<dyn Clock>,
        after: SignedDuration,
        limits: StageLimits,
    ) -> Self {
        Self {
            orders: Arc::clone(&orders) as _,
            oldest: orders,
            clock,
            after,
            limits,
        }
    }

    /// From `ORDERS_TABLE`, `ORDER_WORKFLOW_ARN`, `ORDER_QUEUE_URL`, `RECONCILE_AFTER_SECONDS` (900), and the variables of
    /// [`StageLimits::from_env`].
    ///
    /// # Errors
    /// When one of the first three is missing, or another is no number.
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
            StageLimits::from_env(source)?,
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
        let measured = overdue::measure(&*self.oldest, self.limits, self.clock.now()).await;
        if let Err(error) = measured {
            telemetry_core::record_error(&error, "measure-overdue-failed");
        }
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
        about(id.as_str(), "");
        let Some(stored) = self.orders.read(id).await? else {
            return Ok(Found::Fine);
        };
        about(
            id.as_str(),
            stored.order.customer.pseudonym.as_deref().unwrap_or_default(),
        );
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
            tracing::error!(
                attempts = stored.attempt,
                severity = "CRITICAL",
                "an order is stuck: no further attempt is made"
            );
            metrics::STUCK.add(1, &[]);
            return Ok(Found::Stuck);
        }
        let now = self.clock.now();
        if !self.orders.note_attempt(id, stored.attempt, now).await? {
            return Ok(Found::Fine);
        }
        let detail = EventDetail {
            attempt: stored.attempt + 1,
            ..EventDetail::of(&stored)
        };
        if let Err(error) = self.orders.queue(&detail).await {
            // An attempt that was none would use up one of the few. Where the message went all the same, the next attempt has the
            // same number, and its execution the same name: there is one.
            if let Err(error) = self.orders.take_back(id, stored.attempt).await {
                tracing::error!(order_id = %id, %error, "an attempt is used up that was none");
            }
            return Err(error);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use platform::clock::ManualClock;
    use shopfast_domain::money::{Currency, Money};
    use shopfast_domain::order::{Address, Customer, EmailAddress, Order, OrderStatus, PersonName};

    use super::super::overdue::{Execution, Waiting};
    use super::*;

    /// One open order, and what was done with it.
    struct Orders {
        stored: StoredOrder,
        running: &'static [&'static str],
        queue_is_away: bool,
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

        async fn note_attempt(&self, _id: &OrderId, from: u32, at: Timestamp) -> Result<bool, AdapterError> {
            self.note(format!("attempt after {from}, looked at {}", at.as_second()));
            Ok(true)
        }

        async fn take_back(&self, _id: &OrderId, from: u32) -> Result<(), AdapterError> {
            self.note(format!("attempt after {from} taken back"));
            Ok(())
        }

        async fn queue(&self, detail: &EventDetail) -> Result<(), AdapterError> {
            if self.queue_is_away {
                let cause = std::io::Error::other("the queue is away");
                return Err(AdapterError::call("put an order on the queue", cause));
            }
            self.note(format!("queued attempt {}", detail.attempt));
            Ok(())
        }
    }

    #[async_trait]
    impl OldestOrders for Orders {
        async fn oldest(&self, _: OrderStatus, _: Timestamp) -> Result<Vec<Waiting>, AdapterError> {
            // What cannot be measured must not keep orders from being looked after.
            Err(AdapterError::Malformed("orderId"))
        }

        async fn execution(&self, _: &Waiting) -> Result<Execution, AdapterError> {
            Ok(Execution::None)
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
                pseudonym: None,
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
            queue_is_away: false,
            done: Mutex::default(),
        });
        let clock = Arc::new(ManualClock::at_second(10_000));
        let limits = StageLimits::from_env(&platform::env::Fixed::default()).unwrap();
        let after = SignedDuration::from_secs(900);
        let reconciler = OrderReconciler::new(Arc::clone(&orders), clock, after, limits);
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
            &["attempt after 1, looked at 10000", "queued attempt 2"],
        )
        .await;
        check(stored(open, 2), &["o-1-2"], (0, 0), &["looked at o-1"]).await;
        check(
            stored(open, 2),
            &["o-1-1"],
            (1, 0),
            &["attempt after 2, looked at 10000", "queued attempt 3"],
        )
        .await;
        check(stored(OrderStatus::Delivered, 1), &[], (0, 0), &["looked at o-1"]).await;
        check(stored(open, MOST_ATTEMPTS), &[], (0, 1), &["looked at o-1"]).await;
    }

    /// Five tries on the queue are five, and not five looks while it was away.
    #[tokio::test]
    async fn an_attempt_that_was_none_is_not_used_up() {
        let orders = Arc::new(Orders {
            stored: stored(OrderStatus::Processing, 2),
            running: &[],
            queue_is_away: true,
            done: Mutex::default(),
        });
        let clock = Arc::new(ManualClock::at_second(10_000));
        let limits = StageLimits::from_env(&platform::env::Fixed::default()).unwrap();
        let after = SignedDuration::from_secs(900);
        let reconciler = OrderReconciler::new(Arc::clone(&orders), clock, after, limits);
        let event = LambdaEvent::new(Value::Null, lambda_runtime::Context::default());
        let reconciled = reconciler.handle(event).await.unwrap();
        assert_eq!((reconciled.queued, reconciled.stuck), (0, 0));
        let done = orders.done.lock().unwrap();
        assert_eq!(
            *done,
            ["attempt after 2, looked at 10000", "attempt after 2 taken back"]
        );
    }
}
