//! One Lambda execution environment: a function binary as a child process, and the Runtime API it talks to.
//!
//! ```no_run
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Invocation, Outcome};
//!
//! let (environment, mut lines) = Environment::start(EnvironmentConfig::new("target/debug/my-function")).await?;
//! let outcome = environment.invoke(Invocation::new(r#"{"orderId": "42"}"#)).await;
//! assert!(matches!(outcome, Outcome::Success(_)));
//! environment.drained().await;                     // every line written so far is in the channel
//! while let Ok(line) = lines.try_recv() { println!("{}", line.text); }
//! environment.stop().await;
//! # Ok(()) }
//! ```
//!
//! Everything waits for an event (a request of the runtime, a line, the exit of the process), never for a guess of
//! time. What does not belong here: which environment gets an invocation, log groups, retries, metrics.

mod api;
mod environment;
mod memory;
mod output;
mod process;
mod variables;

pub use environment::{Environment, Invocation, Outcome, StartError};
pub use memory::Memory;
pub use output::{Line, Lines, Source};
pub use process::Exit;
pub use variables::EnvironmentConfig;

/// Largest response of a buffered invocation, in bytes: 6 MB and room for the envelope, as Lambda counts it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;
