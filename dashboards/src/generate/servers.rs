//! What runs all the time, on the dashboard of a group: databases, services of ECS, load balancers with what is behind them.

use infra::typed::{Database, DatabaseCluster, Insights, LoadBalancer, TargetGroup};
use infra::{Stack, Typed};

use crate::model::Widget;

use super::graph::Graph;
use super::grid::GRAPH;
use super::resource::Shown;
use super::{WatchedAlarm, symbol};

/// Rows of graphs by section, in the template's order.
#[derive(Debug, Default)]
pub(super) struct Servers {
    pub(super) databases: Vec<Vec<Widget>>,
    pub(super) containers: Vec<Vec<Widget>>,
    pub(super) balancers: Vec<Vec<Widget>>,
}

impl Servers {
    pub(super) fn of(stacks: &[Stack], alarms: &[WatchedAlarm]) -> Self {
        let mut servers = Self::default();
        for stack in stacks.iter().flat_map(Stack::all) {
            for resource in &stack.resources {
                let row = |graphs: Vec<Graph>| -> Vec<Widget> {
                    graphs
                        .into_iter()
                        .map(|graph| graph.widget(8, GRAPH, alarms))
                        .collect()
                };
                match &resource.typed {
                    Typed::Database(it) => servers.databases.extend(database(it).map(row)),
                    Typed::DatabaseCluster(it) => servers.databases.extend(cluster(it).map(row)),
                    Typed::ContainerService(it) => {
                        let dimensions = symbol::named(&it.cluster).zip(symbol::named(&it.name));
                        let row = dimensions.map(|names| row(service(names, it.insights.known())));
                        servers.containers.extend(row);
                    }
                    Typed::LoadBalancer(it) => servers
                        .balancers
                        .extend(balancer(&resource.logical_id, it).map(row)),
                    Typed::TargetGroup(it) => servers
                        .balancers
                        .extend(targets(&resource.logical_id, it).map(row)),
                    _ => {}
                }
            }
        }
        servers
    }
}

fn graph(shown: &Shown, what: &str) -> Graph {
    Graph::new(&format!("{}: {what}", shown.title))
}

fn database(database: &Database) -> Option<Vec<Graph>> {
    let name = symbol::named(&database.name)?;
    let shown = Shown::new(&name.clone(), "AWS/RDS", vec![("DBInstanceIdentifier", name)]);
    let work = graph(&shown, "processor (%) and connections")
        .line(&shown.metric("CPUUtilization"), "Average", "processor")
        .right(&shown.metric("DatabaseConnections"), "Maximum", "connections");
    let mut space = graph(&shown, "free memory and storage (B)").line(
        &shown.metric("FreeableMemory"),
        "Average",
        "memory",
    );
    // The volume of a cluster is the cluster's.
    if database.cluster.is_null() {
        space = space.right(&shown.metric("FreeStorageSpace"), "Minimum", "storage");
    }
    let mut latency = graph(&shown, "latency (s)")
        .line(&shown.metric("ReadLatency"), "Average", "reads")
        .line(&shown.metric("WriteLatency"), "Average", "writes");
    if !database.replica_of.is_null() {
        latency = latency.right(&shown.metric("ReplicaLag"), "Maximum", "behind its source (s)");
    }
    Some(vec![work, space, latency])
}

fn cluster(cluster: &DatabaseCluster) -> Option<Vec<Graph>> {
    let name = symbol::named(&cluster.name)?;
    let shown = Shown::new(&name.clone(), "AWS/RDS", vec![("DBClusterIdentifier", name)]);
    let work = graph(&shown, "processor (%) and connections")
        .line(&shown.metric("CPUUtilization"), "Average", "processor")
        .right(&shown.metric("DatabaseConnections"), "Maximum", "connections");
    let volume = graph(&shown, "volume (B)")
        .line(&shown.metric("VolumeBytesUsed"), "Maximum", "used")
        .right(&shown.metric("AuroraVolumeBytesLeftTotal"), "Minimum", "left");
    let lag = graph(&shown, "replicas (ms behind)").line(
        &shown.metric("AuroraReplicaLagMaximum"),
        "Maximum",
        "slowest",
    );
    Some(vec![work, volume, lag])
}

fn service((cluster, name): (String, String), insights: Option<Insights>) -> Vec<Graph> {
    let dimensions = vec![("ClusterName", cluster), ("ServiceName", name.clone())];
    let shown = Shown::new(&name, "AWS/ECS", dimensions.clone());
    let used = graph(&shown, "processor and memory (% of what is reserved)")
        .line(&shown.metric("CPUUtilization"), "Average", "processor")
        .line(&shown.metric("MemoryUtilization"), "Average", "memory");
    // Without Container Insights every task sends one sample a minute.
    let tasks = graph(&shown, "tasks");
    let tasks = if matches!(insights, Some(Insights::Enabled | Insights::Enhanced)) {
        let observed = Shown::new(&name, "ECS/ContainerInsights", dimensions);
        tasks
            .line(&observed.metric("DesiredTaskCount"), "Average", "shall run")
            .line(&observed.metric("RunningTaskCount"), "Average", "run")
            .right(&observed.metric("DeploymentCount"), "Maximum", "deployments")
    } else {
        tasks.line(&shown.metric("CPUUtilization"), "SampleCount", "run")
    };
    vec![used, tasks]
}

/// Other load balancers are not in the catalogue of alarms, nor here.
fn balancer(logical_id: &str, balancer: &LoadBalancer) -> Option<Vec<Graph>> {
    if balancer.kind.as_text() != Some("application") {
        return None;
    }
    let shown = Shown::new(
        logical_id,
        APPLICATION,
        vec![("LoadBalancer", symbol::named(&balancer.full_name)?)],
    );
    let requests = graph(&shown, "requests").line(&shown.metric("RequestCount"), "Sum", "requests");
    let errors = graph(&shown, "answered with an error by itself")
        .line(&shown.metric("HTTPCode_ELB_4XX_Count"), "Sum", "4xx")
        .line(&shown.metric("HTTPCode_ELB_5XX_Count"), "Sum", "5xx");
    let connections = graph(&shown, "connections")
        .line(&shown.metric("ActiveConnectionCount"), "Sum", "active")
        .line(&shown.metric("RejectedConnectionCount"), "Sum", "rejected");
    Some(vec![requests, errors, connections])
}

fn targets(logical_id: &str, group: &TargetGroup) -> Option<Vec<Graph>> {
    let balancer = symbol::named(group.balancers.first()?)?;
    let dimensions = vec![
        ("LoadBalancer", balancer),
        ("TargetGroup", symbol::named(&group.full_name)?),
    ];
    let shown = Shown::new(logical_id, APPLICATION, dimensions);
    let health = graph(&shown, "targets")
        .line(&shown.metric("HealthyHostCount"), "Minimum", "healthy")
        .line(&shown.metric("UnHealthyHostCount"), "Maximum", "unhealthy");
    let answers = graph(&shown, "requests and errors")
        .line(&shown.metric("RequestCount"), "Sum", "requests")
        .line(&shown.metric("HTTPCode_Target_5XX_Count"), "Sum", "5xx");
    let mut time = graph(&shown, "response time (s)");
    for stat in ["p50", "p90", "p99"] {
        time = time.line(&shown.metric("TargetResponseTime"), stat, stat);
    }
    Some(vec![health, answers, time])
}

/// Namespace of Application Load Balancers.
const APPLICATION: &str = "AWS/ApplicationELB";
