//! A command line, parsed and run in this process.

use std::path::Path;

use ::runbooks::lint::Typed;
use clap::Parser;
use ops_monitoring::runbooks::{self, CommandLine};
use ops_monitoring::{Terminal, Workspace, alarms, dashboards};

#[derive(Debug, Parser)]
#[command(name = "shopwatch")]
enum Shell {
    #[command(subcommand)]
    Alarms(alarms::Command),
    #[command(subcommand)]
    Dashboards(dashboards::Command),
    #[command(subcommand)]
    Runbooks(runbooks::Command),
}

/// The program's own parser is that of `shopwatch`, and tested there.
struct AnyCommand;

impl CommandLine for AnyCommand {
    fn typed(&self, _: &[String]) -> Typed {
        Typed::Looks
    }
}

/// What a shell sees.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: u8,
    /// Standard output.
    pub(crate) out: String,
    /// The failure, as text, or what the parser said.
    pub(crate) error: String,
}

/// The workspace of the tests.
pub(crate) fn shop() -> Workspace {
    Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shop"))
}

/// Runs `shopwatch` with these arguments in the workspace of the tests.
pub(crate) fn shopwatch(arguments: &[&str]) -> Output {
    shopwatch_in(&shop(), arguments)
}

/// Checks all that a shell sees of a command of `shopwatch alarms`.
pub(crate) fn check(arguments: &str, code: u8, expect: &expect_test::Expect) {
    let words: Vec<&str> = ["alarms"].into_iter().chain(arguments.split(' ')).collect();
    let output = shopwatch(&words);
    assert_eq!(output.code, code, "{arguments}: {output:?}");
    expect.assert_eq(&format!("{}{}", output.out, output.error));
}

/// Runs `shopwatch` with these arguments in a workspace.
#[expect(clippy::unwrap_used, reason = "a test whose output is no text cannot go on")]
pub(crate) fn shopwatch_in(workspace: &Workspace, arguments: &[&str]) -> Output {
    let shell = match Shell::try_parse_from(std::iter::once(&"shopwatch").chain(arguments)) {
        Ok(shell) => shell,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap();
            let (out, error) = match code {
                0 => (error.to_string(), String::new()),
                _ => (String::new(), error.to_string()),
            };
            return Output { code, out, error };
        }
    };
    let mut out = Vec::new();
    let mut terminal = Terminal {
        out: &mut out,
        colored: false,
        progress: None,
    };
    let ended = match shell {
        Shell::Alarms(command) => alarms::run(command, workspace, &mut terminal),
        Shell::Dashboards(command) => dashboards::run(command, workspace, &mut terminal),
        Shell::Runbooks(command) => runbooks::run(command, workspace, &AnyCommand, &mut terminal),
    };
    let (code, error) = match ended {
        Ok(ended) => (ended.code(), String::new()),
        Err(refused) => (refused.code(), refused.to_string()),
    };
    let out = String::from_utf8(out).unwrap();
    Output { code, out, error }
}
