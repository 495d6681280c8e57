//! The archive in a directory and in memory: what is compacted is found, whatever happened on the way.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod compaction;
mod damage;
mod given;
mod kill;
mod lookup;
mod lost;
