//! Databases of RDS: instances, and the clusters of Aurora and of Multi-AZ.

use crate::node::{Data, Node};

use super::read::{Reader, Setting, given};

/// A database instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// Dimension `DBInstanceIdentifier` of its metrics.
    pub name: Node,
    /// `postgres`, `mysql`, `aurora-postgresql`, ...; null where it follows from a cluster, a source or a snapshot.
    pub engine: Node,
    /// `db.t4g.medium`, ...; null when nothing is said.
    pub class: Node,
    /// Gibibytes of its own volume; absent for one in a cluster.
    pub storage_gib: Setting<u64>,
    /// Gibibytes up to which the volume grows by itself; absent when it does not.
    pub most_storage_gib: Setting<u64>,
    /// The cluster that it is in; null when in none.
    pub cluster: Node,
    /// The database that it is a read replica of; null when of none.
    pub replica_of: Node,
    /// Whether it measures its load: Performance Insights, or Database Insights.
    pub measures_load: Setting<bool>,
    /// The parameter group.
    pub parameter_group: Node,
    /// `max_connections` of a parameter group in the same template.
    pub most_connections: Setting<u64>,
}

/// A cluster of databases.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseCluster {
    /// Dimension `DBClusterIdentifier` of its metrics.
    pub name: Node,
    /// `aurora-postgresql`, `aurora-mysql`, `postgres`, ...
    pub engine: Node,
    /// Most capacity units of a serverless cluster; absent for one that is not serverless, or that says no number.
    pub most_capacity: Node,
}

impl Database {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let insights = reader.flag("EnablePerformanceInsights");
        let advanced = given(reader.properties(), "DatabaseInsightsMode");
        let measures_load = match (insights, advanced) {
            (Setting::Default(_), Some(mode)) if mode.is_unknown() => Setting::Unknown(mode),
            (Setting::Default(_), Some(mode)) => Setting::Given(mode.as_text() == Some("advanced")),
            (insights, _) => insights,
        };
        Self {
            name: lower(reader.name("DBInstanceIdentifier")),
            engine: reader.node("Engine"),
            class: reader.node("DBInstanceClass"),
            storage_gib: reader.whole("AllocatedStorage", None),
            most_storage_gib: reader.whole("MaxAllocatedStorage", None),
            cluster: reader.node("DBClusterIdentifier"),
            replica_of: reader.node("SourceDBInstanceIdentifier"),
            measures_load,
            parameter_group: reader.node("DBParameterGroupName"),
            // Its parameter group says it: `link`.
            most_connections: Setting::Absent,
        }
    }
}

impl DatabaseCluster {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let properties = reader.properties();
        let of_v2 = &properties["ServerlessV2ScalingConfiguration"];
        let most_capacity = given(of_v2, "MaxCapacity")
            .or_else(|| given(&properties["ScalingConfiguration"], "MaxCapacity"))
            .unwrap_or_else(|| Node::null(reader.resource.at));
        Self {
            name: lower(reader.name("DBClusterIdentifier")),
            engine: reader.node("Engine"),
            most_capacity,
        }
    }
}

/// RDS keeps identifiers in lower case, and so are the dimensions of metrics.
fn lower(mut name: Node) -> Node {
    if let Data::Text(text) = &mut name.data {
        text.make_ascii_lowercase();
    }
    name
}
