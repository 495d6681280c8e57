//! What is deployed beside a dashboard: alarms with their thresholds, log groups.

use std::collections::{BTreeMap, BTreeSet};

use infra::{Stack, Typed};

use ::alarms::model::Definition;

/// Alarms and log groups. Of what is empty nothing is judged: without templates nobody knows what there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Thresholds by the alarms' names; none for composites, bands, and what is known only after deployment.
    pub alarms: BTreeMap<String, Option<f64>>,
    /// Names of log groups.
    pub log_groups: BTreeSet<String>,
}

impl Known {
    /// Of templates that are deployed together.
    #[must_use]
    pub fn of(stacks: &[&Stack]) -> Self {
        let mut known = Self::default();
        for alarm in stacks.iter().flat_map(|stack| ::alarms::template::alarms(stack)) {
            let threshold = match &alarm.definition {
                Ok(Definition::Metric(metric)) => metric.threshold,
                _ => None,
            };
            known.alarms.insert(alarm.name, threshold);
        }
        for stack in stacks.iter().flat_map(|stack| stack.all()) {
            for resource in &stack.resources {
                let name = match &resource.typed {
                    Typed::LogGroup(group) => &group.name,
                    Typed::Function(function) => &function.log_group,
                    _ => continue,
                };
                known.log_groups.extend(name.as_text().map(str::to_owned));
            }
        }
        known
    }
}
