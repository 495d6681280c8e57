//! Databases of RDS: row R1 of the catalogue. Thresholds follow from the class (memory, processors), the volume and the
//! parameter group; what a template does not decide is an empty cell, which a threshold of a definition file fills.

use infra::typed::Database;

use crate::coverage::condition::{Condition, NO_TRAFFIC, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{DatabaseFacts, Facts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::database_class::{Class, class};
use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/RDS";
const GIB: f64 = 1_073_741_824.0;

/// Why silence of a level says nothing.
const STOPPED: &str = "RDS publishes every minute while the database runs: silence is a database that is stopped, and no value of it";

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "storage",
        urgency: Urgency::Page,
        incident: "failing",
        says: "The volume of {} is nearly full: a database without space takes no more writes.",
        look: "what grows (tables, logs, replication slots); add storage, which takes effect while it runs",
        rule: storage,
    },
    Mode {
        name: "connections",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} has nearly as many connections as it takes: soon it refuses new ones.",
        look: "who holds connections (one pool for each instance of a program), and max_connections; without a parameter group that sets it, the threshold follows from the memory of the class, and a definition file knows better",
        rule: connections,
    },
    Mode {
        name: "cpu",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The processors of {} are busy all the time.",
        look: "the statements with most load, and missing indexes",
        rule: |subject, knobs| {
            level(subject, knobs, ("CPUUtilization", Stat::Average), (5, 5))
                .map_or(Cell::Nothing, |condition| {
                    condition.at_least(knobs.threshold(90.0)).into()
                })
        },
    },
    Mode {
        name: "memory",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} has little memory left: it reads from the volume what was in memory, and may begin to swap.",
        look: "connections and their buffers, the size of the working set, SwapUsage",
        rule: memory,
    },
    Mode {
        name: "load",
        urgency: Urgency::Ticket,
        incident: "",
        says: "More sessions of {} work or wait than it has processors.",
        look: "Performance Insights: load by wait and by statement",
        rule: load,
    },
    Mode {
        name: "latency",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The volume of {} answers slowly.",
        look: "DiskQueueDepth, IOPS and throughput against what the volume has, BurstBalance of gp2",
        rule: latency,
    },
    Mode {
        name: "replica-lag",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} is behind the database that it copies, or does not copy any more: who reads from it reads the past.",
        look: "writes of the source, long statements on the replica, whether replication runs",
        rule: replica_lag,
    },
    Mode {
        name: "transaction-ids",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} has used many transaction IDs since the last vacuum: at two billion PostgreSQL stops taking writes.",
        look: "long transactions, replication slots that nobody reads, autovacuum",
        rule: transaction_ids,
    },
    Mode {
        name: "capacity",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} uses nearly all capacity that it may scale to.",
        look: "MaxCapacity of its cluster, and the statements with most load",
        rule: capacity,
    },
    Mode {
        name: "restart",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} was restarted: connections broke.",
        look: "the events of the instance: failover, maintenance, out of memory",
        rule: restart,
    },
];

pub(super) const CLUSTER_MODES: &[Mode] = &[
    Mode {
        name: "replica-lag",
        urgency: Urgency::Ticket,
        incident: "",
        says: "A reader of {} is behind the writer.",
        look: "which reader (AuroraReplicaLag by instance), its class against the writer's, and writes in one large transaction",
        rule: |subject, knobs| {
            of_aurora(
                subject,
                knobs,
                ("AuroraReplicaLagMaximum", Stat::Maximum),
                |condition, knobs| condition.at_least(knobs.threshold(2000.0)),
                |_| true,
            )
        },
    },
    Mode {
        name: "volume",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The volume of {} comes near to the most that Aurora gives.",
        look: "what can be deleted or put into another cluster",
        rule: |subject, knobs| {
            of_aurora(
                subject,
                knobs,
                ("AuroraVolumeBytesLeftTotal", Stat::Minimum),
                |condition, knobs| {
                    // 10 TiB of the 128 that there are: time to move.
                    condition.below(knobs.threshold(10.0 * 1024.0 * GIB))
                },
                |engine| engine == "aurora-mysql",
            )
        },
    },
];

