//! The commands of the AWS CLI, from the CLI's own tables (`runbooks/aws/commands.txt`): which there are, their options, and
//! which options must be given.
//!
//! Not here: values of options, and calling AWS.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::lint::{Refusal, Typed};
use crate::near::suggestion;
use crate::query;

/// What is committed.
static COMMITTED: LazyLock<Catalog<'static>> =
    LazyLock::new(|| Catalog::read(include_str!("../aws/commands.txt")));

/// First words of commands that only look.
const LOOKS: &[&str] = &[
    "batch-get",
    "check",
    "describe",
    "detect",
    "estimate",
    "filter",
    "get",
    "list",
    "lookup",
    "ls",
    "preview",
    "query",
    "scan",
    "search",
    "simulate",
    "tail",
    "test",
    "validate",
    "wait",
    "head",
];
/// Commands that only look, whatever their first word says. The query language of log groups runs as a query that is started.
const LOOKS_TOO: &[(&str, &str)] = &[
    ("logs", "start-query"),
    ("logs", "stop-query"),
    ("dynamodb", "transact-get-items"),
];

/// What `aws` makes of these words, its own name first.
///
/// ```
/// use runbooks::aws::typed;
/// use runbooks::lint::Typed;
///
/// let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
/// assert_eq!(typed(&words("aws sqs get-queue-attributes --queue-url x --attribute-names All")), Typed::Looks);
/// assert_eq!(typed(&words("aws sqs purge-queue --queue-url x")), Typed::Changes);
/// let Typed::Refused(refusal) = typed(&words("aws sqs purge-queue --queue x")) else { unreachable!() };
/// assert_eq!(refusal.message, "`aws sqs purge-queue` has no option `--queue`; did you mean `--queue-url`?");
/// ```
#[must_use]
pub fn typed(words: &[String]) -> Typed {
    match COMMITTED.typed(words) {
        Ok(typed) => typed,
        Err(refusal) => Typed::Refused(refusal),
    }
}

/// How many values an option has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    None,
    One,
    Many,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parameter {
    values: Values,
    required: bool,
}

#[derive(Debug, Default)]
struct Command {
    options: BTreeMap<String, Parameter>,
    /// Arguments without an option: at least, at most.
    arguments: (usize, usize),
}

/// By service, then by command, the line of its options: read when somebody asks.
#[derive(Debug, Default)]
struct Catalog<'a> {
    everywhere: Command,
    services: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
}

fn refused<T>(word: usize, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        check: "unknown-command",
        word,
        message: message.into(),
    })
}

impl<'a> Catalog<'a> {
    fn read(text: &'a str) -> Self {
        let mut catalog = Self::default();
        let mut service = "";
        for line in text.lines() {
            if let Some(command) = line.strip_prefix("  ") {
                // A waiter's name has two words.
                let options = command.find([' ', '\n']).map_or(command.len(), |_| {
                    command
                        .find(" -")
                        .or_else(|| command.find(" <"))
                        .unwrap_or(command.len())
                });
                let (name, options) = command.split_at(options);
                catalog
                    .services
                    .entry(service)
                    .or_default()
                    .insert(name.trim(), options);
            } else if let Some(options) = line.strip_prefix("- ") {
                catalog.everywhere = Command::read(options);
            } else if !line.starts_with('#') {
                service = line.trim();
            }
        }
        catalog
    }

    fn typed(&self, words: &[String]) -> Result<Typed, Refusal> {
        let at = |from: usize| self.next_name(words, from);
        let service_at = at(1).map_or_else(|| refused(0, "`aws` without a service"), Ok)?;
        let service = words[service_at].as_str();
        let Some(commands) = self.services.get(service) else {
            let near = suggestion(service, self.services.keys().copied());
            return refused(
                service_at,
                format!(
                    "`{service}` is no service in runbooks/aws/commands.txt{near} Its head says how to add one"
                ),
            );
        };
        let name_at = at(service_at + 1).map_or_else(
            || refused(service_at, format!("`aws {service}` without a command")),
            Ok,
        )?;
        let (name, last) = self.name(commands, words, name_at);
        let Some(options) = commands.get(name.as_str()) else {
            let near = suggestion(&name, commands.keys().copied());
            return refused(name_at, format!("`aws {service}` has no command `{name}`{near}"));
        };
        let full = format!("aws {service} {name}");
        self.options(&Command::read(options), &full, words, last + 1)?;
        queries(words)?;
        if name.starts_with("wait ") {
            return endless(name_at, "it waits for minutes: ask once, and judge the answer");
        }
        if let Some(follows) = words.iter().position(|word| word == "--follow") {
            return endless(follows, "it follows and does not end");
        }
        Ok(if looks(service, &name, words) {
            Typed::Looks
        } else {
            Typed::Changes
        })
    }

