//! `cfn-lint` on the template, SAM's transform included: what CloudFormation and SAM would refuse. It is a Python program
//! that `.ci/run` installs.

use std::process::Command;

use super::root;

const VARIABLE: &str = "SHOPWATCH_CFN_LINT";

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
        .arg(root().join("infra/shopfast.yaml"))
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
