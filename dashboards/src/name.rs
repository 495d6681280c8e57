//! Names of generated dashboards: alarms say in which dashboard they are shown.

/// Every group at a glance.
pub const OVERVIEW: &str = "shopwatch-overview";

/// All resources of a group.
#[must_use]
pub fn group(group: &str) -> String {
    group.to_owned()
}

/// What a person looks at when an incident of this kind pages.
#[must_use]
pub fn incident(group: &str, kind: &str) -> String {
    format!("{group}-incident-{kind}")
}

/// The kind of incident of a group's dashboard.
#[must_use]
pub fn incident_of<'a>(group: &str, dashboard: &'a str) -> Option<&'a str> {
    dashboard.strip_prefix(group)?.strip_prefix("-incident-")
}
