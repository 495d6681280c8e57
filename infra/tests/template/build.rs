//! How `sam build` and `sam deploy` get from here to an account: flags, profile, configuration.

use std::collections::BTreeMap;

use super::{FUNCTIONS, check, functions::package, read};

#[test]
fn every_function_is_built_by_cargo_lambda_with_the_same_flags() {
    let wrong = FUNCTIONS.iter().filter(|f| {
        let metadata = &f.metadata;
        let package = package(&f.name);
        let rest = ["--disable-optimizations", "--config", "infra/lambda-profile.toml"];
        let flags: Vec<&str> = ["--package", package].into_iter().chain(rest).collect();
        // `CodeUri` is where cargo-lambda is started: the workspace, to which the flags' path is relative.
        metadata["BuildMethod"] != "rust-cargolambda"
            || metadata["BuildProperties"]["CargoLambdaFlags"] != serde_json::json!(flags)
            || f.properties["CodeUri"] != ".."
    });
    check("built alike", wrong.map(|f| f.name.clone()));
}

#[test]
fn sam_builds_with_the_settings_of_the_profile_lambda() {
    let mut lambda = section(&read("Cargo.toml"), "profile.lambda");
    assert_eq!(lambda.remove("inherits").as_deref(), Some("\"release\""));
    assert_eq!(
        section(&read("infra/lambda-profile.toml"), "profile.release"),
        lambda
    );
    assert_eq!(lambda["panic"], "\"unwind\"");
}

#[test]
fn every_stage_can_be_deployed_by_its_name() {
    let config = read("infra/samconfig.toml");
    for stage in ["dev", "staging", "prod"] {
        let build = section(&config, &format!("{stage}.build.parameters"));
        assert_eq!(build["template_file"], "\"shopfast.yaml\"", "{stage}");
        let deploy = section(&config, &format!("{stage}.deploy.parameters"));
        assert_eq!(deploy["stack_name"], "\"shopfast\"", "{stage}");
        assert!(
            deploy["parameter_overrides"].contains(&format!("Stage={stage}")),
            "{stage}"
        );
        assert!(deploy["capabilities"].contains("CAPABILITY_IAM"), "{stage}");
        assert!(deploy["tags"].contains(&format!("Stage={stage}")), "{stage}");
    }
    let asks =
        |stage: &str| section(&config, &format!("{stage}.deploy.parameters"))["confirm_changeset"].clone();
    assert_eq!(
        (asks("dev"), asks("prod")),
        ("false".to_owned(), "true".to_owned())
    );
}

/// The settings of one table of a TOML file that has one setting per line.
fn section(toml: &str, name: &str) -> BTreeMap<String, String> {
    let body = toml.split(&format!("\n[{name}]\n")).nth(1);
    let body = body.unwrap_or_else(|| panic!("there is no [{name}]"));
    body.lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