fn database<'a>(subject: &'a Subject<'_>) -> Option<(&'a Database, &'a DatabaseFacts)> {
    match &subject.facts {
        Facts::Database(database, facts) => Some((database, facts)),
        _ => None,
    }
}

/// A metric of the instance, minute by minute.
fn level(
    subject: &Subject<'_>,
    knobs: &Knobs<'_>,
    (metric, stat): (&str, Stat),
    (m, n): (u32, u32),
) -> Option<Condition> {
    database(subject)?;
    let condition = Condition::one(source(subject, "m", metric, stat))
        .every(knobs.period(60))
        .of(knobs.of(m, n))
        .missing(TreatMissingData::Missing, STOPPED);
    Some(condition)
}

fn source(subject: &Subject<'_>, id: &'static str, metric: &str, stat: Stat) -> Source {
    let dimensions = [("DBInstanceIdentifier", subject.name.clone())];
    Source::new(id, NAMESPACE, metric, stat, &dimensions)
}

/// A tenth of the volume; half of that when it grows by itself, which it does below a tenth.
fn storage(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((database, facts)) = database(subject) else {
        return Cell::Nothing;
    };
    if facts.in_cluster {
        return Cell::Nothing;
    }
    let grows = database.most_storage_gib.known() > database.storage_gib.known();
    let factor = if grows { 0.05 } else { 0.1 };
    #[expect(clippy::cast_precision_loss, reason = "at most 65 536 GiB")]
    let whole = database.storage_gib.known().map(|gib| gib as f64 * GIB);
    let Some(limit) = limit(knobs, whole, factor) else {
        return Cell::Empty(
            "its AllocatedStorage is known only after deployment: give a threshold in bytes".to_owned(),
        );
    };
    match level(subject, knobs, ("FreeStorageSpace", Stat::Minimum), (5, 5)) {
        Some(condition) => condition.below(limit).into(),
        None => Cell::Nothing,
    }
}

/// The part of what the resource has, or the threshold that a definition file gives.
fn limit(knobs: &Knobs<'_>, whole: Option<f64>, factor: f64) -> Option<f64> {
    match whole {
        Some(whole) => Some(knobs.part_of(whole, factor).floor()),
        None => knobs.given_threshold(),
    }
}

fn of_class(facts: &DatabaseFacts) -> Option<Class> {
    class(facts.class.as_deref()?)
}

fn connections(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((database, facts)) = database(subject) else {
        return Cell::Nothing;
    };
    let Some(limit) = limit(knobs, most_connections(database, facts), 0.8) else {
        return Cell::Empty(
            "its max_connections follow from nothing that the template says: give a threshold".to_owned(),
        );
    };
    match level(subject, knobs, ("DatabaseConnections", Stat::Maximum), (3, 5)) {
        Some(condition) => condition.at_least(limit).into(),
        None => Cell::Nothing,
    }
}

/// Of the parameter group; else what engines take by default. User guide, "Quotas and constraints", "Maximum number of database
/// connections".
fn most_connections(database: &Database, facts: &DatabaseFacts) -> Option<f64> {
    use infra::typed::Setting;
    match &database.most_connections {
        #[expect(clippy::cast_precision_loss, reason = "at most some hundred thousand")]
        Setting::Given(number) | Setting::Default(number) => return Some(*number as f64),
        Setting::Unknown(_) => return None,
        Setting::Absent => {}
    }
    let memory = of_class(facts)?.memory_of_the_database();
    match facts.engine.as_deref()? {
        "postgres" | "aurora-postgresql" => Some((memory / 9_531_392.0).min(5000.0).floor()),
        "mysql" => Some((memory / 12_582_880.0).floor()),
        _ => None,
    }
}

/// A tenth of the class's memory.
fn memory(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((_, facts)) = database(subject) else {
        return Cell::Nothing;
    };
    if facts.is_serverless() {
        return Cell::Nothing;
    }
    let Some(limit) = limit(knobs, of_class(facts).map(|class| class.memory_bytes), 0.1) else {
        return Cell::Empty(
            "the memory of its class is not known here: give a threshold in bytes".to_owned(),
        );
    };
    match level(subject, knobs, ("FreeableMemory", Stat::Average), (10, 15)) {
        Some(condition) => condition.below(limit).into(),
        None => Cell::Nothing,
    }
}

