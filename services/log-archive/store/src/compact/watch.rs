//! Who watches a compaction or a replay, and may stop it: a Lambda before its deadline, a test after every step.

/// A step that is done. After each it may end, for good or by a kill, and the next one goes on from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Raw objects are listed.
    Listed {
        /// How many.
        objects: usize,
    },
    /// A raw object is read; nothing is stored of it.
    ObjectRead(String),
    /// A part is stored; no manifest names it.
    PartStored(String),
    /// Filters of an hour are stored; no manifest names them.
    FiltersStored(String),
    /// A manifest is stored: the lines are archived.
    Committed(String),
    /// The manifest is in the chain.
    Chained(String),
    /// Files of an earlier generation are gone.
    Cleaned(String),
    /// The filter of a day is stored.
    DayFilterStored(String),
    /// A raw object is copied to where it expires.
    RawCopied(String),
    /// And no longer where it was.
    RawDeleted(String),
    /// What could not be delivered is a raw object too.
    RawPutBack(String),
    /// And no longer under the failure prefix.
    FailedDeleted(String),
}

/// It is to end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Stopped(pub String);

/// Is told of every step.
pub trait Watch: Send + Sync {
    /// A step is done.
    ///
    /// # Errors
    /// It is to end here.
    fn done(&self, step: &Step) -> Result<(), Stopped>;
}

/// Lets it run.
impl Watch for () {
    fn done(&self, _: &Step) -> Result<(), Stopped> {
        Ok(())
    }
}
