//! `cfn-lint` on the template, SAM's transform included, and on every generated one: what CloudFormation and SAM would refuse.
//! It is a Python program that `.ci/run` installs.

use std::path::PathBuf;
use std::process::Command;

use super::root;

const VARIABLE: &str = "SHOPWATCH_CFN_LINT";

/// The template, and what is generated from it: a new file is linted without being named here.
fn templates() -> Vec<PathBuf> {
    let generated = std::fs::read_dir(root().join("infra/generated")).expect("the folder is there");
    let generated = generated.map(|entry| entry.expect("an entry").path());
    let mut templates: Vec<PathBuf> = std::iter::once(root().join("infra/shopfast.yaml"))
        .chain(generated)
        .collect();
    templates.sort();
    assert!(templates.len() >= 3, "alarms and dashboards too: {templates:?}");
    templates
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of this test: whether there is a linter is said by who starts it"
)]
fn cfn_lint_finds_nothing() {
    let Some(program) = std::env::var_os(VARIABLE).filter(|program| !program.is_empty()) else {
        println!("not run: {VARIABLE} names no cfn-lint; .ci/run does");
        return;
    };
    let output = Command::new(&program)
        .args(["--regions", "us-east-1", "eu-central-1", "--"])
        .args(templates())
        .output()
        .unwrap_or_else(|error| panic!("{VARIABLE} {}: {error}", program.display()));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.trim().is_empty(),
        "{}: {said}",
        output.status
    );
}
