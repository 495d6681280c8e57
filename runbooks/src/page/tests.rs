//! Pages, and what is wrong with broken ones.

use proptest::prelude::*;

use super::*;
use crate::generated::Facts;
use crate::lint::{Commands, Source, Subject, lint};

const GOOD: &str = "\
# shop-dlq-not-empty

## Meaning
Messages that could not be handled lie in the dead-letter queue of the shop.

## Impact
Orders in these messages are not shipped until somebody sends them back again.

## Diagnosis
### See what lies there
Look at the error of the newest one, and at its correlation ID.

```sh
shopwatch dlq list --json {{alarm.dimensions.QueueName}}
```

* exit 0
* jq `length > 0`

## Mitigation
### Send them back
Only when the cause is gone: otherwise they come back at once.

```sh changes
shopwatch dlq redrive {{alarm.dimensions.QueueName}}
```

## Verification
### Nothing is left
The queue is empty, and the alarm is over within three minutes.

```sh
shopwatch dlq list
```

* lacks `shop-dlq`

## Escalation
Ask the team that owns the shop, in its channel, with the incident log.
";

#[test]
fn a_page_is_read() {
    let page = read("shop-dlq-not-empty", GOOD).unwrap();
    let steps: Vec<_> = page.sections.iter().flat_map(|section| &section.steps).collect();
    assert_eq!(
        steps
            .iter()
            .map(|step| (
                step.title.as_str(),
                step.command_line,
                step.changes,
                step.expectations.len()
            ))
            .collect::<Vec<_>>(),
        [
            ("See what lies there", 14, false, 2),
            ("Send them back", 25, true, 0),
            ("Nothing is left", 33, false, 1)
        ]
    );
    assert_eq!(GOOD.lines().nth(13), Some(steps[0].command.as_str()));
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "the change changes nothing");
    let problems: Vec<_> = read("shop-dlq-not-empty", &text).err().unwrap_or_default();
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    check(
        "# shop-dlq-not-empty",
        "# other",
        &["1: the title is `other`; it must be the file's name, `shop-dlq-not-empty`"],
    );
    check(
        "# shop-dlq-not-empty\n",
        "",
        &["1: no title: the first line is `# shop-dlq-not-empty`"],
    );
    check(
        "## Impact",
        "## Effect",
        &[
            "1: no section Impact",
            "6: `Effect` is no section; they are Meaning, Impact, Diagnosis, Mitigation, Verification, Escalation",
        ],
    );
    check("```sh changes", "```sh", &[]);
    check(
        "```sh\nshopwatch dlq list\n",
        "```sh changes\nshopwatch dlq list\n",
        &["32: a command in Verification changes something; only Mitigation may"],
    );
    check(
        "* exit 0",
        "* works",
        &["17: `works` is no expectation; they are: exit 0, contains `…`, lacks `…`, matches `…`, jq `…`"],
    );
    check(
        "### Nothing is left\n",
        "",
        &["31: a command without a step: give it a heading of the third level"],
    );
    check(
        "```sh changes\nshopwatch dlq redrive {{alarm.dimensions.QueueName}}\n```\n",
        "",
        &["21: the step `Send them back` has no command: a block marked `sh`"],
    );
}

struct AnyCommand;

impl Commands for AnyCommand {
    fn refused(&self, command: &str) -> Option<String> {
        (!command.starts_with("shopwatch ")).then(|| format!("`{command}` cannot be typed"))
    }
}

fn subject() -> Subject {
    let mut subject = Subject::default();
    subject
        .facts
        .rows
        .push(("Fires".to_owned(), "with the first message".to_owned()));
    subject.bindings.alarm("shop-dlq-not-empty");
    subject.bindings.dimension("QueueName", "shop-dlq");
    subject
}

#[track_caller]
fn check_lint(texts: &[(&str, String)], alarms: &[&str], expected: &[&str]) {
    let sources: Vec<_> = texts
        .iter()
        .map(|(name, text)| Source {
            path: format!("runbooks/{name}.md"),
            text: text.clone(),
        })
        .collect();
    let alarms = alarms
        .iter()
        .map(|name| ((*name).to_owned(), subject()))
        .collect();
    let findings = lint(&sources, &alarms, &AnyCommand);
    let found: Vec<_> = findings
        .iter()
        .map(|finding| format!("{}:{} {}", finding.path, finding.line, finding.check))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn pages_and_alarms_belong_together() {
    let facts: Facts = subject().facts;
    let good = crate::generated::refresh(GOOD, &facts);
    let name = "shop-dlq-not-empty";
    check_lint(&[(name, good.clone())], &[name], &[]);
    check_lint(
        &[(name, good.clone())],
        &[name, "other"],
        &["other.md:1 missing-page"],
    );
    check_lint(
        &[(name, good.clone())],
        &[],
        &["runbooks/shop-dlq-not-empty.md:1 missing-alarm"],
    );
    check_lint(
        &[(name, good.replace("with the first", "with the second"))],
        &[name],
        &["runbooks/shop-dlq-not-empty.md:1 stale-block"],
    );
    check_lint(
        &[(
            name,
            good.replace("QueueName}}\n```\n\n* exit", "Queue}}\n```\n\n* exit"),
        )],
        &[name],
        &["runbooks/shop-dlq-not-empty.md:22 unbound-placeholder"],
    );
    check_lint(
        &[(name, good.replace("shopwatch dlq redrive", "rm -rf"))],
        &[name],
        &["runbooks/shop-dlq-not-empty.md:33 unknown-command"],
    );
    check_lint(
        &[(
            name,
            good.replace(
                "Ask the team that owns the shop, in its channel, with the incident log.",
                "TODO",
            ),
        )],
        &[name],
        &[
            "runbooks/shop-dlq-not-empty.md:46 empty-section",
            "runbooks/shop-dlq-not-empty.md:46 unfinished-section",
        ],
    );
    let copy = good.replace("# shop-dlq-not-empty", "# other-dlq");
    check_lint(
        &[(name, good), ("other-dlq", copy)],
        &[name, "other-dlq"],
        &[
            "runbooks/other-dlq.md:11 copied-section",
            "runbooks/other-dlq.md:14 copied-section",
        ],
    );
}

proptest! {
    #[test]
    fn any_text_is_taken(text in "[#*`\\- \na-z{}|>]{0,200}", insert in "\\PC{0,40}", at in 0..GOOD.len()) {
        let _ = read("x", &text);
        let mut page = GOOD.to_owned();
        page.insert_str(at, &insert);
        let _ = read("shop-dlq-not-empty", &page);
    }
}
