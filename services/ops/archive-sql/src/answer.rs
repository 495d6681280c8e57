//! A query, and who prints its rows.

use log_archive_sql::{Engine, Limits, SqlError};
use log_archive_store::chain;
use ops_archive::{Buckets, SqlArgs};
use ops_monitoring::{Ended, Refused, Terminal};

use crate::rows::Rows;

/// The query, or the output.
enum Failed {
    Sql(SqlError),
    Output(Refused),
}

impl From<SqlError> for Failed {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// Asks, and prints the rows as they come.
///
/// # Errors
/// It is no query, or would change something; the archive cannot be read; the output refuses.
pub async fn answer(
    args: &SqlArgs,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.open(buckets).await?.archive;
    let limits = Limits {
        memory: args.memory(),
        ..Limits::default()
    };
    let engine = Engine::new(&archive, args.hours()?, limits).await;
    let engine = engine.map_err(|error| refused(&error))?;
    let rows = std::cell::RefCell::new(Rows::new(args.form(), terminal));
    let answered = engine.query(
        args.query(),
        |names| {
            rows.borrow_mut()
                .begin(names)
                .map_err(|error| Failed::Output(error.into()))
        },
        |row| {
            rows.borrow_mut()
                .row(row)
                .map_err(|error| Failed::Output(error.into()))
        },
    );
    match answered.await {
        Ok(()) => {}
        Err(Failed::Output(refused)) => return Err(refused),
        Err(Failed::Sql(error)) => return Err(refused(&error)),
    }
    let count = rows.into_inner().end()?;
    Ok(if count == 0 { Ended::No } else { Ended::Done })
}

fn refused(error: &SqlError) -> Refused {
    let attempted = "run the query";
    match error {
        SqlError::Query(_) => Refused::usage(attempted).because(error),
        _ => Refused::failed(attempted).because(chain(error)),
    }
}
