//! What is remembered, as it is written: JSON that later releases can read.

mod alarm;
mod budget;
mod failure;
mod kinds;

pub(crate) use alarm::{Change, State, StoredAlarm};
pub(crate) use budget::{Own, Slot, StoredBudget, WaitingAlarm, WaitingNews};
pub(crate) use failure::StoredFailure;
pub(crate) use kinds::StoredKinds;

/// In milliseconds of the wall's clock: longer than the function may run, so whoever was at it is gone. A test of
/// `infra/shopfast.yaml` holds the function's time limit below it.
pub(crate) const CLAIM_MS: i64 = 75_000;
