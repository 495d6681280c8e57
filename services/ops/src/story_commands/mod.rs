//! The commands that tell what happened: `trace`, `logs`, `metrics`, `mails`. They work on the platform on this machine
//! and on AWS alike; what they print is made in `ops-story`.

pub mod logs;
pub mod mails;
pub mod metrics;
pub mod trace;
