//! What CloudWatch would say: pure functions of datapoints and time.
//!
//! Two layers. [`range`] goes from the points of an evaluation range to a verdict. [`series`] goes from raw datapoints with
//! timestamps ([`statistic`], [`math`]) to periods, to a range at a given time. What AWS does not say is a named switch in
//! [`switches`].
//!
//! What does not belong here: clocks, fetching of datapoints, the sending of notifications.

pub mod anomaly;
pub mod composite;
pub mod math;
pub mod mute;
pub mod range;
pub mod reason;
pub mod series;
pub mod statistic;
pub mod suppress;
pub mod switches;
