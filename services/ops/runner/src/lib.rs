//! The local stand-in of the Lambda service: it owns the environments that functions run in.
//!
//! On AWS all of this is Lambda itself. The emulator runs functions too, but drops what the platform is about: the
//! client context, the trace header, the durable queue of asynchronous events, platform log lines. So the emulator
//! hands every invocation to [`Runner`] (its proxy mode: `POST /invoke/{function}`), and callers inside the
//! platform use [`Runner::invoke`].
//!
//! What happens to an event, in reading order:
//! 1. [`endpoint`](self) takes it, or `invoke()` does; asynchronous ones go to the durable queue first (`async_invoke`).
//! 2. The function's settings come from the emulator (`configuration`), once per revision.
//! 3. A free environment is taken or started (`pool`), never more than one invocation in each.
//! 4. The trace is continued or begun (`trace_header`), the event is run (`execution`), faults are injected (`faults`).
//! 5. Lines, segments and a report of the invocation go to the [`Observer`] (`platform_log`, `segments`).
//!
//! What does not belong here: storing or querying telemetry, API Gateway, queues and topics.

mod async_invoke;
mod configuration;
mod emulator;
mod endpoint;
mod execution;
pub mod faults;
mod invocation;
mod observer;
mod platform_log;
mod pool;
mod runner;
mod segments;
mod status;
mod trace_header;

pub use async_invoke::QueueError;
pub use configuration::{ConfigurationError, FunctionConfiguration};
pub use emulator::EmulatorError;
pub use invocation::{Invocation, InvocationKind, InvokeError, InvokeOutcome};
pub use observer::{AsyncDrop, InvocationReport, LogLine, Observer, OutcomeKind};
pub use runner::{Runner, RunnerConfig, StartError, Tuning};
pub use status::FunctionStatus;
