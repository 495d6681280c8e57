//! `shopwatch archive sql`, the program: a query over the log archive, and its rows as a table, JSON or CSV.
//!
//! In reading order: `main` reads the words that `shopwatch archive sql` hands over, `account` opens a bucket with what it says in the
//! environment, `answer` asks, `rows` prints.
//!
//! A program of its own: what reads SQL is a hundred crates and other features of those that the AWS SDK has too, so every build of
//! `shopwatch` would take half again as long, for a command that few type. `shopwatch archive sql` builds it when it is first asked.
//! Without the feature `engine` nothing is here.
//!
//! Not here: what can be typed and where an archive is (`ops-archive`), the tables (`log-archive-sql`).

#![cfg(feature = "engine")]

mod account;
mod answer;
mod rows;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use ops_archive::SqlArgs;
use ops_monitoring::{Ended, Output, Refused, Terminal};

pub use answer::answer;

use account::Account;

/// Asks the log archive in SQL. `shopwatch archive sql` calls it; a bucket is opened as the AWS SDK's environment says.
#[derive(Debug, Parser)]
#[command(name = "shopwatch-archive-sql", version)]
struct Cli {
    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    args: SqlArgs,
}

/// Parses the command line, asks, prints.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match ask(cli) {
        Ok(ended) => ended.code().into(),
        Err(refused) => {
            // Where standard error is closed nobody is told.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), refused.told().as_bytes());
            refused.code().into()
        }
    }
}

fn ask(cli: Cli) -> Result<Ended, Refused> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Refused::failed("start the asynchronous runtime").because(error))?;
    let account = Account { profile: cli.profile };
    let mut out = Output;
    let mut terminal = Terminal {
        out: &mut out,
        colored: std::io::stdout().is_terminal(),
        progress: None,
    };
    runtime.block_on(answer(&cli.args, &account, &mut terminal))
}
