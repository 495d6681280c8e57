//! The forwarder between CloudWatch Logs and Firehose, both in memory; and what compaction makes of what it delivered.

mod delivery;
mod given;
mod kept;
mod stopped;
