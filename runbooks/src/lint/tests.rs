//! Broken pages, and what is found.

mod copied;

use std::sync::LazyLock;

use super::*;
use crate::page::tests::GOOD;

struct Shop;

impl Surroundings for Shop {
    fn shopwatch(&self, words: &[String]) -> Typed {
        let refused = |word: usize| {
            Typed::Refused(Refusal {
                check: "unknown-command",
                word,
                message: format!("`{}` cannot be typed", words[word]),
            })
        };
        match words.get(1..3) {
            Some([dlq, list]) if dlq == "dlq" && list == "list" => Typed::Looks,
            Some([metrics, get]) if metrics == "metrics" && get == "get" => Typed::Looks,
            Some([dlq, redrive]) if dlq == "dlq" && redrive == "redrive" => Typed::Changes,
            _ => refused(1),
        }
    }

    fn file(&self, path: &str) -> Option<String> {
        (path == "docs/shop.md").then(|| "# The shop\n".to_owned())
    }

    fn known(&self) -> &Known {
        static KNOWN: LazyLock<Known> = LazyLock::new(|| Known {
            prefix: "shop-".to_owned(),
            names: ["shop-dlq", "shop-orders"].map(str::to_owned).into(),
            functions: [(
                "shop-orders".to_owned(),
                Figures {
                    timeout: 60,
                    memory: 512,
                },
            )]
            .into(),
        });
        &KNOWN
    }

    fn no_metric(&self, namespace: &str, name: &str) -> Option<String> {
        (namespace == "AWS/SQS" && name != "MessagesVisible").then(|| format!("{namespace} has no {name}"))
    }
}

fn subject(name: &str) -> Subject {
    let mut subject = Subject {
        path: format!("runbooks/shop/{name}.md"),
        ..Subject::default()
    };
    let row = ("Fires".to_owned(), "with the first message".to_owned());
    subject.facts.rows.push(row);
    subject.bindings.alarm(name);
    subject.bindings.dimension("QueueName", "shop-dlq");
    subject
}

fn findings(texts: &[(&str, String)], alarms: &[&str]) -> Vec<Finding> {
    let source = |(name, text): &(&str, String)| Source {
        path: format!("runbooks/shop/{name}.md"),
        text: text.clone(),
    };
    let sources: Vec<_> = texts.iter().map(source).collect();
    let alarms = alarms
        .iter()
        .map(|name| ((*name).to_owned(), subject(name)))
        .collect();
    lint(&sources, &alarms, &Shop)
}

const NAME: &str = "shop-dlq-not-empty";

fn good() -> String {
    crate::generated::refresh(GOOD, &subject(NAME).facts)
}

#[track_caller]
fn check_set(texts: &[(&str, String)], alarms: &[&str], expected: &[&str]) {
    let found: Vec<_> = findings(texts, alarms)
        .iter()
        .map(|finding| format!("{}:{} {}", finding.path, finding.at.line, finding.check))
        .collect();
    assert_eq!(found, expected);
}

