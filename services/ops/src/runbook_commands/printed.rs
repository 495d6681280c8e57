//! Commands that mails of the error report print can be typed: the real parsers are asked, this program's own and the tables of the AWS
//! CLI. Nothing is run.

use error_report_domain::report::{commands, in_region};
use ops_monitoring::Workspace;
use ops_monitoring::runbooks::{Book, CommandLine as _};
use runbooks::lint::Typed;
use runbooks::{aws, page, shell};

use super::command_line::OwnCommandLine;
use crate::workspace;

const REGIONS: [Option<&str>; 2] = [None, Some("eu-west-1")];

/// How many commands of a line are `shopwatch`'s or `aws`'s own, and what their parsers say against them. One that names no region is
/// refused where others do.
fn refusals(line: &str, parser: &OwnCommandLine) -> (usize, Vec<String>) {
    let invocations = shell::read(line).unwrap_or_else(|error| panic!("{line}: {}", error.message));
    let mut asked = 0;
    let mut refusals = Vec::new();
    for invocation in invocations {
        let mut words: Vec<String> = invocation.words.into_iter().map(|word| word.text).collect();
        let replaces = words.iter().any(|word| word == "-I");
        if words.first().is_some_and(|word| word == "xargs") && !replaces {
            // What it reads is the last word of the command that it runs.
            words.push("value".to_owned());
        }
        let Some(at) = words.iter().position(|word| word == "shopwatch" || word == "aws") else {
            continue;
        };
        asked += 1;
        let words = &words[at..];
        if line.contains(" --region ") && words[1] != "--region" {
            refusals.push(format!("{line}: {} names no region", words[0]));
        }
        let typed = match words[0].as_str() {
            "shopwatch" => parser.typed(words),
            _ => aws::typed(words),
        };
        if let Typed::Refused(refusal) = typed {
            refusals.push(format!("{line}: {}", refusal.message));
        }
    }
    (asked, refusals)
}

#[track_caller]
fn check(id: Option<&str>, alarm: Option<&str>, function: Option<&str>, count: usize) {
    let parser = OwnCommandLine::new();
    for region in REGIONS {
        let lines = commands(id, alarm, function, region);
        assert_eq!(lines.len(), count, "{lines:?}");
        for line in lines {
            assert_eq!(refusals(&line, &parser), (1, Vec::new()));
            let region = region.map_or(String::new(), |region| format!(" --region {region}"));
            assert!(line.starts_with(&format!("shopwatch{region} ")), "{line}");
        }
    }
}

#[test]
fn what_is_typed_next_can_be_typed() {
    let id = "0199f3a2-7c1e-7d00-8000-0242ac130003";
    check(
        Some(id),
        Some("shopfast-order-service-errors"),
        Some("shopfast-order-service"),
        3,
    );
    check(None, None, None, 1);
    check(None, Some("a; rm -rf ~"), Some("it's $(odd)"), 2);
    check(Some("a b"), Some("name with blanks"), None, 2);
    check(Some("1-5759e988-bd862e3fe1be46a994272793"), None, Some("f"), 2);
}

/// The parser does refuse.
#[test]
fn what_is_wrong_is_refused() {
    let check = |line: &str| {
        let (_, refusals) = refusals(line, &OwnCommandLine::new());
        assert_eq!(refusals.len(), 1, "{line}");
    };
    check("shopwatch trce 7");
    check("shopwatch logs --functon a --level error");
    check("shopwatch dlq list --json | jq -r .id | xargs -r shopwatch trce");
    check("aws --region eu-west-1 sqs purge --queue-url x");
}

/// Steps of pages stand in mails with the region of the alarm in each of their commands.
#[test]
fn steps_of_pages_can_be_typed_in_a_region() {
    let book = Book::of(&Workspace::at(workspace::root().unwrap())).unwrap();
    let parser = OwnCommandLine::new();
    let (mut asked, mut wrong) = (0, Vec::new());
    for source in &book.sources {
        let page = page::read(source.name(), &source.text).unwrap();
        let bindings = &book.alarms[source.name()].bindings;
        for step in page.sections.iter().flat_map(|section| &section.steps) {
            for region in REGIONS {
                let line = in_region(&bindings.filled(&step.command), region);
                let (commands, refusals) = refusals(&line, &parser);
                asked += commands;
                wrong.extend(refusals);
            }
        }
    }
    assert!(asked > 2 * book.sources.len(), "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