fn load(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((database, facts)) = database(subject) else {
        return Cell::Nothing;
    };
    if database.measures_load.known() != Some(true) {
        return Cell::Empty("its load is not measured: EnablePerformanceInsights".to_owned());
    }
    let processors = of_class(facts).map(|class| class.processors);
    let Some(limit) = limit(knobs, processors, 1.0) else {
        return Cell::Empty("the processors of its class are not known here: give a threshold".to_owned());
    };
    match level(subject, knobs, ("DBLoad", Stat::Average), (10, 15)) {
        Some(condition) => condition.above(limit).into(),
        None => Cell::Nothing,
    }
}

/// Seconds. Published only while something is read or written.
fn latency(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    if database(subject).is_none() {
        return Cell::Nothing;
    }
    let sources = vec![
        source(subject, "reads", "ReadLatency", Stat::Average),
        source(subject, "writes", "WriteLatency", Stat::Average),
    ];
    Condition::math(sources, "MAX([FILL(reads, 0), FILL(writes, 0)])")
        .at_least(knobs.threshold(0.05))
        .every(knobs.period(60))
        .of(knobs.of(10, 15))
        .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
        .into()
}

/// Seconds; -1 says that it does not replicate, which is worse than any lag.
fn replica_lag(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((database, _)) = database(subject).filter(|(_, facts)| !facts.in_cluster) else {
        return Cell::Nothing;
    };
    if database.replica_of.is_null() {
        return Cell::Nothing;
    }
    let limit = knobs.threshold(60.0);
    let sources = vec![source(subject, "lag", "ReplicaLag", Stat::Average)];
    Condition::math(sources, format!("IF(lag < 0, {limit}, lag)"))
        .at_least(limit)
        .every(knobs.period(60))
        .of(knobs.of(10, 10))
        .missing(TreatMissingData::Missing, STOPPED)
        .into()
}

fn transaction_ids(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let is_postgres =
        |facts: &DatabaseFacts| matches!(facts.engine.as_deref(), Some("postgres" | "aurora-postgresql"));
    match database(subject) {
        Some((_, facts)) if is_postgres(facts) => {
            match level(
                subject,
                knobs,
                ("MaximumUsedTransactionIDs", Stat::Maximum),
                (1, 1),
            ) {
                Some(condition) => condition.at_least(knobs.threshold(1e9)).into(),
                None => Cell::Nothing,
            }
        }
        _ => Cell::Nothing,
    }
}

fn capacity(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match database(subject) {
        Some((_, facts)) if facts.is_serverless() => {
            match level(subject, knobs, ("ACUUtilization", Stat::Average), (10, 15)) {
                Some(condition) => condition.at_least(knobs.threshold(90.0)).into(),
                None => Cell::Nothing,
            }
        }
        _ => Cell::Nothing,
    }
}

/// Aurora counts seconds since the start; of others a restart is an event only.
fn restart(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((_, facts)) = database(subject) else {
        return Cell::Nothing;
    };
    if !facts.is_aurora() {
        return Cell::Empty(
            "RDS tells restarts as events (AWS::RDS::EventSubscription), and has no metric of them"
                .to_owned(),
        );
    }
    match level(subject, knobs, ("EngineUptime", Stat::Minimum), (1, 1)) {
        Some(condition) => condition.below(knobs.threshold(300.0)).into(),
        None => Cell::Nothing,
    }
}

fn of_aurora(
    subject: &Subject<'_>,
    knobs: &Knobs<'_>,
    (metric, stat): (&str, Stat),
    compare: fn(Condition, &Knobs<'_>) -> Condition,
    has: fn(&str) -> bool,
) -> Cell {
    let Facts::DatabaseCluster(Some(engine)) = &subject.facts else {
        return Cell::Nothing;
    };
    if !engine.starts_with("aurora") || !has(engine) {
        return Cell::Nothing;
    }
    let dimensions = [("DBClusterIdentifier", subject.name.clone())];
    let condition = Condition::one(Source::new("m", NAMESPACE, metric, stat, &dimensions))
        .every(knobs.period(60))
        .of(knobs.of(5, 5))
        .missing(TreatMissingData::Missing, STOPPED);
    compare(condition, knobs).into()
}
