//! The alarms of a template: resources as [`Definition`]s, whoever wrote them.
//!
//! CloudFormation takes `"5"` for `5` and `"true"` for `true`, and so does this. What is known only after deployment stands in
//! the notation of `Fn::Sub` where text is expected; where a number is expected the alarm cannot be read, and says which
//! parameter is missing.
//!
//! What does not belong here: reading files and resolving functions (`infra`), judging alarms ([`crate::lint`]).

pub(crate) mod convert;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use infra::{Place, Stack, StackResource};

use crate::model::Definition;

/// An alarm of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateAlarm {
    /// `AlarmName`; the logical ID where CloudFormation makes a name up.
    pub name: String,
    /// In its template.
    pub logical_id: String,
    /// The template.
    pub file: String,
    /// Where its logical ID stands.
    pub at: Place,
    /// The condition on which it depends whether it is there, when that is not known.
    pub condition: Option<String>,
    /// What it says. It is not validated.
    pub definition: Result<Definition, Unreadable>,
}

/// Why a resource is no alarm that can be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{at}: {logical_id}: {message}")]
pub struct Unreadable {
    /// The template.
    pub file: String,
    /// The place of what is wrong.
    pub at: Place,
    /// The alarm's.
    pub logical_id: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// The alarms of a stack and all in it, in the order of the templates.
///
/// ```
/// use infra::{Deployment, NoTemplates, Source, Stack};
///
/// let text = "
/// Resources:
///   Errors:
///     Type: AWS::CloudWatch::Alarm
///     Properties: { AlarmName: shop-errors, Namespace: AWS/Lambda, MetricName: Errors, Statistic: Sum, Period: '60',
///       EvaluationPeriods: 3, Threshold: 0, ComparisonOperator: GreaterThanThreshold }
/// ";
/// let source = Source { file: "shop.yaml".to_owned(), text: text.to_owned() };
/// let stack = Stack::read(source, &Deployment::default(), &mut NoTemplates)?;
/// let alarms = alarms::template::alarms(&stack);
/// assert_eq!(alarms[0].name, "shop-errors");
/// assert!(alarms[0].definition.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn alarms(stack: &Stack) -> Vec<TemplateAlarm> {
    stack.all().into_iter().flat_map(of_one).collect()
}

fn of_one(stack: &Stack) -> Vec<TemplateAlarm> {
    let resources: Vec<&StackResource> = stack
        .resources
        .iter()
        .filter(|resource| is_alarm(&resource.kind))
        .collect();
    let names: BTreeMap<&str, String> = resources
        .iter()
        .map(|resource| (resource.logical_id.as_str(), name_of(resource)))
        .collect();
    let alarm = |resource: &&StackResource| TemplateAlarm {
        name: names
            .get(resource.logical_id.as_str())
            .cloned()
            .unwrap_or_default(),
        logical_id: resource.logical_id.clone(),
        file: stack.file.clone(),
        at: resource.at,
        condition: resource.perhaps.clone(),
        definition: convert::definition(resource, &names).map_err(|wrong| Unreadable {
            file: stack.file.clone(),
            at: wrong.at,
            logical_id: resource.logical_id.clone(),
            message: wrong.message,
        }),
    };
    resources.iter().map(alarm).collect()
}

fn is_alarm(kind: &str) -> bool {
    matches!(kind, "AWS::CloudWatch::Alarm" | convert::COMPOSITE)
}

fn name_of(resource: &StackResource) -> String {
    match resource.properties.get("AlarmName") {
        Some(name) => name.to_string(),
        None => resource.logical_id.clone(),
    }
}
