//! What `shopfast.yaml` promises, read from the template itself: each module is one promise. Whether the template is valid
//! CloudFormation is `cfn-lint`'s to say (`lint`).

#![expect(
    clippy::expect_used,
    reason = "a template that cannot be read is a failed test"
)]

mod archive;
mod build;
mod events;
mod functions;
mod grants;
mod lint;
mod observability;
mod parameters;
mod queues;
mod rights;
mod source;
mod storage;
mod workflow;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use infra::{Function, Resource, Template};

const QUEUE: &str = "AWS::SQS::Queue";
const STATE_MACHINE: &str = "AWS::Serverless::StateMachine";

static SHOPFAST: LazyLock<Template> =
    LazyLock::new(|| Template::parse(&read("infra/shopfast.yaml")).expect("the template is read"));
static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    SHOPFAST
        .functions()
        .expect("every function has a name and numbers")
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A function by its name.
fn function(name: &str) -> &'static Function {
    let found = FUNCTIONS.iter().find(|function| function.name == name);
    found.unwrap_or_else(|| panic!("there is no function {name}"))
}

/// The resource that a `Ref` or `Fn::GetAtt` names.
fn resource_of(value: &serde_json::Value) -> Option<&'static Resource> {
    SHOPFAST.resource(infra::target(value)?)
}

/// Fails with every violation, not only the first.
fn check(promise: &str, violations: impl IntoIterator<Item = String>) {
    let violations: Vec<String> = violations.into_iter().collect();
    assert!(violations.is_empty(), "{promise}:\n  {}", violations.join("\n  "));
}
