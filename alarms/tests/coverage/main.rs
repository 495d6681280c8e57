//! Small templates and definition files: what follows from them, and what is wrong with them.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be read is a failed test"
)]

mod databases;
mod problems;
mod rules;

use alarms::coverage::{Generated, Problems, generate};
use alarms::definitions::Definitions;
use alarms::registry::MetricRegistry;
use infra::{Deployment, NoTemplates, Source, Stack};

/// What every template here has: the topics on which alarms act.
const TOPICS: &str = "
  Page: { Type: AWS::SNS::Topic, Properties: { TopicName: page } }
  Ticket: { Type: AWS::SNS::Topic, Properties: { TopicName: ticket } }
  Journal: { Type: AWS::SNS::Topic, Properties: { TopicName: journal } }
";

const HEAD: &str = "
templates: [{ file: shop.yaml }]
group: shop
runbooks: https://runbooks.example/
topics: { page: page, ticket: ticket, journal: journal }
kinds: { Account: { costs: { accepted: A budget of the account watches them. } } }
";

/// Resources, indented by two, beside the topics.
fn stack(resources: &str) -> Stack {
    read(format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:{TOPICS}{resources}"
    ))
}

fn read(text: String) -> Stack {
    let file = "shop.yaml".to_owned();
    let source = Source { file, text };
    Stack::read(source, &Deployment::default(), &mut NoTemplates)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// What follows from resources and from what definition files say beside the head.
fn follows(resources: &str, definitions: &str) -> Result<Generated, Problems> {
    follows_from(stack(resources), definitions)
}

/// With another head.
fn generate_with(head: &str, definitions: &str) -> Result<Generated, Problems> {
    generated(stack(""), head, definitions)
}

fn follows_from(stack: Stack, definitions: &str) -> Result<Generated, Problems> {
    generated(stack, HEAD, definitions)
}

fn generated(stack: Stack, head: &str, definitions: &str) -> Result<Generated, Problems> {
    let definitions = Definitions::read([("head.yaml", head), ("shop-definitions.yaml", definitions)])?;
    let registry = r#"{"orders": {"namespace": "Shop", "metrics": {"Stuck": {"unit": "Count", "sets": [["Service"]]}}}}"#;
    let registry = MetricRegistry::read(registry).expect("the registry is read");
    generate(&[stack], &definitions, &registry)
}