    /// The next word that is neither an option of every command nor its value.
    fn next_name(&self, words: &[String], from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(word) = words.get(at) {
            let (option, value) = split(word);
            match self.everywhere.options.get(option) {
                Some(option) if option.values != Values::None && value.is_none() => at += 2,
                Some(_) => at += 1,
                None => return Some(at),
            }
        }
        None
    }

    /// A command's name, of two words when the first begins a group, and the place of its last word.
    fn name(&self, commands: &BTreeMap<&str, &str>, words: &[String], at: usize) -> (String, usize) {
        let first = &words[at];
        let is_group = commands.keys().any(|name| name.starts_with(&format!("{first} ")));
        match words.get(at + 1).filter(|_| is_group) {
            Some(second) => (format!("{first} {second}"), at + 1),
            None => (first.clone(), at),
        }
    }

    fn options(&self, command: &Command, name: &str, words: &[String], from: usize) -> Result<(), Refusal> {
        let mut given = Vec::new();
        let mut arguments = 0;
        let mut at = from;
        while let Some(word) = words.get(at) {
            if !word.starts_with("--") {
                arguments += 1;
                if arguments > command.arguments.1 {
                    return refused(at, format!("`{name}` takes no `{word}` here"));
                }
                at += 1;
                continue;
            }
            let (option, value) = split(word);
            let known = command
                .options
                .get(option)
                .or_else(|| self.everywhere.options.get(option));
            let Some(known) = known else {
                let all = command.options.keys().chain(self.everywhere.options.keys());
                let near = suggestion(option, all.map(String::as_str));
                return refused(at, format!("`{name}` has no option `{option}`{near}"));
            };
            given.push(option);
            at += 1 + values(known.values, value.is_some(), words, at, option)?;
        }
        if given
            .iter()
            .any(|option| matches!(*option, "--cli-input-json" | "--generate-cli-skeleton"))
        {
            return Ok(());
        }
        let missing = command
            .options
            .iter()
            .filter(|(option, known)| known.required && !given.contains(&option.as_str()))
            .map(|(option, _)| format!("`{option}`"))
            .collect::<Vec<_>>();
        if !missing.is_empty() {
            return refused(from - 1, format!("`{name}` needs {}", missing.join(", ")));
        }
        if arguments < command.arguments.0 {
            return refused(
                from - 1,
                format!(
                    "`{name}` needs {} more without an option",
                    command.arguments.0 - arguments
                ),
            );
        }
        Ok(())
    }
}

/// How many words behind an option are its values.
fn values(values: Values, inside: bool, words: &[String], at: usize, option: &str) -> Result<usize, Refusal> {
    let behind = words[at + 1..]
        .iter()
        .take_while(|word| !word.starts_with("--"))
        .count();
    match (values, inside) {
        (Values::None, true) => refused(at, format!("`{option}` takes no value")),
        (Values::None, false) | (Values::One, true) => Ok(0),
        (Values::Many, true) => Ok(behind),
        (Values::One | Values::Many, false) if behind == 0 => {
            refused(at, format!("`{option}` needs a value"))
        }
        (Values::One, false) => Ok(1),
        (Values::Many, false) => Ok(behind),
    }
}

/// Each `--query` is JMESPath. No command has an option of that name of its own.
fn queries(words: &[String]) -> Result<(), Refusal> {
    for (at, word) in words.iter().enumerate() {
        let (word_at, query) = match split(word) {
            ("--query", Some(query)) => (at, Some(query)),
            ("--query", None) => (at + 1, words.get(at + 1).map(String::as_str)),
            _ => continue,
        };
        if let Some(Err(error)) = query.map(query::read) {
            return Err(Refusal {
                check: "broken-filter",
                word: word_at,
                message: error.to_string(),
            });
        }
    }
    Ok(())
}

fn endless(word: usize, message: &str) -> Result<Typed, Refusal> {
    Err(Refusal {
        check: "endless-command",
        word,
        message: message.to_owned(),
    })
}

fn looks(service: &str, name: &str, words: &[String]) -> bool {
    let has = |first: &str| {
        name.strip_prefix(first)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if (service, name) == ("sqs", "receive-message") {
        // It hides messages from others, unless it is told not to.
        return words
            .windows(2)
            .any(|pair| pair[0] == "--visibility-timeout" && pair[1] == "0");
    }
    LOOKS.iter().any(|first| has(first)) || LOOKS_TOO.contains(&(service, name))
}

/// `--name=value`.
fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((option, value)) if option.starts_with("--") => (option, Some(value)),
        _ => (word, None),
    }
}

