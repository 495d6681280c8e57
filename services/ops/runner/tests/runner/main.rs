//! The runner with a real function binary and an emulator that knows two operations. One program: it is linked once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asynchronous;
mod faults;
mod invoke;
mod launcher;
mod support;
