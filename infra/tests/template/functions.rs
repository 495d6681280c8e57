//! One function per program, and what every function has.

use std::collections::BTreeSet;

use super::{FUNCTIONS, SHOPFAST, check, read, source};

#[test]
fn every_program_is_a_function_and_every_function_a_program() {
    let programs = programs(&read("services/shopfast/lambdas/Cargo.toml"));
    let functions: BTreeSet<String> = FUNCTIONS.iter().map(|function| function.name.clone()).collect();
    assert!(!programs.is_empty());
    assert_eq!(programs, functions);
    assert_eq!(functions.len(), FUNCTIONS.len(), "a name is there twice");
}

#[test]
fn a_function_is_built_from_the_program_of_its_name() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| f.metadata["BuildProperties"]["Binary"] != f.name.as_str())
        .map(|f| format!("line {}: {}", f.line, f.name));
    check("Metadata.BuildProperties.Binary is FunctionName", wrong);
}

#[test]
fn a_custom_runtime_runs_on_the_architecture_that_was_built_for() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| {
            f.properties["Runtime"] != "provided.al2023"
                || f.properties["Handler"] != "bootstrap"
                || f.properties["Architectures"] != serde_json::json!([{"Ref": "Architecture"}])
        })
        .map(|f| f.name.clone());
    check("runtime, handler and architecture", wrong);
}

/// The seed planted 3 s and 128 MB: chosen values stand in the template, for every function.
#[test]
fn memory_and_timeout_are_chosen() {
    let wrong = FUNCTIONS
        .iter()
        .filter(|f| f.memory_mb < 256 || !(10..=30).contains(&f.timeout_s))
        .map(|f| format!("{}: {} MB, {} s", f.name, f.memory_mb, f.timeout_s));
    check("at least 256 MB, 10 to 30 s", wrong);
    // API Gateway answers 504 after 29 s: <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
    assert!(SHOPFAST.root()["Globals"]["Function"]["Timeout"].is_u64());
}

/// Which function reads which variable is not seen here: its own test and its start on the platform fail without it.
#[test]
fn variables_are_those_that_the_code_reads() {
    let mut read = source::variables();
    read.insert("STAGE".to_owned());
    let given: BTreeSet<String> = FUNCTIONS
        .iter()
        .flat_map(|f| f.environment.keys().cloned())
        .collect();
    assert_eq!(given, read);
}

/// The names of `[[bin]]`.
fn programs(manifest: &str) -> BTreeSet<String> {
    manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|section| section.split("\nname = \"").nth(1)?.split('"').next())
        .map(str::to_owned)
        .collect()
}