impl Command {
    fn read(line: &str) -> Self {
        let mut command = Self::default();
        for word in line.split_whitespace() {
            let name = word.trim_end_matches(['!', '?', '*']);
            let marks = &word[name.len()..];
            let required = marks.contains('!');
            let values = match marks.chars().last() {
                Some('?') => Values::None,
                Some('*') => Values::Many,
                _ => Values::One,
            };
            let option = Parameter { values, required };
            if name.starts_with('<') {
                let most = if values == Values::Many { usize::MAX } else { 1 };
                command.arguments.0 += usize::from(required);
                command.arguments.1 = command.arguments.1.saturating_add(most);
            } else if let Some(rest) = name.strip_prefix("--[no-]") {
                command.options.insert(
                    format!("--no-{rest}"),
                    Parameter {
                        values,
                        required: false,
                    },
                );
                command.options.insert(
                    format!("--{rest}"),
                    Parameter {
                        values,
                        required: false,
                    },
                );
            } else {
                command.options.insert(name.to_owned(), option);
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let shown = match typed(&words) {
            Typed::Looks => "looks".to_owned(),
            Typed::Changes => "changes".to_owned(),
            Typed::Refused(refusal) => {
                format!("{} {}: {}", refusal.check, words[refusal.word], refusal.message)
            }
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn commands_are_those_of_the_cli() {
        check("aws sqs list-queues", "looks");
        check("aws --output json sqs list-queues --query QueueUrls", "looks");
        check("aws --output=json sqs list-queues --no-paginate", "looks");
        check(
            "aws lambda get-function-configuration --function-name=a --query Timeout",
            "looks",
        );
        check("aws cloudwatch describe-alarms --alarm-names a b c", "looks");
        check(
            "aws logs filter-log-events --log-group-name a --no-interleaved",
            "looks",
        );
        check("aws lambda invoke --function-name a /dev/stdout", "changes");
        check("aws s3 ls s3://a --recursive", "looks");
        check("aws s3 ls", "looks");
        check("aws s3 rm s3://a", "changes");
        check(
            "aws logs start-query --start-time 1 --end-time 2 --query-string x",
            "looks",
        );
        check(
            "aws sqs receive-message --queue-url x --visibility-timeout 0",
            "looks",
        );
        check("aws sqs receive-message --queue-url x", "changes");
        check("aws dynamodb put-item --cli-input-json {}", "changes");
        check(
            "aws lambda update-function-configuration --function-name a --timeout 20",
            "changes",
        );
    }

    #[test]
    fn what_the_cli_refuses_is_refused() {
        check("aws", "unknown-command aws: `aws` without a service");
        check("aws sqs", "unknown-command sqs: `aws sqs` without a command");
        check(
            "aws lamda list-functions",
            "unknown-command lamda: `lamda` is no service in runbooks/aws/commands.txt; did you mean `lambda`? Its head says how to add one",
        );
        check(
            "aws lambda get-function-config --function-name a",
            "unknown-command get-function-config: `aws lambda` has no command `get-function-config`; did you mean `get-function-configuration`?",
        );
        check(
            "aws lambda get-function --name a",
            "unknown-command --name: `aws lambda get-function` has no option `--name`",
        );
        check(
            "aws lambda get-function --query a",
            "unknown-command get-function: `aws lambda get-function` needs `--function-name`",
        );
        check(
            "aws lambda get-function a",
            "unknown-command a: `aws lambda get-function` takes no `a` here",
        );
        check(
            "aws sqs list-queues --query",
            "unknown-command --query: `--query` needs a value",
        );
        check(
            "aws sqs list-queues --debug=1",
            "unknown-command --debug=1: `--debug` takes no value",
        );
        check(
            "aws lambda invoke --function-name a",
            "unknown-command invoke: `aws lambda invoke` needs 1 more without an option",
        );
        check(
            "aws lambda wait function-active --function-name a",
            "endless-command wait: it waits for minutes: ask once, and judge the answer",
        );
    }

    #[test]
    fn a_query_is_jmespath() {
        check(
            "aws sqs list-queues --query QueueUrls[*",
            "broken-filter QueueUrls[*: `--query` is no JMESPath: Expected ']' for wildcard index -- found Eof, at character 12 of `QueueUrls[*`",
        );
        check(
            "aws --query=a..b sqs list-queues",
            "broken-filter --query=a..b: `--query` is no JMESPath: Expected identifier, '*', '{', '[', '&', or '[?' -- found Dot, at character 3 of `a..b`",
        );
        check(
            "aws logs start-query --start-time 1 --end-time 2 --query-string x[",
            "looks",
        );
    }

    /// The file has what the CLI has: a slip in the script would leave out groups or arguments.
    #[test]
    fn the_file_is_whole() {
        assert!(COMMITTED.services.len() >= 20, "{:?}", COMMITTED.services.keys());
        let commands: usize = COMMITTED.services.values().map(BTreeMap::len).sum();
        assert!(commands > 1000, "{commands}");
        assert!(COMMITTED.everywhere.options.contains_key("--query"));
        for (service, commands) in &COMMITTED.services {
            assert!(!commands.is_empty(), "{service}");
        }
    }
}
