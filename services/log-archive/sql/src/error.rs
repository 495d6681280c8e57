//! Why a query has no answer.

use std::error::Error;

use datafusion::error::DataFusionError;
use log_archive_store::{ArchiveError, chain};

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// It is no query of the archive: wrong SQL, an unknown column, a statement that would change something.
    #[error("{0}")]
    Query(String),
    /// It needs more memory than it may have.
    #[error("the query needs more than its memory: ask for fewer columns or hours")]
    Memory(#[source] Box<DataFusionError>),
    /// The archive cannot be read.
    #[error("read the archive")]
    Archive(#[source] Box<ArchiveError>),
    /// It failed while it ran.
    #[error("{0}")]
    Failed(String),
}

impl SqlError {
    /// Of a query that was not run yet.
    pub(crate) fn of_planning(error: DataFusionError) -> Self {
        match Self::of_running(error) {
            Self::Failed(text) => Self::Query(no_question(&text).unwrap_or(text)),
            other => other,
        }
    }

    pub(crate) fn of_running(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(cause) => match cause.downcast::<ArchiveError>() {
                Ok(cause) => Self::Archive(cause),
                Err(cause) => Self::Failed(told(cause.as_ref()).unwrap_or_else(|| cause.to_string())),
            },
            DataFusionError::Context(_, inner) => Self::of_running(*inner),
            DataFusionError::Diagnostic(_, inner) => Self::of_running(*inner),
            error @ DataFusionError::ResourcesExhausted(_) => Self::Memory(Box::new(error)),
            other => Self::Failed(told(&other).unwrap_or_else(|| other.strip_backtrace())),
        }
    }
}

/// Of a statement that would do something, what the engine calls it, and what to do instead.
fn no_question(text: &str) -> Option<String> {
    let (_, what) = text
        .split_once("DML not supported: ")
        .or_else(|| text.split_once("DDL not supported: "))
        .or_else(|| text.split_once("Statement not supported: "))?;
    Some(format!(
        "{what} is refused: the archive is only asked, never changed, and nothing is written (SELECT, WITH, EXPLAIN, SHOW, DESCRIBE); \
         rows for a file: `shopwatch archive sql --csv … > FILE`"
    ))
}

/// What the archive says, with the cause: the engine hands one error to several streams, so that nobody owns it.
fn told(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let own = causes.find_map(|error| error.downcast_ref::<ArchiveError>())?;
    Some(chain(own))
}
