//! Tables: rows D1 to D3 of the catalogue. The namespace `AWS/DynamoDB` treats missing data as `ignore` by default, and perhaps
//! always (the API reference and the user guide disagree): an alarm that saw one throttle would stay in ALARM for ever. So what
//! is counted goes through `FILL(…, 0)`, which leaves nothing missing once a datapoint was there.

use infra::typed::{Billing, Table};

use crate::coverage::condition::{Condition, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{Facts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const NAMESPACE: &str = "AWS/DynamoDB";

/// With which operations errors of the service are counted: there is no metric of the table as a whole.
const OPERATIONS: &[(&str, &str)] = &[
    ("get", "GetItem"),
    ("put", "PutItem"),
    ("update", "UpdateItem"),
    ("delete", "DeleteItem"),
    ("query", "Query"),
    ("scan", "Scan"),
    ("batchget", "BatchGetItem"),
    ("batchwrite", "BatchWriteItem"),
    ("transactget", "TransactGetItems"),
    ("transactwrite", "TransactWriteItems"),
];

/// FILL makes a 0 of every minute whose datapoint has not come yet, and does not look at it again. DynamoDB may be minutes late, so
/// with three of five trouble that is seen three minutes after its minute would never fire, however long it lasts. Three of fifteen
/// sees what comes up to twelve minutes late, as soon as it comes; the price is that it clears ten minutes later.
pub(super) const THREE_MINUTES: (u32, u32) = (3, 15);
/// The same for five minutes.
const FIVE_MINUTES: (u32, u32) = (5, 17);

const FILLED: &str = "DynamoDB publishes what it counts only when it happens, and missing data of its namespace may be ignored \
                      whatever the alarm says: FILL makes it 0";

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "throttles",
        urgency: Urgency::Page,
        incident: "failing",
        says: "DynamoDB refuses reads or writes of {}: its capacity, or that of one partition, is used up.",
        look: "which key is hot (Contributor Insights), and who calls so often",
        rule: |subject, knobs| {
            let dimensions = [("TableName", subject.name.clone())];
            throttles(
                knobs,
                &["ReadThrottleEvents", "WriteThrottleEvents"],
                &[dimensions.to_vec()],
            )
        },
    },
    Mode {
        name: "index-throttles",
        urgency: Urgency::Page,
        incident: "failing",
        says: "DynamoDB refuses reads or writes of an index of {}. Writes to the table then fail too.",
        look: "which key of the index is hot, and the index's capacity against the table's",
        rule: index_throttles,
    },
    Mode {
        name: "index-build",
        urgency: Urgency::Ticket,
        incident: "",
        says: "An index that is being added to {} is held back: it takes longer, and writes to the table may be refused.",
        look: "OnlineIndexPercentageProgress, and the write capacity of the new index",
        rule: index_build,
    },
    Mode {
        name: "system-errors",
        urgency: Urgency::Page,
        incident: "failing",
        says: "DynamoDB answers requests for {} with errors of its own.",
        look: "the AWS Health Dashboard of the region; callers retry, so look whether they still succeed",
        rule: system_errors,
    },
    Mode {
        name: "conflicts",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Many requests for {} lose against a transaction on the same item.",
        look: "which items are written by whom at the same time",
        rule: conflicts,
    },
    Mode {
        name: "latency",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} answers slowly.",
        look: "the AWS Health Dashboard of the region, and the size of items and pages that are read",
        rule: latency,
    },
    Mode {
        name: "capacity",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} uses nearly all of the capacity that is provisioned for it.",
        look: "consumed against provisioned units; scale it, or put it on demand",
        rule: capacity,
    },
    Mode {
        name: "replication",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Replicas of {} are behind.",
        look: "ReplicationLatency by region, and throttles of the replicas",
        rule: |subject, _| match subject.facts {
            Facts::Table(_, _, true) => Cell::Empty(
                "its metrics have the receiving region as dimension, one alarm for each".to_owned(),
            ),
            _ => Cell::Nothing,
        },
    },
];

fn table<'a>(subject: &'a Subject<'_>) -> Option<(&'a Table, &'a [String])> {
    match &subject.facts {
        Facts::Table(table, indexes, _) => Some((table, indexes)),
        _ => None,
    }
}

/// The sum of some metrics, each without gaps.
fn filled_sum(sources: Vec<Source>) -> Condition {
    let terms: Vec<String> = sources
        .iter()
        .map(|source| format!("FILL({}, 0)", source.id))
        .collect();
    Condition::math(sources, terms.join(" + ")).missing(TreatMissingData::NotBreaching, FILLED)
}

/// Ids of metrics: expressions need them short, and there are ten at most.
const IDS: [&str; 10] = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10"];

fn throttles(knobs: &Knobs<'_>, metrics: &[&str], sets: &[Vec<(&'static str, String)>]) -> Cell {
    let pairs = sets
        .iter()
        .flat_map(|set| metrics.iter().map(move |metric| (set, metric)));
    let sources: Vec<Source> = IDS
        .iter()
        .zip(pairs)
        .map(|(id, (set, metric))| Source::new(id, NAMESPACE, metric, Stat::Sum, set))
        .collect();
    filled_sum(sources)
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60))
        .of(knobs.of(THREE_MINUTES.0, THREE_MINUTES.1))
        .into()
}

