//! The committed template is what generation gives, and CloudFormation takes it.

use std::process::Command;

use dashboards::template::{TemplateText, write};
use expect_test::expect_file;

use super::{DASHBOARDS, root};

const VARIABLE: &str = "SHOPWATCH_CFN_LINT";
const FILE: &str = "infra/generated/shopfast-dashboards.yaml";

fn written() -> String {
    let text = TemplateText {
        description: "ShopFast - dashboards that follow from its template and its alarms",
        command: "shopwatch dashboards generate",
    };
    write(&text, &DASHBOARDS)
}

/// `UPDATE_EXPECT=1 cargo test -p dashboards --test shopfast` writes it, as `shopwatch dashboards generate` does.
#[test]
fn the_template_is_current() {
    expect_file![root().join(FILE)].assert_eq(&written());
}

/// CloudFormation takes 1 MB from S3.
#[test]
fn the_template_is_within_cloudformations_quota() {
    let bytes = written().len();
    assert!(bytes < 1_000_000, "{bytes}");
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
        .arg(root().join(FILE))
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
