//! Pages, and what is wrong with broken ones.

use proptest::prelude::*;

use super::*;
pub(crate) const GOOD: &str = "\
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
* if contains `other-dlq`: another queue is not empty; go on with [Send them back](#send-them-back)

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
    let found: Vec<_> = steps.iter().flat_map(|step| &step.findings).collect();
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["if contains `other-dlq`: another queue is not empty; go on with Send them back"]
    );
    assert_eq!(found[0].leads_to, [steps[1].anchor.as_str()]);
    let links: Vec<_> = page
        .links
        .iter()
        .map(|link| (link.to.as_str(), link.at))
        .collect();
    assert_eq!(links, [("#send-them-back", Place { line: 37, column: 67 })]);
    assert!(page.anchors.contains("send-them-back"));
    assert_eq!(steps[1].expected().len(), 1, "exit 0");
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
        "* if it works",
        &[
            "17: `if it works` is no finding; write if, an expectation, a colon and what it means: if contains `Task timed out`: it times out",
        ],
    );
    check(
        "* exit 0",
        "* needs AWS",
        &["17: `needs AWS` without a reason: write `needs AWS: why`"],
    );
    check("* exit 0", "* needs AWS: X-Ray groups", &[]);
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

proptest! {
    #[test]
    fn any_text_is_taken(text in "[#*`\\- \na-z{}|>]{0,200}", insert in "\\PC{0,40}", at in 0..GOOD.len()) {
        let _ = read("x", &text);
        let mut page = GOOD.to_owned();
        page.insert_str(at, &insert);
        let _ = read("shop-dlq-not-empty", &page);
    }
}
