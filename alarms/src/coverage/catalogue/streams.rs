//! Streams, delivery streams and buckets: rows H1 and B1 of the catalogue, and Kinesis.

use crate::coverage::condition::{Condition, NO_TRAFFIC, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{Facts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::{Cell, Mode, Urgency};

const KINESIS: &str = "AWS/Kinesis";
const FIREHOSE: &str = "AWS/Firehose";
const S3: &str = "AWS/S3";

pub(super) const STREAM_MODES: &[Mode] = &[
    Mode {
        name: "iterator-age",
        urgency: Urgency::Page,
        incident: "failing",
        says: "A reader of {} is behind: records that are not read before they expire are lost.",
        look: "the readers' errors and duration, and the number of shards",
        rule: iterator_age,
    },
    Mode {
        name: "write-throttles",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} refuses records: a shard takes no more.",
        look: "partition keys: one is hot, or there are too few shards",
        rule: |subject, knobs| of_stream(subject, knobs, "WriteProvisionedThroughputExceeded"),
    },
    Mode {
        name: "read-throttles",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Readers of {} ask more often than a shard answers.",
        look: "how many readers share a shard; enhanced fan-out gives each its own",
        rule: |subject, knobs| of_stream(subject, knobs, "ReadProvisionedThroughputExceeded"),
    },
];

pub(super) const FIREHOSE_MODES: &[Mode] = &[
    Mode {
        name: "freshness",
        urgency: Urgency::Ticket,
        incident: "",
        says: "The oldest record in {} waits much longer than its buffer: it does not reach its destination.",
        look: "the delivery stream's error log, its role and the destination's policy and key",
        rule: freshness,
    },
    Mode {
        name: "delivery",
        urgency: Urgency::Page,
        incident: "failing",
        says: "{} cannot deliver to its bucket. Records are kept for a day, then lost.",
        look: "the delivery stream's error log, its role and the bucket's policy and key",
        rule: delivery,
    },
    Mode {
        name: "throttled",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} refuses records: its quota is used up.",
        look: "IncomingBytes and IncomingRecords against the quota",
        rule: |subject, knobs| of_firehose(subject, knobs, "ThrottledRecords"),
    },
    Mode {
        name: "conversion",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Records in {} do not fit the schema: they lie in the error prefix.",
        look: "the objects there, and who writes such records",
        rule: |subject, knobs| of_firehose(subject, knobs, "FailedConversion.Records"),
    },
    Mode {
        name: "partitions",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} has more active partitions than it may: records go to the error prefix.",
        look: "the partition keys: one of them has too many values",
        rule: |subject, knobs| of_firehose(subject, knobs, "PartitionCountExceeded"),
    },
];

pub(super) const BUCKET_MODES: &[Mode] = &[
    Mode {
        name: "server-errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "S3 answers requests for {} with errors of its own.",
        look: "the AWS Health Dashboard of the region, and request rates by prefix",
        rule: |subject, knobs| of_bucket(subject, knobs, "5xxErrors", 1.0),
    },
    Mode {
        name: "client-errors",
        urgency: Urgency::Ticket,
        incident: "",
        says: "S3 refuses many requests for {}.",
        look: "the access log by status and caller: a policy or key that changed",
        rule: |subject, knobs| of_bucket(subject, knobs, "4xxErrors", 10.0),
    },
];

fn iterator_age(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::Stream(stream) = subject.facts else {
        return Cell::Nothing;
    };
    let Some(hours) = stream.retention_h.known() else {
        return Cell::Empty("its retention is known only after deployment".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "at most a year of hours")]
    let limit = knobs.part_of(hours as f64 * 3_600_000.0, 0.1);
    let dimensions = [("StreamName", subject.name.clone())];
    Condition::one(Source::new(
        "m",
        KINESIS,
        "GetRecords.IteratorAgeMilliseconds",
        Stat::Maximum,
        &dimensions,
    ))
    .at_least(limit)
    .every(knobs.period(60))
    .of(knobs.of(3, 5))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}

fn of_stream(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    let dimensions = [("StreamName", subject.name.clone())];
    Condition::one(Source::new("m", KINESIS, metric, Stat::Sum, &dimensions))
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(60))
        .of(knobs.of(3, 5))
        .into()
}

/// Twice the longest buffer, which is 900 s, where nobody says less.
fn freshness(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let dimensions = [("DeliveryStreamName", subject.name.clone())];
    Condition::one(Source::new(
        "m",
        FIREHOSE,
        "DeliveryToS3.DataFreshness",
        Stat::Maximum,
        &dimensions,
    ))
    .at_least(knobs.threshold(1800.0))
    .every(knobs.period(300))
    .of(knobs.of(3, 3))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}

/// The ratio of successful puts: an average below 1 is a failed one.
fn delivery(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let dimensions = [("DeliveryStreamName", subject.name.clone())];
    Condition::one(Source::new(
        "m",
        FIREHOSE,
        "DeliveryToS3.Success",
        Stat::Average,
        &dimensions,
    ))
    .below(knobs.threshold(1.0))
    .every(knobs.period(300))
    .of(knobs.of(3, 3))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}

fn of_firehose(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str) -> Cell {
    let dimensions = [("DeliveryStreamName", subject.name.clone())];
    Condition::one(Source::new("m", FIREHOSE, metric, Stat::Sum, &dimensions))
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(300))
        .of(knobs.of(3, 3))
        .into()
}

/// Request metrics are counted by a configured filter, and there are none without one.
fn of_bucket(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str, percent: f64) -> Cell {
    let Facts::Bucket(filters) = &subject.facts else {
        return Cell::Nothing;
    };
    let Some(filter) = filters.first() else {
        return Cell::Empty("no request metrics are configured, so S3 publishes nothing".to_owned());
    };
    let dimensions = [("BucketName", subject.name.clone()), ("FilterId", filter.clone())];
    let sources = vec![
        Source::new("errors", S3, metric, Stat::Sum, &dimensions),
        Source::new("requests", S3, "AllRequests", Stat::Sum, &dimensions),
    ];
    let least = knobs.min_samples(10);
    Condition::math(
        sources,
        format!("IF(requests >= {least}, 100 * errors / requests, 0)"),
    )
    .at_least(knobs.threshold(percent))
    .every(knobs.period(60))
    .of(knobs.of(5, 10))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}
