//! What can be typed after `shopwatch archive sql`. What reads SQL is a program of its own (`ops-archive-sql`): this is what both know.

use std::ops::RangeInclusive;

use log_archive_domain::Hour;
use ops_monitoring::Refused;

use crate::place::{Buckets, Location, Opened, Place};
use crate::times::Times;

/// Options of `archive sql`.
#[derive(Debug, Clone, clap::Args)]
pub struct SqlArgs {
    /// A query of shopfast_log_archive.lines, or of messages, which has whole messages: 'SELECT level, count(*) FROM messages GROUP BY level'
    query: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    times: Times,
    /// One JSON object per row
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values, with a first line of names
    #[arg(long)]
    csv: bool,
    /// Memory, in MiB: what sorts beyond that uses the disk, what cannot ends with an error
    #[arg(long, default_value_t = 512, value_name = "MIB", value_parser = clap::value_parser!(u32).range(16..))]
    memory: u32,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// An object per row.
    Json,
    /// With a first line of names.
    Csv,
}

impl SqlArgs {
    /// The query.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Where the archive is; none stands for the stack's bucket.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.place.location()
    }

    /// Opens the archive.
    ///
    /// # Errors
    /// There is no such directory, or the bucket cannot be opened.
    pub async fn open(&self, buckets: &dyn Buckets) -> Result<Opened, Refused> {
        self.place.open(buckets).await
    }

    /// Of which hours.
    ///
    /// # Errors
    /// They end before they begin.
    pub fn hours(&self) -> Result<RangeInclusive<Hour>, Refused> {
        self.times.hours()
    }

    /// How rows are written.
    #[must_use]
    pub fn form(&self) -> Form {
        match (self.json, self.csv) {
            (true, _) => Form::Json,
            (_, true) => Form::Csv,
            _ => Form::Table,
        }
    }

    /// Bytes of memory that the query may use.
    #[must_use]
    pub fn memory(&self) -> usize {
        usize::try_from(self.memory)
            .unwrap_or(usize::MAX)
            .saturating_mul(1_024 * 1_024)
    }

    /// The same, typed to the program that reads SQL, of an archive at this place.
    #[must_use]
    pub fn words(&self, location: &Location) -> Vec<String> {
        let mut words = vec![
            format!("--archive={location}"),
            format!("--memory={}", self.memory),
        ];
        words.extend(self.times.words());
        match self.form() {
            Form::Table => {}
            Form::Json => words.push("--json".to_owned()),
            Form::Csv => words.push("--csv".to_owned()),
        }
        // Behind a mark: a query may begin with a comment.
        words.extend(["--".to_owned(), self.query.clone()]);
        words
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: SqlArgs,
    }

    fn read(words: &[String]) -> SqlArgs {
        let words = std::iter::once("sql").chain(words.iter().map(String::as_str));
        Cli::try_parse_from(words).unwrap().args
    }

    #[test]
    fn the_program_reads_what_was_typed() {
        let check = |typed: &[&str], location: &str| {
            let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
            let args = read(&typed);
            let location: Location = location.parse().unwrap();
            let again = read(&args.words(&location));
            assert_eq!(again.location(), Some(&location), "{typed:?}");
            assert_eq!(again.words(&location), args.words(&location), "{typed:?}");
            assert_eq!(again.query(), args.query());
            assert_eq!(again.hours(), args.hours());
            assert_eq!((again.form(), again.memory()), (args.form(), args.memory()));
        };
        check(&["SELECT 1"], "s3://logs/old");
        check(
            &["SELECT 1", "--json", "--since", "2026-11-20"],
            "/var/an archive",
        );
        check(
            &[
                "--csv",
                "--until=2026-11-21",
                "--memory=16",
                "--",
                "-- how many?\nSELECT 1",
            ],
            "a",
        );
    }
}
