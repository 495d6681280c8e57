//! `cfn-lint` on the template, SAM's transform included, and on every generated one: what CloudFormation and SAM would refuse.
//! It is a Python program: the one that whoever starts the tests names, or one that is installed here, pinned and hashed, once per
//! build folder.

use std::path::{Path, PathBuf};
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

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of this test: where the linter is says who starts it"
)]
fn program() -> PathBuf {
    match std::env::var_os(VARIABLE).filter(|program| !program.is_empty()) {
        Some(program) => program.into(),
        None => installed(),
    }
}

/// Where the tests of the platform have their AWS CLI: the requirements are the same.
fn installed() -> PathBuf {
    let requirements = root().join(".ci/requirements.txt");
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../aws-cli");
    let wanted = std::fs::read(&requirements).expect("read .ci/requirements.txt");
    let stamp = venv.join("requirements.txt");
    if !std::fs::read(&stamp).is_ok_and(|there| there == wanted) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
        ])
        .arg(&requirements);
        run(&mut pip);
        std::fs::write(stamp, wanted).expect("write the stamp");
    }
    venv.join("bin/cfn-lint")
}

fn run(command: &mut Command) {
    let output = command.output();
    let output = output
        .unwrap_or_else(|error| panic!("install cfn-lint: {command:?}: {error}; {VARIABLE} names another"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "install cfn-lint: {command:?} ended with {}: {errors}; {VARIABLE} names another",
        output.status
    );
}

#[test]
fn cfn_lint_finds_nothing() {
    let program = program();
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
