//! Orders that a stage holds for longer than it may take. When a rule matches nothing or a workflow waits for a date that never
//! comes, nothing fails: things only do not happen. What does not happen is seen by its age, and this measures it.
//!
//! An order whose execution failed is not counted here: the workflow's own alarm tells of it, and the reconciler tries again.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use platform::env::{EnvError, Source};
use shopfast_domain::ids::OrderId;
use shopfast_domain::order::OrderStatus;

use super::metrics;
use crate::adapter::AdapterError;

/// From being placed until its workflow runs, unless configured otherwise: ten minutes, less than after what the reconciler
/// starts it itself.
const DEFAULT_START: i64 = 600;
/// From being placed until the customer has it, unless configured otherwise: three days. The workflow asks the carrier for 60
/// hours at the most.
const DEFAULT_DELIVERY: i64 = 259_200;
/// Of each status so many of the oldest are looked at in a run.
pub(super) const MOST_LOOKED_AT: i32 = 20;

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// An execution of the workflow.
    Start,
    /// Payment and the carrier.
    Shipping,
    /// Its delivery.
    Delivery,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Start, Self::Shipping, Self::Delivery];

    /// The value of the metric's dimension `Stage`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Shipping => "shipping",
            Self::Delivery => "delivery",
        }
    }
}

/// How long orders may take, counted from when they were placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageLimits {
    /// Until the workflow runs. As long again may pass until the parcel is with the carrier.
    pub start: SignedDuration,
    /// Until it is delivered.
    pub delivery: SignedDuration,
}

impl StageLimits {
    /// From `ORDER_START_SECONDS` (600), `ORDER_DELIVERY_SECONDS` (259 200).
    ///
    /// # Errors
    /// When one is no number.
    pub fn from_env<S: Source>(source: &S) -> Result<Self, EnvError> {
        let start = source.parsed::<i64>("ORDER_START_SECONDS")?;
        let delivery = source.parsed::<i64>("ORDER_DELIVERY_SECONDS")?;
        Ok(Self {
            start: SignedDuration::from_secs(start.unwrap_or(DEFAULT_START)),
            delivery: SignedDuration::from_secs(delivery.unwrap_or(DEFAULT_DELIVERY)),
        })
    }

    fn of(&self, stage: Stage) -> SignedDuration {
        match stage {
            Stage::Start => self.start,
            Stage::Shipping => self.start.saturating_mul(2),
            Stage::Delivery => self.delivery,
        }
    }
}

/// What became of an order's execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// There never was one.
    None,
    /// It runs.
    Running,
    /// It ended, well or not.
    Ended,
}

/// An order that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub id: OrderId,
    /// When it was placed.
    pub placed: Timestamp,
    /// Which execution is to work on it, from 1.
    pub attempt: u32,
}

/// Finds the oldest orders of a status: `dynamodb:Query` on `stage-index`, `states:DescribeExecution`.
#[async_trait]
pub trait OldestOrders: Send + Sync {
    /// Those that were placed before then, the oldest first.
    async fn oldest(&self, status: OrderStatus, before: Timestamp) -> Result<Vec<Waiting>, AdapterError>;
    /// The execution of the order's present attempt.
    async fn execution(&self, order: &Waiting) -> Result<Execution, AdapterError>;
}

/// Measures by how much the oldest order of each stage is late, 0 when none is, and names it.
///
/// # Errors
/// When orders cannot be listed or executions not be looked at; nothing is measured then.
pub(super) async fn measure(
    orders: &dyn OldestOrders,
    limits: StageLimits,
    now: Timestamp,
) -> Result<(), AdapterError> {
    let late = latest(orders, limits, now).await?;
    for (stage, late) in Stage::ALL.into_iter().zip(late) {
        tell(stage, late.as_ref());
    }
    Ok(())
}

/// The order of a stage that is late by most.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Late {
    id: OrderId,
    by: SignedDuration,
}

/// For each stage, in their order.
async fn latest(
    orders: &dyn OldestOrders,
    limits: StageLimits,
    now: Timestamp,
) -> Result<[Option<Late>; 3], AdapterError> {
    let mut found = [None, None, None];
    for (status, first) in [
        (OrderStatus::Placed, Stage::Start),
        (OrderStatus::Confirmed, Stage::Shipping),
        (OrderStatus::Processing, Stage::Shipping),
        (OrderStatus::Shipped, Stage::Delivery),
    ] {
        let before = now
            .saturating_sub(limits.of(first))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        for waiting in orders.oldest(status, before).await? {
            let Some(stage) = held_by(status, orders.execution(&waiting).await?) else {
                continue;
            };
            let by = waiting
                .placed
                .duration_until(now)
                .saturating_sub(limits.of(stage));
            let worst: &mut Option<Late> = &mut found[stage as usize];
            if by.is_positive() && worst.as_ref().is_none_or(|worst| by > worst.by) {
                *worst = Some(Late { id: waiting.id, by });
            }
        }
    }
    Ok(found)
}

