//! An order's way after it was placed: the queue towards the workflow, the workflow's tasks, and what looks after orders that
//! got stuck. The states themselves are in `infra/statemachine/order-workflow.asl.json`.

mod aws_orders;
pub mod dispatch;
mod ledger;
pub mod metrics;
pub mod overdue;
pub mod payment;
pub mod reconcile;
pub mod shipping;
pub mod status;
