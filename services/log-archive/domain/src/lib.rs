//! The log archive as values: which hour a line belongs to ([`Hour`], [`Partition`]), what an archived line is ([`Line`]) and how
//! lines are ordered, where everything lies ([`layout`]), what time is in an ID ([`Id`]), and which hours may know an ID
//! ([`filter`]).
//!
//! Not here: reading what CloudWatch Logs sends (`log-archive-intake`), files (`log-archive-format`), stores and everything
//! that is asked of them (`log-archive-store`).

mod event_id;
mod hour;
mod known_ids;
pub mod layout;
mod line;
mod record;

pub mod filter;
mod id;
pub mod restore;

pub use event_id::EventId;
pub use hour::{Day, Hour, InvalidHour, Partition};
pub use id::{Id, is_uuid_v7, uuid_v7_hour};
pub use known_ids::KnownIds;
pub use line::{Line, OwnedLine, Source};
pub use record::{Prefix, Sources, decode, encode, order};

/// XXH3 of bytes: for checksums of what is not kept. Of short texts it takes half the time of [`sum64`], which is what files have.
#[must_use]
pub fn passing_sum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// XXH64 of bytes: for checksums that find damage.
#[must_use]
pub fn sum64(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh64::xxh64(bytes, 0)
}
