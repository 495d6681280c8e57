//! `shopwatch archive export`.

use std::io;

use log_archive_store::{ArchiveError, export};
use ops_monitoring::{Ended, Refused, Terminal};

use crate::place::{Buckets, Place, refused};
use crate::times::Times;

/// Options of `archive export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// How lines are written
    #[arg(long, value_enum, default_value_t)]
    form: Form,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// A JSON object for each line
    #[default]
    Ndjson,
    /// Comma-separated values
    Csv,
    /// The lines byte for byte; to be sent to a file: a terminal would do what they say
    Original,
}

/// The archive or the output.
enum Failed {
    Archive(ArchiveError),
    Output(io::Error),
}

impl From<ArchiveError> for Failed {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

pub(crate) async fn run(
    args: Args,
    buckets: &dyn Buckets,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    let archive = args.place.open(buckets).await?.archive;
    let form = match args.form {
        Form::Ndjson => export::Form::Ndjson,
        Form::Csv => export::Form::Csv,
        Form::Original => export::Form::Original,
    };
    export::begin(form, terminal.out)?;
    let mut lines = 0_u64;
    let written = export::each_line(&archive, args.times.hours()?, |_, line| {
        lines += 1;
        export::line(form, &line, terminal.out).map_err(Failed::Output)
    });
    match written.await {
        Ok(()) if lines == 0 => Ok(Ended::No),
        Ok(()) => Ok(Ended::Done),
        Err(Failed::Archive(error)) => Err(refused("export lines", &error)),
        Err(Failed::Output(error)) => Err(error.into()),
    }
}
