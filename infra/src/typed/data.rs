//! Tables, streams, delivery streams, buckets.

use crate::node::Node;

use super::read::{Reader, Setting, given};

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Dimension `TableName` of its metrics.
    pub name: Node,
    /// How it is paid, and so whether it has a capacity to run out of.
    pub billing: Setting<Billing>,
    /// Read units of a provisioned table.
    pub read_capacity: Setting<u64>,
    /// Write units of a provisioned table.
    pub write_capacity: Setting<u64>,
    /// What its stream carries (`NEW_IMAGE`, ...); null without a stream.
    pub stream: Node,
    /// Global secondary indexes.
    pub indexes: Vec<Index>,
}

/// How a table is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// By capacity.
    Provisioned,
    /// By request.
    OnDemand,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// Dimension `GlobalSecondaryIndexName` of its metrics.
    pub name: Node,
    /// Read units.
    pub read_capacity: Setting<u64>,
    /// Write units.
    pub write_capacity: Setting<u64>,
}

/// A Kinesis stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Dimension `StreamName` of its metrics.
    pub name: Node,
    /// Shards; absent on demand.
    pub shards: Setting<u64>,
    /// Hours after which records are lost.
    pub retention_h: Setting<u64>,
}

/// A delivery stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Firehose {
    /// Dimension `DeliveryStreamName` of its metrics.
    pub name: Node,
    /// `DirectPut`, `KinesisStreamAsSource`, ...
    pub kind: Node,
    /// Seconds that records wait for others on their way to S3.
    pub buffer_s: Setting<u64>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// Dimension `BucketName` of its metrics.
    pub name: Node,
    /// Identifiers of configured request metrics: without one there are none.
    pub request_metrics: Vec<Node>,
    /// Whether objects are copied to other buckets.
    pub replicates: bool,
}

impl Table {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let properties = reader.properties();
        let throughput = &properties["ProvisionedThroughput"];
        let mut indexes = Vec::new();
        for index in properties["GlobalSecondaryIndexes"].items() {
            let throughput = &index["ProvisionedThroughput"];
            indexes.push(Index {
                name: index["IndexName"].clone(),
                read_capacity: reader.whole_in(throughput, "ReadCapacityUnits", None),
                write_capacity: reader.whole_in(throughput, "WriteCapacityUnits", None),
            });
        }
        Self {
            name: reader.name("TableName"),
            billing: billing(reader),
            read_capacity: reader.whole_in(throughput, "ReadCapacityUnits", None),
            write_capacity: reader.whole_in(throughput, "WriteCapacityUnits", None),
            stream: given(&properties["StreamSpecification"], "StreamViewType")
                .unwrap_or_else(|| Node::null(reader.resource.at)),
            indexes,
        }
    }
}

fn billing(reader: &mut Reader<'_>) -> Setting<Billing> {
    let properties = reader.properties();
    match properties.get("BillingMode") {
        Some(mode) if mode.is_unknown() => Setting::Unknown(mode.clone()),
        Some(mode) => match mode.as_text() {
            Some("PAY_PER_REQUEST") => Setting::Given(Billing::OnDemand),
            Some("PROVISIONED") => Setting::Given(Billing::Provisioned),
            _ => {
                let what = format!("BillingMode cannot be {mode}");
                reader.problem(mode, &what, "give PROVISIONED or PAY_PER_REQUEST");
                Setting::Absent
            }
        },
        // SAM's tables are on demand unless they have a throughput.
        None if reader.resource.kind.ends_with("SimpleTable")
            && properties["ProvisionedThroughput"].is_null() =>
        {
            Setting::Default(Billing::OnDemand)
        }
        None => Setting::Default(Billing::Provisioned),
    }
}

impl Stream {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        Self {
            name: reader.name("Name"),
            shards: reader.whole("ShardCount", None),
            // <https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html>
            retention_h: reader.whole("RetentionPeriodHours", Some(24)),
        }
    }
}

impl Firehose {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let properties = reader.properties();
        let destination = ["ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"]
            .iter()
            .find_map(|name| properties.get(name));
        // <https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html>
        let buffer_s = match destination {
            Some(destination) => {
                reader.whole_in(&destination["BufferingHints"], "IntervalInSeconds", Some(300))
            }
            None => Setting::Absent,
        };
        Self {
            name: reader.name("DeliveryStreamName"),
            kind: reader.node("DeliveryStreamType"),
            buffer_s,
        }
    }
}

impl Bucket {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let configured = reader.properties()["MetricsConfigurations"].items();
        Self {
            name: reader.name("BucketName"),
            request_metrics: configured.iter().map(|one| one["Id"].clone()).collect(),
            replicates: !reader.properties()["ReplicationConfiguration"].is_null(),
        }
    }
}
