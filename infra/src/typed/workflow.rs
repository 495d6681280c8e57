//! State machines, buses, rules, schedules.

use crate::node::Node;

use super::read::Reader;

/// A state machine.
#[derive(Debug, Clone, PartialEq)]
pub struct StateMachine {
    /// Its name. Its metrics have its ARN as dimension.
    pub name: Node,
    /// `STANDARD` or `EXPRESS`.
    pub kind: Node,
}

/// An event bus.
#[derive(Debug, Clone, PartialEq)]
pub struct EventBus {
    /// Dimension `EventBusName` of its metrics.
    pub name: Node,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Dimension `RuleName` of its metrics.
    pub name: Node,
    /// Name or ARN of the bus; null for the default bus.
    pub bus: Node,
    /// `rate(…)` or `cron(…)`; null for a rule by pattern.
    pub schedule: Node,
    /// The targets, with `Arn`, `Id`, `DeadLetterConfig`, ...
    pub targets: Vec<Node>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: Node,
    /// Dimension `ScheduleGroup` of its metrics; null for the group `default`.
    pub group: Node,
    /// `rate(…)`, `cron(…)` or `at(…)`.
    pub expression: Node,
    /// The target, with `Arn`, `DeadLetterConfig`, ...
    pub target: Node,
}

impl StateMachine {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let (name, kind) = match reader.resource.kind.as_str() {
            "AWS::Serverless::StateMachine" => ("Name", "Type"),
            _ => ("StateMachineName", "StateMachineType"),
        };
        let given = reader.properties().get(kind).cloned();
        Self {
            name: reader.name(name),
            kind: given.unwrap_or_else(|| Node::text(reader.resource.at, "STANDARD")),
        }
    }
}

impl EventBus {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            name: reader.name("Name"),
        }
    }
}

impl Rule {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            name: reader.name("Name"),
            bus: reader.node("EventBusName"),
            schedule: reader.node("ScheduleExpression"),
            targets: reader.properties()["Targets"].items().to_vec(),
        }
    }
}

impl Schedule {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            name: reader.name("Name"),
            group: reader.node("GroupName"),
            expression: reader.node("ScheduleExpression"),
            target: reader.node("Target"),
        }
    }
}
