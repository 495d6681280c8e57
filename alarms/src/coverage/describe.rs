//! The text that a person reads at night: what is wrong, when it fires, what to look at, where the page and the dashboard are.

use crate::explain::explain;
use crate::model::Definition;

use super::condition::Condition;
use super::drafts::{Body, Draft};

/// At most 1024 characters are allowed; the generator checks that. Without an address of runbooks the page is called by the command that
/// shows it, which is right in every account.
pub(super) fn description(draft: &Draft, runbook: &str, dashboard: &str) -> String {
    let mut text = draft.says.clone();
    if let Some(more) = &draft.more {
        text.push(' ');
        text.push_str(more);
    }
    if let Body::Metric(condition) = &draft.body {
        let definition = Definition::from(condition.alarm());
        // What cannot be explained is found by the check of the definition.
        if let Ok(explanation) = explain(&definition) {
            text.push_str("\n\n");
            text.push_str(&watched(condition));
            text.push_str(". In ALARM when: ");
            text.push_str(&explanation.fires_when);
        }
    }
    text.push_str("\n\nLook at ");
    text.push_str(&draft.look);
    text.push_str(".\n\nRunbook: ");
    match runbook {
        "" => text.push_str(&format!("shopwatch runbooks show {}", draft.name)),
        address => text.push_str(address),
    }
    text.push_str("\nDashboard: https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/");
    text.push_str(dashboard);
    text
}

/// `AWS/Lambda Errors, Invocations`
fn watched(condition: &Condition) -> String {
    let mut names: Vec<&str> = condition
        .sources
        .iter()
        .map(|source| source.metric.as_str())
        .collect();
    names.dedup();
    let namespace = condition
        .sources
        .first()
        .map_or("", |source| source.namespace.as_str());
    format!("Watches {namespace} {}", names.join(", "))
}
