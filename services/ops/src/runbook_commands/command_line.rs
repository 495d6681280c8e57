//! This program's own command line as `runbooks lint` asks about it: the very parser that reads what is typed. Nothing is run.

use std::cell::RefCell;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use ops_monitoring::runbooks::CommandLine;
use runbooks::lint::{Refusal, Typed};

use crate::cli::Cli;

/// Commands that change something, by their names. A new one belongs here: a test asks about every command there is.
const CHANGES: &[&str] = &[
    "up",
    "stop",
    "load",
    "dlq redrive",
    "fault set",
    "fault clear",
    "emulator restart",
    "alarms apply",
    "alarms generate",
    "dashboards generate",
    "runbooks generate",
    "runbooks run",
    "drill run",
    "archive compact",
    "archive export",
    "archive replay",
    "archive restore",
];
/// Options that follow for ever.
const FOLLOWS: &[&str] = &["follow", "watch"];

/// The parser of [`Cli`]. It is put together once: a thousand commands are asked about.
#[derive(Debug)]
pub(super) struct OwnCommandLine(RefCell<clap::Command>);

impl OwnCommandLine {
    pub(super) fn new() -> Self {
        Self(RefCell::new(Cli::command().color(clap::ColorChoice::Never)))
    }
}

impl CommandLine for OwnCommandLine {
    fn typed(&self, words: &[String]) -> Typed {
        let refused = |check, word, message| Typed::Refused(Refusal { check, word, message });
        let matches = match self.0.borrow_mut().try_get_matches_from_mut(words) {
            Ok(matches) => matches,
            Err(error) if error.kind() == ErrorKind::DisplayVersion => return Typed::Looks,
            Err(error) => {
                let (word, message) = said(&error, words);
                return refused("unknown-command", word, message);
            }
        };
        let (name, last) = innermost(&matches);
        let followed = FOLLOWS.iter().find(|option| {
            let is_there = last.try_contains_id(option).unwrap_or(false);
            is_there && last.value_source(option) == Some(clap::parser::ValueSource::CommandLine)
        });
        if let Some(option) = followed {
            let word = place(words, &format!("--{option}"));
            return refused("endless-command", word, format!("`--{option}` does not end"));
        }
        match name.as_str() {
            "" => refused(
                "unknown-command",
                0,
                "`shopwatch` without a command starts the platform".to_owned(),
            ),
            name if changes(name) => Typed::Changes,
            _ => Typed::Looks,
        }
    }
}

/// Is it a command that changes something, or below one?
fn changes(name: &str) -> bool {
    let is_it = |change: &str| {
        name.strip_prefix(change)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    CHANGES.iter().any(|change| is_it(change))
}

/// The names of the command that is meant, and its own matches.
fn innermost(matches: &clap::ArgMatches) -> (String, &clap::ArgMatches) {
    let mut names = Vec::new();
    let mut last = matches;
    while let Some((name, below)) = last.subcommand() {
        names.push(name);
        last = below;
    }
    (names.join(" "), last)
}

/// What the parser said, on one line, and which word it means.
fn said(error: &clap::Error, words: &[String]) -> (usize, String) {
    let text = error.to_string();
    let paragraphs = text
        .split("\n\n")
        .take_while(|part| !part.starts_with("Usage:") && !part.starts_with("For more"));
    let lines = paragraphs
        .flat_map(str::lines)
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let message = lines.collect::<Vec<_>>().join(" ");
    let message = message.trim_start_matches("error: ").to_owned();
    let named = message.split('\'').nth(1).unwrap_or_default();
    (place(words, named), message)
}

/// The word that begins so, or the program's name.
fn place(words: &[String], named: &str) -> usize {
    let named = named.split([' ', '=']).next().unwrap_or_default();
    let is_it =
        |word: &String| !named.is_empty() && (word == named || word.starts_with(&format!("{named}=")));
    words.iter().position(is_it).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let typed = match OwnCommandLine::new().typed(&words) {
            Typed::Looks => "looks".to_owned(),
            Typed::Changes => "changes".to_owned(),
            Typed::Refused(refusal) => {
                format!("{} {}: {}", refusal.check, words[refusal.word], refusal.message)
            }
        };
        assert_eq!(typed, expected, "{line}");
    }

    #[test]
    fn the_real_parser_answers() {
        check("shopwatch status --json", "looks");
        check("shopwatch dlq list --json", "looks");
        check(
            "shopwatch dlq redrive shopfast-notification-dlq --limit 10",
            "changes",
        );
        check("shopwatch --version", "looks");
        check(
            "shopwatch dlq lst",
            "unknown-command lst: unrecognized subcommand 'lst' tip: a similar subcommand exists: 'list'",
        );
        check(
            "shopwatch dlq list --jsn",
            "unknown-command --jsn: unexpected argument '--jsn' found tip: a similar argument exists: '--json'",
        );
        check(
            "shopwatch logs --follow",
            "endless-command --follow: `--follow` does not end",
        );
        check(
            "shopwatch",
            "unknown-command shopwatch: `shopwatch` without a command starts the platform",
        );
    }

    /// Each command is decided: those that are not listed as changing something only look.
    #[test]
    fn every_command_is_decided() {
        let mut all = Vec::new();
        collect(&Cli::command(), "", &mut all);
        for name in CHANGES {
            assert!(
                all.iter().any(|one| one.starts_with(name)),
                "there is no command `{name}`"
            );
        }
        all.retain(|name| !changes(name));
        expect_test::expect![[r#"
            status
            trace
            logs
            metrics list
            metrics get
            mails
            dlq list
            dlq show
            alarms evaluate
            alarms test
            alarms explain
            alarms lint
            alarms list
            alarms backtest
            alarms status
            dashboards list
            dashboards lint
            dashboards render
            runbooks show
            runbooks lint
            archive get
            archive ls
            archive stats
            archive verify
            archive restore-plan
            archive sql
            fault lines
            fault list
            drill list
            token
            completions"#]]
        .assert_eq(&all.join("\n"));
    }

    fn collect(command: &clap::Command, before: &str, all: &mut Vec<String>) {
        for below in command.get_subcommands() {
            let name = format!("{before} {}", below.get_name()).trim().to_owned();
            if below.has_subcommands() {
                collect(below, &name, all);
            } else {
                all.push(name);
            }
        }
    }
}
