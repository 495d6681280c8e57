//! What comes out of generation.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Definition;

use super::kind::{ResourceKind, Severity};

/// All alarms of a group of stacks, and what has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Generated {
    /// By name; composites after the alarms that they watch.
    pub alarms: Vec<GeneratedAlarm>,
    /// What makes metrics of log lines.
    pub metric_filters: Vec<GeneratedFilter>,
    /// Failure modes without alarm, each with its reason.
    pub gaps: Vec<AcceptedGap>,
    /// What a rendered template asks for: names in `${…}` in definitions, without AWS's own, and what they stand for.
    pub symbols: BTreeMap<String, String>,
}

/// An alarm, and why it is there. Texts may have symbols, `${AWS::Region}` or `${Stage}`, as `Fn::Sub` reads them:
/// [`Generated::with`] puts values in their place.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratedAlarm {
    /// `<group>-<subject>-<condition>`.
    pub name: String,
    /// Complete: what CloudWatch is told.
    pub definition: Definition,
    /// How loud. A part of a composite has the loudness that it gives the composite, and acts on the journal only.
    pub severity: Severity,
    /// The group.
    pub group: String,
    /// Logical ID in the template; empty for what belongs to no resource.
    pub resource: String,
    /// What is watched.
    pub kind: ResourceKind,
    /// The failure mode of the catalogue, or the condition of a composite.
    pub failure_mode: String,
    /// The composite alarm that acts for it.
    pub incident: Option<String>,
    /// The dashboard that shows it.
    pub dashboard: String,
    /// The link to its page; empty where definitions have none.
    pub runbook: String,
    /// Why missing data is treated as it is.
    pub missing_because: String,
}

/// `AWS::Logs::MetricFilter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GeneratedFilter {
    /// Its name, which is that of its alarm.
    pub name: String,
    /// Name of the log group.
    pub log_group: String,
    /// What it finds.
    pub pattern: String,
    /// Namespace of its metric.
    pub namespace: String,
    /// Its metric, 1 for each line that is found and 0 for the others, without dimensions.
    pub metric: String,
}

/// A failure mode of a resource for which nobody wants an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedGap {
    /// Logical ID; empty for what belongs to no resource.
    pub resource: String,
    /// Its kind.
    pub kind: ResourceKind,
    /// Its type, for resources of which the catalogue knows none.
    pub resource_type: String,
    /// What is not watched.
    pub failure_mode: String,
    /// Why not.
    pub because: String,
}

impl Generated {
    /// The alarm of this name.
    pub fn alarm(&self, name: &str) -> Option<&GeneratedAlarm> {
        self.alarms.iter().find(|alarm| alarm.name == name)
    }

    /// Definitions by name: what `scenario::read` asks for.
    pub fn definitions(&self) -> BTreeMap<String, Definition> {
        let named = |alarm: &GeneratedAlarm| (alarm.name.clone(), alarm.definition.clone());
        self.alarms.iter().map(named).collect()
    }

    /// With values for symbols: `AWS::Region`, `AWS::AccountId`, `AWS::Partition`, and parameters by name. Symbols without a
    /// value stay.
    #[must_use]
    pub fn with(&self, values: &BTreeMap<String, String>) -> Self {
        let mut result = self.clone();
        for alarm in &mut result.alarms {
            alarm.definition = super::symbol::replaced(&alarm.definition, values);
            alarm.runbook = super::symbol::replaced_in(&alarm.runbook, values);
        }
        for filter in &mut result.metric_filters {
            filter.log_group = super::symbol::replaced_in(&filter.log_group, values);
        }
        result.symbols.retain(|name, _| !values.contains_key(name));
        result
    }

    /// The dashboards that alarms name.
    pub fn dashboards(&self) -> BTreeSet<&str> {
        self.alarms.iter().map(|alarm| alarm.dashboard.as_str()).collect()
    }
}

impl GeneratedAlarm {
    /// Does it act for others?
    pub const fn is_composite(&self) -> bool {
        matches!(self.definition, Definition::Composite(_))
    }
}
