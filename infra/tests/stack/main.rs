//! Templates in the style of others, read as they would be deployed. Each fixture `NAME` has its stack beside it, as
//! `describe` tells it: `NAME.txt`. After a change that is meant: `UPDATE_EXPECT=1 cargo test -p infra --test stack`.

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be read is a failed test"
)]

mod defaults;
mod describe;
mod shopfast;

use std::path::{Path, PathBuf};

use expect_test::expect_file;
use infra::{Deployment, Source, Stack, Templates};

/// Nested templates lie beside their parents; what is on the web cannot be had.
struct Folder;

impl Templates for Folder {
    fn open(&mut self, _from: &str, location: &str) -> Result<Option<Source>, String> {
        if location.contains("://") {
            return Ok(None);
        }
        let text = std::fs::read_to_string(fixtures().join(location)).map_err(|error| error.to_string())?;
        let file = location.to_owned();
        Ok(Some(Source { file, text }))
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn deployment(parameters: &[(&str, &str)]) -> Deployment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Deployment {
        region: Some("eu-west-1".to_owned()),
        account: Some("123456789012".to_owned()),
        stack_name: Some("demo".to_owned()),
        parameters: parameters.iter().map(owned).collect(),
        ..Deployment::default()
    }
}

fn check(file: &str, expected: &str, deployment: &Deployment) {
    let source = Folder
        .open("", file)
        .and_then(|found| found.ok_or_else(|| file.to_owned()));
    let source = source.expect("the fixture is there");
    let stack = Stack::read(source, deployment, &mut Folder).unwrap_or_else(|problems| panic!("{problems}"));
    expect_file![fixtures().join(expected)].assert_eq(&describe::stack(&stack));
}

#[test]
fn every_fixture_is_read_as_expected() {
    let plain = deployment(&[]);
    check("long-forms.json", "long-forms.txt", &plain);
    check("conditions-by-stage.yaml", "conditions-by-stage.txt", &plain);
    let production = deployment(&[("Environment", "production"), ("AlertEmail", "a@b.example")]);
    check(
        "conditions-by-stage.yaml",
        "conditions-by-stage-production.txt",
        &production,
    );
    check(
        "mappings-by-region.yaml",
        "mappings-by-region.txt",
        &deployment(&[("Size", "large")]),
    );
    check("nested-root.yaml", "nested-root.txt", &plain);
    check("sam-globals.yaml", "sam-globals.txt", &plain);
    check("cdk-synth.json", "cdk-synth.txt", &plain);
    check("serverless-framework.json", "serverless-framework.txt", &plain);
    check("http-api.yaml", "http-api.txt", &plain);
    check("slic-watch-alarms.yaml", "slic-watch-alarms.txt", &plain);
    check("rds-databases.yaml", "rds-databases.txt", &plain);
    check("ecs-fargate.yaml", "ecs-fargate.txt", &plain);
    // Nothing is given: everything of the account stays a symbol.
    check("cdk-synth.json", "cdk-synth-nowhere.txt", &Deployment::default());
}
