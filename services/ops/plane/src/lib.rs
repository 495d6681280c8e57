//! The local observability plane: what CloudWatch, X-Ray, CloudWatch Logs and a mailbox do on AWS, with the same inputs and
//! the same APIs, in one process, and the gateway through which functions, people and the AWS CLI reach the emulator.
//!
//! Each module that stands in for a service opens with what AWS does natively. What does not belong here: running
//! functions (`ops-runner`), making a story of what was observed (`ops-story`).

mod alarms;
mod clock;
mod clock_file;
mod gateway;
mod hand;
mod logs;
mod mails;
mod metrics;
mod plane;
mod polled;
mod public;
mod store;
mod xray;

pub use alarms::NOT_OBSERVABLE;
pub use clock::Clock;
pub use gateway::{CallHook, Invoked, LambdaInvoker, LambdaRequest, ObservedCall, Verdict};
pub use hand::{Hand, Late};
pub use plane::{Intake, Plane, PlaneConfig, Routes, StartError};
pub use store::{Datum, Limits, LogEvent, Mail, Statistics, StoreError};
