//! `shopwatch alarms lint`.

use expect_test::expect;

use crate::shell::{check, shopwatch};

fn template(name: &str) -> String {
    format!("{}/tests/fixtures/lint/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What it prints, without the folder.
fn lint(arguments: &[&str], name: &str) -> (u8, String) {
    let path = template(name);
    let all = [&["alarms", "lint", "--template", path.as_str()], arguments].concat();
    let output = shopwatch(&all);
    let folder = path.strip_suffix(name).unwrap_or_default();
    (
        output.code,
        format!("{}{}", output.out, output.error).replace(folder, ""),
    )
}

#[test]
fn findings_are_written_as_compilers_do() {
    let (code, text) = lint(&[], "bad.yaml");
    assert_eq!(code, 1);
    expect![[r#"
        bad.yaml:10:19: warning sparse-metric-missing: Errors: there are periods without datapoint whenever nothing happens, and TreatMissingData defaults to `missing`: one breach and then silence fires, although it asks for 3. Use `notBreaching`
        bad.yaml:11:19: bug dead-dimensions: Errors: Errors is not published with Function: the alarm never gets a datapoint. It is published with no dimensions, or FunctionName, or FunctionName and Resource, or ExecutedVersion and FunctionName and Resource. Note: stamped with the start of the call, not with its end
        bad.yaml:17:21: info no-ok-action: Errors: it has no OKActions: whoever was called does not hear that it is over
        1 bug, 1 warning, 1 info in bad.yaml
    "#]].assert_eq(&text);
}

#[test]
fn a_parameter_makes_more_known() {
    let (_, without) = lint(&[], "bad.yaml");
    assert!(!without.contains("metric-in-other-region"));
    let (code, text) = lint(&["--parameter", "AWS::Region=eu-west-1"], "bad.yaml");
    assert!(code == 1 && text.contains("metric-in-other-region"), "{text}");
}

/// The default leaves the alarm out; who deploys it in production has it.
#[test]
fn a_default_hides_no_alarm() {
    let (code, text) = lint(&[], "by-stage.yaml");
    assert!(code == 1 && text.contains("dead-metric: Errors"), "{text}");
    let told = lint(&["--parameter", "Stage=test"], "by-stage.yaml");
    assert_eq!(told, (0, "nothing found in by-stage.yaml\n".to_owned()));
}

#[test]
fn json_is_a_list_of_findings() {
    let (code, text) = lint(&["--json"], "bad.yaml");
    assert_eq!(code, 1);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    expect![[r#"{"check":"sparse-metric-missing","severity":"warning","file":"bad.yaml","line":10,"column":19,"resource":"Errors","message":"there are periods without datapoint whenever nothing happens, and TreatMissingData defaults to `missing`: one breach and then silence fires, although it asks for 3. Use `notBreaching`"}"#]].assert_eq(&findings[0].to_string());
    assert_eq!(lint(&["--json"], "good.yaml"), (0, "[]\n".to_owned()));
}

#[test]
fn a_good_template_is_told_so() {
    assert_eq!(
        lint(&[], "good.yaml"),
        (0, "nothing found in good.yaml\n".to_owned())
    );
}

#[test]
fn without_a_bug_it_succeeds() {
    let (code, text) = lint(&[], "untold.yaml");
    assert_eq!(code, 0);
    expect![[r#"
        untold.yaml:7:25: info no-runbook: Errors: AlarmDescription has no link to a runbook
        untold.yaml:17:21: info no-ok-action: Errors: it has no OKActions: whoever was called does not hear that it is over
        2 info in untold.yaml
    "#]].assert_eq(&text);
}

#[test]
fn a_template_that_cannot_be_read_says_where() {
    let (code, text) = lint(&[], "unreadable.yaml");
    assert_eq!(code, 2);
    expect!["read unreadable.yaml: unreadable.yaml:5:54: Errors: there is no resource or parameter Shop; check its spelling, or add it"].assert_eq(&text);
}

#[test]
fn checks_are_listed() {
    let output = shopwatch(&["alarms", "lint", "--list-checks"]);
    assert_eq!(output.code, 0);
    assert!(output.out.starts_with(
        "dead-metric                     bug      a metric that its service does not publish\n"
    ));
    let json = shopwatch(&["alarms", "lint", "--list-checks", "--json"]);
    let checks: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(checks.len(), output.out.lines().count());
    check(
        "lint --list-checks --template shop.yaml",
        2,
        &expect![[r#"
        error: the argument '--list-checks' cannot be used with '--template <FILE>'

        Usage: shopwatch alarms lint --list-checks

        For more information, try '--help'.
    "#]],
    );
}

/// The templates of the repository, as `shopwatch alarms lint` reads them without arguments.
#[test]
fn nothing_is_found_in_the_templates_of_the_repository() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let workspace = ops_monitoring::Workspace::at(root);
    let output = crate::shell::shopwatch_in(&workspace, &["alarms", "lint"]);
    assert_eq!(output.code, 0, "{}{}", output.out, output.error);
    assert!(
        output
            .out
            .starts_with("nothing found in infra/shopfast.yaml, infra/generated/shopfast-alarms.yaml"),
        "{}",
        output.out
    );
}