fn index_throttles(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((_, indexes)) = table(subject).filter(|(_, indexes)| !indexes.is_empty()) else {
        return Cell::Nothing;
    };
    // Two metrics for each index, and an alarm takes ten.
    if indexes.len() > IDS.len() / 2 {
        return Cell::Empty(format!(
            "it has {} indexes, and an alarm takes the metrics of five",
            indexes.len()
        ));
    }
    let set = |index: &String| {
        vec![
            ("TableName", subject.name.clone()),
            ("GlobalSecondaryIndexName", index.clone()),
        ]
    };
    let sets: Vec<_> = indexes.iter().map(set).collect();
    throttles(knobs, &["ReadThrottleEvents", "WriteThrottleEvents"], &sets)
}

/// An index is filled when it is added, with the write capacity that it has. On demand it has no such limit.
fn index_build(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((table, indexes)) = table(subject).filter(|(_, indexes)| !indexes.is_empty()) else {
        return Cell::Nothing;
    };
    if table.billing.known() == Some(Billing::OnDemand) {
        return Cell::Nothing;
    }
    if indexes.len() > IDS.len() {
        return Cell::Empty(format!(
            "it has {} indexes, and an alarm takes the metrics of ten",
            indexes.len()
        ));
    }
    let of_index = |(id, index): (&&'static str, &String)| {
        let dimensions = [
            ("TableName", subject.name.clone()),
            ("GlobalSecondaryIndexName", index.clone()),
        ];
        Source::new(id, NAMESPACE, "OnlineIndexThrottleEvents", Stat::Sum, &dimensions)
    };
    filled_sum(IDS.iter().zip(indexes).map(of_index).collect())
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(300))
        .of(knobs.of(1, 3))
        .into()
}

fn by_operation(
    subject: &Subject<'_>,
    metric: &str,
    stat: Stat,
    operations: &[(&'static str, &str)],
) -> Vec<Source> {
    let source = |(id, operation): &(&'static str, &str)| {
        let dimensions = [
            ("TableName", subject.name.clone()),
            ("Operation", (*operation).to_owned()),
        ];
        Source::new(id, NAMESPACE, metric, stat, &dimensions)
    };
    operations.iter().map(source).collect()
}

fn system_errors(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    filled_sum(by_operation(subject, "SystemErrors", Stat::Sum, OPERATIONS))
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60))
        .of(knobs.of(THREE_MINUTES.0, THREE_MINUTES.1))
        .into()
}

fn conflicts(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let dimensions = [("TableName", subject.name.clone())];
    filled_sum(vec![Source::new(
        "conflicts",
        NAMESPACE,
        "TransactionConflict",
        Stat::Sum,
        &dimensions,
    )])
    .at_least(knobs.threshold(10.0))
    .every(knobs.period(60))
    .of(knobs.of(THREE_MINUTES.0, THREE_MINUTES.1))
    .into()
}

/// Reads and writes of single items and of few: what they take says how the table is. Milliseconds.
fn latency(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let operations = [
        ("get", "GetItem"),
        ("put", "PutItem"),
        ("update", "UpdateItem"),
        ("query", "Query"),
        ("batchget", "BatchGetItem"),
        // What is written together is written by this one only.
        ("transactwrite", "TransactWriteItems"),
    ];
    let sources = by_operation(subject, "SuccessfulRequestLatency", Stat::Average, &operations);
    let terms: Vec<String> = sources
        .iter()
        .map(|source| format!("FILL({}, 0)", source.id))
        .collect();
    Condition::math(sources, format!("MAX([{}])", terms.join(", ")))
        .missing(TreatMissingData::NotBreaching, FILLED)
        .at_least(knobs.threshold(100.0))
        .every(knobs.period(60))
        .of(knobs.of(THREE_MINUTES.0, THREE_MINUTES.1))
        .into()
}

fn capacity(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Some((table, _)) = table(subject) else {
        return Cell::Nothing;
    };
    match table.billing.known() {
        Some(Billing::OnDemand) => return Cell::Nothing,
        Some(Billing::Provisioned) => {}
        None => return Cell::Empty("whether it is on demand is known only after deployment".to_owned()),
    }
    let (Some(reads), Some(writes)) = (table.read_capacity.known(), table.write_capacity.known()) else {
        return Cell::Empty("its capacity is known only after deployment, or scaled".to_owned());
    };
    let dimensions = [("TableName", subject.name.clone())];
    let sources = vec![
        Source::new(
            "reads",
            NAMESPACE,
            "ConsumedReadCapacityUnits",
            Stat::Sum,
            &dimensions,
        ),
        Source::new(
            "writes",
            NAMESPACE,
            "ConsumedWriteCapacityUnits",
            Stat::Sum,
            &dimensions,
        ),
    ];
    let period = knobs.period(60);
    let share = |id: &str, units: u64| format!("100 * FILL({id}, 0) / {}", units * u64::from(period));
    Condition::math(
        sources,
        format!("MAX([{}, {}])", share("reads", reads), share("writes", writes)),
    )
    .missing(TreatMissingData::NotBreaching, FILLED)
    .at_least(knobs.part_of(100.0, 0.8))
    .every(period)
    .of(knobs.of(FIVE_MINUTES.0, FIVE_MINUTES.1))
    .into()
}