/// What an order of this status waits for; none when it is somebody else's matter.
fn held_by(status: OrderStatus, execution: Execution) -> Option<Stage> {
    match (status, execution) {
        (OrderStatus::Shipped, Execution::Running) => Some(Stage::Delivery),
        (OrderStatus::Placed, Execution::None) => Some(Stage::Start),
        (_, Execution::Running) => Some(Stage::Shipping),
        (_, Execution::None | Execution::Ended) => None,
    }
}

fn tell(stage: Stage, late: Option<&Late>) {
    let seconds = late.map_or(0.0, |late| late.by.as_secs_f64());
    metrics::OVERDUE.set(seconds, &[("Stage", stage.as_str())]);
    if let Some(late) = late {
        tracing::error!(
            order_id = %late.id,
            stage = stage.as_str(),
            late_s = late.by.as_secs(),
            error.code = "order-overdue",
            "an order is overdue: nothing failed, and it does not go on"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, when it was placed, and what became of its execution.
    type Row = (OrderStatus, i64, Execution);

    struct Orders(Vec<Row>);

    #[async_trait]
    impl OldestOrders for Orders {
        async fn oldest(&self, status: OrderStatus, before: Timestamp) -> Result<Vec<Waiting>, AdapterError> {
            let rows = self.0.iter().enumerate().filter(|(_, row)| row.0 == status);
            let waiting = rows.map(|(n, row)| Waiting {
                id: OrderId::try_new(&format!("o-{n}")).unwrap(),
                placed: Timestamp::from_second(row.1).unwrap(),
                attempt: 1,
            });
            Ok(waiting.filter(|one| one.placed < before).collect())
        }

        async fn execution(&self, order: &Waiting) -> Result<Execution, AdapterError> {
            let n: usize = order.id.as_str().trim_start_matches("o-").parse().unwrap();
            Ok(self.0[n].2)
        }
    }

    /// At second 10 000, with 600 s for the start and 5 000 s for delivery: by how much start, shipping and delivery are late.
    async fn check(rows: &[Row], expect: [Option<(&str, i64)>; 3]) {
        let limits = StageLimits {
            start: SignedDuration::from_secs(600),
            delivery: SignedDuration::from_secs(5_000),
        };
        let now = Timestamp::from_second(10_000).unwrap();
        let late = latest(&Orders(rows.to_vec()), limits, now).await.unwrap();
        let late = late.each_ref().map(|late| {
            let late = late.as_ref()?;
            Some((late.id.as_str(), late.by.as_secs()))
        });
        assert_eq!(late, expect, "{rows:?}");
    }

    #[tokio::test]
    async fn what_does_not_happen_is_late() {
        use Execution::{Ended, None as Never, Running};
        use OrderStatus::{Confirmed, Placed, Processing, Shipped};
        let none = [None, None, None];
        check(&[], none).await;
        // The rule hands nothing on.
        check(&[(Placed, 9_350, Never)], [Some(("o-0", 50)), None, None]).await;
        check(&[(Placed, 9_450, Never)], none).await;
        // The workflow waits for ever: it has twice the time, whatever the order's status was.
        check(&[(Placed, 8_700, Running)], [None, Some(("o-0", 100)), None]).await;
        check(&[(Confirmed, 8_850, Running)], none).await;
        let two = [(Processing, 8_750, Running), (Confirmed, 8_700, Running)];
        check(&two, [None, Some(("o-1", 100)), None]).await;
        check(&[(Shipped, 4_000, Running)], [None, None, Some(("o-0", 1_000))]).await;
        check(&[(Shipped, 6_000, Running)], none).await;
        // What failed has an alarm of its own, and is tried again.
        check(&[(Placed, 1_000, Ended), (Shipped, 1_000, Ended)], none).await;
    }

    #[test]
    fn limits_are_ten_minutes_and_three_days() {
        let limits = StageLimits::from_env(&platform::env::Fixed::default()).unwrap();
        assert_eq!(limits.of(Stage::Shipping), SignedDuration::from_mins(20));
        assert_eq!(limits.of(Stage::Delivery), SignedDuration::from_hours(72));
    }
}
