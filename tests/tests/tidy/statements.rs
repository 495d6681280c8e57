//! `telemetry/STATEMENTS.md` names a test for each thing that telemetry says of itself. Here: that these tests are there.

use super::{check, tree};

const PAGE: &str = "telemetry/STATEMENTS.md";

/// Rows of the page's tables: the statement, and what stands in the column of tests.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let cells = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.rsplitn(2, '|');
        let tests = cells.next()?.trim();
        Some((cells.next()?.trim(), tests))
    });
    cells
        .filter(|(statement, _)| *statement != "statement" && !statement.starts_with("---"))
        .collect()
}

/// The texts between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// `path.rs::name`, when the file has a test of this name.
fn is_test(files: &[tree::SourceFile], test: &str) -> bool {
    let Some((path, name)) = test.split_once("::") else {
        return false;
    };
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return false;
    };
    let Some(start) = file.text.find(&format!("fn {name}(")) else {
        return false;
    };
    let before = file.text.get(..start).unwrap_or_default();
    // The attribute stands a few lines above: other attributes and the line's own words may be between.
    let above: Vec<&str> = before.lines().rev().take(6).collect();
    above.iter().any(|line| line.contains("test]"))
}

#[test]
fn every_statement_names_tests_that_are_there() {
    let page = std::fs::read_to_string(tree::root().join(PAGE)).expect("the page of statements");
    let files = tree::files(&["rs"]);
    let rows = rows(&page);
    assert!(rows.len() > 50, "{} rows in {PAGE}", rows.len());
    let mut wrong = Vec::new();
    for (statement, tests) in rows {
        if quoted(tests).next().is_none() {
            wrong.push(format!("no test: {statement}"));
        }
        let missing = quoted(tests).filter(|test| !is_test(&files, test));
        wrong.extend(missing.map(|test| format!("{test} is not there: {statement}")));
    }
    check(
        "a statement has a test that fails without it; a test that was renamed is renamed on the page",
        &wrong,
    );
}

/// It is read once, when the process begins: an invocation depends on nothing but its event.
#[test]
fn telemetry_reads_the_environment_in_one_place() {
    let readers: Vec<String> = tree::files(&["rs"])
        .into_iter()
        .filter(|file| file.path.starts_with("telemetry/") && file.path.contains("/src/"))
        .filter(|file| file.path != "telemetry/lambda/src/environment.rs" && file.text.contains("env::var"))
        .map(|file| file.path)
        .collect();
    check(
        "the environment is read in telemetry/lambda/src/environment.rs",
        &readers,
    );
}

/// The fuzz targets call the same functions as the property tests, so that neither can rot.
#[test]
fn every_fuzz_target_runs_as_a_property_test_too() {
    let files = tree::files(&["rs"]);
    let properties = files
        .iter()
        .find(|file| file.path == "telemetry/lambda/tests/properties.rs");
    let properties = &properties.expect("the property tests").text;
    let wrong: Vec<String> = ["raw_body", "trace_header", "emf", "x_ray"]
        .into_iter()
        .filter(|name| {
            let call = format!("properties::{name}(");
            let target = format!("fuzz/fuzz_targets/{name}.rs");
            let target = files.iter().find(|file| file.path == target);
            !(properties.contains(&call) && target.is_some_and(|target| target.text.contains(&call)))
        })
        .map(str::to_owned)
        .collect();
    check("a fuzz target and a property test of the same property", &wrong);
}
