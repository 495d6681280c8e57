//! Every way in which an invocation can end, and what breaks around it: the real process on a Runtime API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broken;
mod concurrent;
mod harness;
mod logs;
mod shutdown;
mod stream;
mod timeout;
