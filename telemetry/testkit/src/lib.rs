//! What stands around a Lambda function, for tests and for the local platform: the Runtime API, the X-Ray daemon,
//! and judges of what the function wrote.
//!
//! * [`runtime_api`] runs a real function binary in an execution environment of its own.
//! * [`xray_daemon`] receives trace documents over UDP and refuses what X-Ray would refuse.
//! * [`emf`] checks a log line against the limits of the embedded metric format.
//! * [`trace_assert`] says whether collected documents are one connected story.
//!
//! What does not belong here: choosing environments, retries, queues, configuration (that is the Lambda *service*),
//! and anything that knows the telemetry crates: the judges must not share code with what they judge.

pub mod emf;
pub mod runtime_api;
pub mod trace_assert;
pub mod xray_daemon;
