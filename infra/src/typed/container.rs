//! Services of ECS, the clusters they run in, and the load balancers and target groups before them.

use crate::node::Node;

use super::read::{Reader, Setting};

/// A service of ECS.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerService {
    /// Dimension `ServiceName` of its metrics.
    pub name: Node,
    /// Dimension `ClusterName` of its metrics: the text `default` when the template names none.
    pub cluster: Node,
    /// Tasks that shall run; absent when nothing is said.
    pub desired_tasks: Setting<u64>,
    /// Whether each instance runs one task, however many there are: `SchedulingStrategy: DAEMON`.
    pub is_daemon: bool,
    /// ARNs of target groups that send it requests.
    pub target_groups: Vec<Node>,
    /// How the cluster is observed, where the cluster is in the same template.
    pub insights: Setting<Insights>,
}

/// How Container Insights of a cluster is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insights {
    /// No metrics in `ECS/ContainerInsights`.
    Disabled,
    /// Metrics of clusters and services.
    Enabled,
    /// Of tasks and containers, too.
    Enhanced,
}

/// A cluster of ECS.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerCluster {
    /// Dimension `ClusterName` of its metrics.
    pub name: Node,
    /// Absent: as the account's default is.
    pub insights: Setting<Insights>,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadBalancer {
    /// Dimension `LoadBalancer` of its metrics: `app/<name>/<id>`, always generated.
    pub full_name: Node,
    /// `application`, `network` or `gateway`.
    pub kind: Node,
}

/// A target group.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    /// Dimension `TargetGroup` of its metrics: `targetgroup/<name>/<id>`, always generated.
    pub full_name: Node,
    /// `HTTP`, `HTTPS`, `TCP`, ...; null for functions.
    pub protocol: Node,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub target_type: Node,
    /// Full names of the load balancers of which a listener or a rule forwards to it.
    pub balancers: Vec<Node>,
}

impl ContainerService {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let properties = reader.properties();
        let balancers = properties["LoadBalancers"].items();
        Self {
            name: reader.name("ServiceName"),
            cluster: match properties.get("Cluster") {
                Some(cluster) => cluster.clone(),
                None => Node::text(reader.resource.at, "default"),
            },
            desired_tasks: reader.whole("DesiredCount", None),
            is_daemon: properties["SchedulingStrategy"].as_text() == Some("DAEMON"),
            target_groups: balancers
                .iter()
                .map(|one| one["TargetGroupArn"].clone())
                .collect(),
            // The cluster says it: `link`.
            insights: Setting::Absent,
        }
    }
}

impl ContainerCluster {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        Self {
            name: reader.name("ClusterName"),
            insights: insights(reader),
        }
    }
}

fn insights(reader: &mut Reader<'_>) -> Setting<Insights> {
    let settings = &reader.properties()["ClusterSettings"];
    if settings.is_unknown() {
        return Setting::Unknown(settings.clone());
    }
    let is_it = |one: &&Node| one["Name"].as_text() == Some("containerInsights");
    let Some(value) = settings.items().iter().find(is_it).map(|one| &one["Value"]) else {
        return Setting::Absent;
    };
    if value.is_unknown() {
        return Setting::Unknown(value.clone());
    }
    match value.as_text() {
        Some("disabled") => Setting::Given(Insights::Disabled),
        Some("enabled") => Setting::Given(Insights::Enabled),
        Some("enhanced") => Setting::Given(Insights::Enhanced),
        _ => {
            let what = format!("containerInsights cannot be {value}");
            reader.problem(value, &what, "give enabled, enhanced or disabled");
            Setting::Absent
        }
    }
}

impl LoadBalancer {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            full_name: reader.own(Some("LoadBalancerFullName")),
            kind: or_text(reader, "Type", "application"),
        }
    }
}

impl TargetGroup {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            full_name: reader.own(Some("TargetGroupFullName")),
            protocol: reader.node("Protocol"),
            target_type: or_text(reader, "TargetType", "instance"),
            // Listeners and their rules say it: `link`.
            balancers: Vec::new(),
        }
    }
}

fn or_text(reader: &Reader<'_>, property: &str, default: &str) -> Node {
    let given = reader.properties().get(property).cloned();
    given.unwrap_or_else(|| Node::text(reader.resource.at, default))
}
