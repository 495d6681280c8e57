//! The forwarder between CloudWatch Logs and Firehose, both in memory; and what compaction makes of what it delivered.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod delivery;
mod given;
mod kept;
mod stopped;
