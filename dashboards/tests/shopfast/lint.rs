//! Lint finds nothing in our own dashboards, beside our own alarms and functions.

use infra::{Deployment, Stack};

use super::stack;

fn deployed(file: &str, parameters: &[(&str, &str)]) -> Stack {
    let given = parameters.iter();
    let deployment = Deployment {
        region: Some("eu-central-1".to_owned()),
        account: Some("123456789012".to_owned()),
        parameters: given
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Deployment::default()
    };
    stack(file, &deployment)
}

#[test]
fn nothing_is_found() {
    let stage = ("Stage", "dev");
    let pool = [
        stage,
        ("UserPool", "eu-central-1_pool"),
        ("UserPoolClient", "client"),
    ];
    let dashboards = deployed("infra/generated/shopfast-dashboards.yaml", &pool);
    let shop = deployed("infra/shopfast.yaml", &[stage]);
    let alarms = deployed("infra/generated/shopfast-alarms.yaml", &[]);
    let findings = dashboards::lint::lint_all(&[&dashboards, &shop, &alarms]);
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert!(
        dashboards::lint::Known::of(&[&alarms]).alarms.len() > 100,
        "nothing was known"
    );
}
