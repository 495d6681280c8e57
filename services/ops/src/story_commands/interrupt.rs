//! Ctrl-C while something is followed or a step is run: it ends the look that is under way too, not only the pause after it.

use std::future::Future;
use std::io;
use std::pin::Pin;

/// Waits for Ctrl-C. The first wait takes it over from the shell.
pub(crate) struct Interrupt(Pin<Box<dyn Future<Output = io::Result<()>> + Send>>);

impl Interrupt {
    pub(crate) fn listen() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// What the work comes to; `None` when it was interrupted, after which it must not be asked again.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            _ = &mut self.0 => None,
            done = work => Some(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_under_way_is_interrupted() {
        let mut interrupt = Interrupt(Box::pin(std::future::pending()));
        assert_eq!(interrupt.unless(async { 1 }).await, Some(1));
        let mut interrupt = Interrupt(Box::pin(async { Ok(()) }));
        assert_eq!(interrupt.unless(std::future::pending::<u8>()).await, None);
    }
}
