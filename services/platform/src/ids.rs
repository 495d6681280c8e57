//! New ids as an input. A UUIDv7 carries its time, so ids sort by creation.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Makes ids that were never there before.
pub trait Ids: Send + Sync {
    /// A new id.
    fn next(&self) -> Uuid;
}

/// UUIDv7 from the machine's clock and random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// 1, 2, 3 … as UUIDs of version 7, for tests.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn next(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000 | u128::from(n))
    }
}

impl<I: Ids + ?Sized> Ids for std::sync::Arc<I> {
    fn next(&self) -> Uuid {
        (**self).next()
    }
}
