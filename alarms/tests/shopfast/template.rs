//! The committed templates are what generation gives, and CloudFormation takes them.

use std::process::Command;

use expect_test::expect_file;

use super::{SHOPFAST, root};

const VARIABLE: &str = "SHOPWATCH_CFN_LINT";
const NAME: &str = "shopfast-alarms";

/// `UPDATE_EXPECT=1 cargo test -p alarms --test shopfast` writes them, as `shopwatch alarms generate` does.
#[test]
fn templates_are_current() {
    let rendered = alarms::render::cloudformation("shopfast", &SHOPFAST);
    for one in &rendered {
        expect_file![root().join(format!("infra/generated/{}.yaml", one.name))].assert_eq(&one.text);
    }
    let there = std::fs::read_dir(root().join("infra/generated")).expect("the folder is there");
    let names = there.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let stale: Vec<String> = names
        .filter(|name| {
            name.starts_with(NAME) && !rendered.iter().any(|one| format!("{}.yaml", one.name) == *name)
        })
        .collect();
    assert!(stale.is_empty(), "no longer generated: {stale:?}");
}

#[test]
fn templates_are_within_cloudformations_quotas() {
    for one in alarms::render::cloudformation("shopfast", &SHOPFAST) {
        let resources = one
            .text
            .lines()
            .filter(|line| line.starts_with("    Type: AWS::"))
            .count();
        assert!(
            one.text.len() < 1_000_000 && resources <= 500,
            "{}: {resources}, {} bytes",
            one.name,
            one.text.len()
        );
    }
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
        .arg(root().join("infra/generated/shopfast-alarms.yaml"))
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
