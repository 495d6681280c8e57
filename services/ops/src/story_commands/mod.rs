//! The commands that tell what happened: `trace`, `logs`, `metrics`, `mails`. They work on the platform on this machine
//! and on AWS alike; what they print is made in `ops-story`.

mod fetch;
pub(crate) mod interrupt;
pub(crate) mod logs;
pub(crate) mod mails;
pub(crate) mod metrics;
mod resolve;
mod seen;
mod since;
mod sources;
pub(crate) mod trace;
mod whole;