/// The page with a change, and all that is found: line, column, check, message.
#[track_caller]
fn check_page(from: &str, to: &str, expected: &[&str]) {
    let text = good().replacen(from, to, 1);
    assert_ne!(text, good(), "the change changes nothing");
    let found: Vec<_> = findings(&[(NAME, text)], &[NAME])
        .iter()
        .map(|finding| {
            let Finding {
                at, check, message, ..
            } = finding;
            format!("{}:{} {check}: {message}", at.line, at.column)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn pages_and_alarms_belong_together() {
    check_set(&[(NAME, good())], &[NAME], &[]);
    check_set(
        &[(NAME, good())],
        &[NAME, "other"],
        &["runbooks/shop/other.md:1 missing-page"],
    );
    check_set(
        &[(NAME, good())],
        &[],
        &["runbooks/shop/shop-dlq-not-empty.md:1 missing-alarm"],
    );
    let copy = good().replace("# shop-dlq-not-empty", "# other-dlq").replace(
        "of the shop.",
        "of what the shop could not do at all today, for any reason.",
    );
    check_set(
        &[(NAME, good()), ("other-dlq", copy)],
        &[NAME, "other-dlq"],
        &["runbooks/shop/other-dlq.md:14 copied-section"],
    );
}

#[test]
fn the_block_is_of_today() {
    check_page(
        "with the first",
        "with the second",
        &[
            "3:1 stale-block: the generated block is out of date: `shopwatch runbooks generate shop-dlq-not-empty` writes it",
        ],
    );
    check_set(
        &[(NAME, GOOD.to_owned())],
        &[NAME],
        &["runbooks/shop/shop-dlq-not-empty.md:1 stale-block"],
    );
}

#[test]
fn sections_say_something() {
    check_page(
        "Ask the team that owns the shop, in its channel, with the incident log.",
        "TODO",
        &[
            "47:1 empty-section: Escalation says nothing",
            "47:1 unfinished-section: Escalation is not finished",
        ],
    );
    check_page(
        "with the incident log.",
        "todo: in which?",
        &["47:1 unfinished-section: Escalation is not finished"],
    );
}

#[test]
fn expectations_can_fail() {
    let idle = |what: &str| {
        format!(
            "22:1 idle-expectation: `{what}` holds whatever `See what lies there` answers: it can tell nothing"
        )
    };
    check_page("* jq `length > 0`", "* jq `true`", &[&idle("jq `true`")]);
    check_page(
        "* jq `length > 0`",
        "* jq `length >= 0`",
        &[&idle("jq `length >= 0`")],
    );
    check_page(
        "* jq `length > 0`",
        "* jq `length > 0`\n* if matches `.*`: it lies there",
        &[&idle("if matches `.*`")],
    );
}

#[test]
fn names_are_those_of_the_template() {
    let list = "shopwatch dlq list --json {{alarm.dimensions.QueueName}}";
    check_page(list, "shopwatch dlq list shop-dlq shop-dlq-not-empty", &[]);
    check_page(
        list,
        "shopwatch dlq list shop-dlp",
        &[
            "22:20 unknown-name: nothing in the template is called `shop-dlp`, and no alarm; did you mean `shop-dlq`?",
        ],
    );
    check_page(
        list,
        "aws sqs list-queues | jq '.[] | select(startswith(\"shop-d\"))'",
        &[
            "22:26 unknown-name: nothing in the template is called `shop-d`, and no alarm; did you mean `shop-dlq`?",
        ],
    );
    // The beginning of several, and part of another name.
    check_page(
        list,
        "aws sqs list-queues | jq '.[] | select(startswith(\"shop-\") or . == \"my-shop-x\")'",
        &[],
    );
    check_page(
        list,
        "shopwatch metrics get AWS/SQS Visible",
        &["22:31 unknown-metric: AWS/SQS has no Visible"],
    );
    check_page(list, "shopwatch metrics get AWS/SQS MessagesVisible", &[]);
}

#[test]
fn filters_can_be_read() {
    let list = "shopwatch dlq list --json {{alarm.dimensions.QueueName}}";
    let with = |filter: &str| format!("aws sqs list-queues | jq {filter}");
    check_page(
        list,
        &with("'.[] | select('"),
        &["22:26 broken-filter: jq cannot read the filter `.[] | select(`"],
    );
    check_page(
        list,
        &with("-s"),
        &["22:23 broken-filter: jq has no filter; `.` shows all"],
    );
    check_page(list, &with("-s --argjson n 1 '{n: $n, all: length}'"), &[]);
    let asks = |query: &str| format!("aws sqs list-queues \\\n  --query {query}");
    check_page(list, &asks("\"QueueUrls[?contains(@, 'orders')] | [0]\""), &[]);
    check_page(
        list,
        &asks("\"QueueUrls[?contains(@, 'orders')\""),
        &[
            "23:11 broken-filter: `--query` is no JMESPath: Expected ']' -- found Eof, at character 33 of `QueueUrls[?contains(@, 'orders')`",
        ],
    );
}

#[test]
fn figures_are_those_of_the_template() {
    let list = "shopwatch dlq list --json {{alarm.dimensions.QueueName}}\n```\n\n* exit 0\n* jq `length > 0`";
    let asks = |condition: &str| {
        format!(
            "aws lambda get-function-configuration --function-name shop-orders\n```\n\n* if jq `{condition}`: it is less"
        )
    };
    check_page(list, &asks(".timeout < 60 or .memory < 512"), &[]);
    check_page(
        list,
        &asks(".timeout < 30"),
        &["22:1 stale-figure: `.timeout < 30`: the template says 60"],
    );
    let redrive = "shopwatch dlq redrive {{alarm.dimensions.QueueName}}";
    let sets = |option: &str| {
        format!("aws lambda update-function-configuration --function-name shop-orders {option}")
    };
    check_page(redrive, &sets("--timeout 90 --memory-size 1024"), &[]);
    check_page(
        redrive,
        &sets("--timeout 60"),
        &["33:1 stale-figure: `--timeout 60`: the template says 60 already"],
    );
    check_page(
        redrive,
        &sets("--memory-size 256"),
        &["33:1 stale-figure: `--memory-size 256`: the template says 512 already"],
    );
    // What somebody took away is given back.
    let text = good().replacen(list, &asks(".timeout < 60"), 1);
    let text = text.replacen(redrive, &sets("--timeout 60"), 1);
    check_set(&[(NAME, text)], &[NAME], &[]);
}

#[test]
fn commands_can_be_typed() {
    let list = "shopwatch dlq list --json {{alarm.dimensions.QueueName}}";
    check_page(
        list,
        "shopwatch dlq list {{alarm.dimensions.Queue}}",
        &[
            "22:20 unbound-placeholder: `{{alarm.dimensions.Queue}}` stands for nothing; did you mean `{{alarm.dimensions.QueueName}}`?",
        ],
    );
    check_page(
        list,
        "shopwatch dql list",
        &["22:11 unknown-command: `dql` cannot be typed"],
    );
    check_page(
        list,
        "shopwatch dlq redrive {{alarm.dimensions.QueueName}}",
        &[
            "22:1 unmarked-change: it changes something: put it into Mitigation, in a block marked `sh changes`",
        ],
    );
    check_page(
        list,
        "aws sqs get-queue-url \\\n  --queue {{alarm.dimensions.QueueName}}",
        &[
            "23:3 unknown-command: `aws sqs get-queue-url` has no option `--queue`; did you mean `--queue-name`?",
        ],
    );
    check_page(list, "aws sqs list-queues | jq .", &[]);
    check_page(
        list,
        "aws sqs list-queues --region x",
        &[
            "22:21 set-by-run: `--region`: `shopwatch runbooks run` says which platform is meant; leave it out",
        ],
    );
    check_page(
        list,
        "shopwatch dlq list > a",
        &["22:20 unreadable-command: writes a file; what a step prints goes into the incident log anyway"],
    );
    check_page(
        list,
        "shopwatch dlq list | gerp a",
        &[
            "22:22 unknown-program: `gerp` is no program of pages, which are shopwatch, aws, cat, curl, cut, date, echo, grep, head, jq, printf, sed, sort, tail, test, tr, true, uniq, wc, xargs; did you mean `grep`?",
        ],
    );
    for variable in ["AWS_PROFILE", "AWS_ENDPOINT_URL_SQS", "SHOPWATCH_REGION", "PATH"] {
        let found = format!(
            "22:1 set-by-run: `{variable}`: `shopwatch runbooks run` says which platform is meant; leave it out"
        );
        check_page(
            list,
            &format!("{variable}=x aws sqs list-queues"),
            &[found.as_str()],
        );
    }
    check_page(list, "TZ=UTC aws sqs list-queues", &[]);
    check_page(
        list,
        "aws sqs list-queues | sh -c 'AWS_PROFILE=x aws sqs list-queues'",
        &[
            "22:29 set-by-run: `AWS_PROFILE`: `shopwatch runbooks run` says which platform is meant; leave it out",
        ],
    );
    check_page(
        "shopwatch dlq redrive {{alarm.dimensions.QueueName}}",
        "aws sns subscribe --topic-arn a --protocol email --notification-endpoint page@shop.example",
        &[
            "33:83 address-of-nobody: an address of nobody in a change: whoever types it gives theirs, \"${PAGE_EMAIL:?the address of PageEmail}\"",
        ],
    );
    for hides in ["|| true", "|| echo none"] {
        let from = format!("{list}\n```\n\n* exit 0\n* jq `length > 0`");
        check_page(
            &from,
            &format!("aws sqs list-queues 2>&1 {hides}\n```\n\n* exit 0"),
            &[
                "22:26 hidden-failure: hides that the command failed: expect what is printed (`2>&1`), with the errors that mean something",
            ],
        );
        check_page(
            &from,
            &format!("aws sqs list-queues 2>&1 {hides}\n```\n\n* matches `Urls|NotFound`"),
            &[],
        );
    }
    check_page(
        list,
        "tail -f a",
        &["22:6 endless-command: it follows and does not end"],
    );
    check_page(
        list,
        "curl -X POST localhost",
        &[
            "22:1 unmarked-change: it changes something: put it into Mitigation, in a block marked `sh changes`",
        ],
    );
}

#[test]
fn links_lead_somewhere() {
    let check = |to: &str, expected: Option<&str>| {
        let link = format!("[Send them back]({to})");
        let text = good().replace("[Send them back](#send-them-back)", &link);
        let found = findings(&[(NAME, text)], &[NAME]);
        let messages: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages.first().copied(), expected, "{to}");
    };
    check(
        "#send-them-bakc",
        Some("`#send-them-bakc` is no heading of this page; did you mean `send-them-back`?"),
    );
    check("../../docs/shop.md", None);
    check("../../docs/shop.md#the-shop", None);
    check(
        "../../docs/shop.md#shop",
        Some("`#shop` is no heading of docs/shop.md"),
    );
    check("../docs/shop.md", Some("there is no runbooks/docs/shop.md"));
    check("../../../x.md", Some("`../../../x.md` leads out of the clone"));
    check("https://docs.aws.amazon.com/lambda", None);
    check(
        "http://docs.aws.amazon.com/",
        Some(
            "`http://docs.aws.amazon.com/` cannot be checked; pages link to files of the clone, or with https to docs.aws.amazon.com, repost.aws, health.aws.amazon.com, console.aws.amazon.com",
        ),
    );
}

/// Every check that is listed is found by a test of this file, by name.
#[test]
fn every_check_is_listed_once() {
    let names: BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
    assert_eq!(names.len(), CHECKS.len());
}
