//! Lint finds nothing in our own dashboards, beside our own alarms and functions.

use super::stack;

#[test]
fn nothing_is_found() {
    let given = [
        ("Stage", "dev"),
        ("UserPool", "eu-central-1_pool"),
        ("UserPoolClient", "client"),
    ];
    let dashboards = stack("infra/generated/shopfast-dashboards.yaml", &[], &given);
    let shop = stack("infra/shopfast.yaml", &[], &given[..1]);
    let alarms = stack("infra/generated/shopfast-alarms.yaml", &[], &[]);
    let findings = dashboards::lint::lint_all(&[&dashboards, &shop, &alarms]);
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert!(
        dashboards::lint::Known::of(&[&alarms]).alarms.len() > 100,
        "nothing was known"
    );
}
