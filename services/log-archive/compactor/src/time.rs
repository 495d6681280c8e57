//! The time that a run has.

use std::time::Duration;

use log_archive_store::{Step, Stopped, Watch};
use tokio::time::Instant;

/// So long before the function is stopped no further step begins. The longest one, a part of 512 MiB of text that is written and
/// stored, takes some ten seconds with the processor of a function of 1,769 MB.
pub(crate) const RESERVE: Duration = Duration::from_secs(60);

/// Lets work go on until then, as far as somebody else does.
pub(crate) struct Until<'w> {
    pub(crate) at: Instant,
    pub(crate) also: &'w dyn Watch,
}

impl Watch for Until<'_> {
    fn done(&self, step: &Step) -> Result<(), Stopped> {
        self.also.done(step)?;
        if Instant::now() < self.at {
            return Ok(());
        }
        Err(Stopped("there is no time left for another step".to_owned()))
    }
}
