//! The real process of a function with an exporter, on a Runtime API, between an X-Ray daemon and an OTLP collector.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod collector;
mod configuration;
mod ends;
mod faults;
mod harness;
mod same;
