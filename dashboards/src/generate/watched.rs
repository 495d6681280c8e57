//! An alarm as dashboards need it.

use alarms::coverage::{GeneratedAlarm, Severity};
use alarms::model::{Definition, MetricAlarm};

/// An alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedAlarm {
    /// Its name.
    pub name: String,
    /// What it says, with symbols.
    pub definition: Definition,
    /// Whether somebody is woken.
    pub pages: bool,
    /// The logical ID of its resource; empty when it has none.
    pub resource: String,
    /// The failure mode of the catalogue: `errors`.
    pub mode: String,
    /// The composite that acts for it.
    pub incident: Option<String>,
    /// The dashboard that shows it.
    pub dashboard: String,
    /// A link.
    pub runbook: String,
}

/// What an alarm compares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Watched<'a> {
    /// Datapoints.
    Metric(&'a MetricAlarm),
    /// Other alarms.
    Composite,
}

impl From<&GeneratedAlarm> for WatchedAlarm {
    fn from(alarm: &GeneratedAlarm) -> Self {
        Self {
            name: alarm.name.clone(),
            definition: alarm.definition.clone(),
            pages: alarm.severity == Severity::Page,
            resource: alarm.resource.clone(),
            mode: alarm.failure_mode.clone(),
            incident: alarm.incident.clone(),
            dashboard: alarm.dashboard.clone(),
            runbook: alarm.runbook.clone(),
        }
    }
}

impl WatchedAlarm {
    /// What it compares.
    #[must_use]
    pub fn watched(&self) -> Watched<'_> {
        match &self.definition {
            Definition::Metric(alarm) => Watched::Metric(alarm),
            Definition::Composite(_) => Watched::Composite,
        }
    }

    /// What it says in one sentence.
    #[must_use]
    pub fn description(&self) -> &str {
        let description = match &self.definition {
            Definition::Metric(alarm) => &alarm.alarm_description,
            Definition::Composite(alarm) => &alarm.alarm_description,
        };
        description.as_deref().unwrap_or_default()
    }

    /// Whether it acts itself: it is no part of a composite that acts for it.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.incident.is_none()
    }
}
