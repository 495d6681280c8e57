//! The hourly work of the log archive, as a function does it that is stopped after some minutes: what could not be delivered is put
//! back, hours that are settled are compacted, and what waits for somebody is told.
//!
//! In reading order: [`Hourly`] is one run; `time` stops the work while there is time left to end well.
//!
//! Not here: compaction itself (`log-archive-store`), the adapters and the binary (`log-archive-function`).

mod hourly;
pub mod metrics;
mod time;

pub use hourly::{Hourly, HourlyError, Summary};
