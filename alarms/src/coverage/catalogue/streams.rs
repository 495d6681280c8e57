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
        name: "decompression",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Records in {} cannot be decompressed: they lie in the error prefix.",
        look: "the objects there, and whether something else than CloudWatch Logs writes to the delivery stream",
        rule: |subject, knobs| of_firehose(subject, knobs, "OutputDecompressedRecords.Failed"),
    },
    Mode {
        name: "limit",
        urgency: Urgency::Ticket,
        incident: "",
        says: "{} takes in nearly as much as its quota lets it: above it records are refused.",
        look: "who writes how much; the quota of the delivery stream can be raised",
        rule: intake,
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
    Mode {
        name: "replication",
        urgency: Urgency::Ticket,
        incident: "",
        says: "Objects of {} are not copied to the other bucket.",
        look: "the role of the replication, the key and the policy of the other bucket",
        rule: |subject, _| match &subject.facts {
            Facts::Bucket(bucket, _) if bucket.replicates => Cell::Empty(
                "its metrics have rule and destination as dimensions, one alarm for each".to_owned(),
            ),
            _ => Cell::Nothing,
        },
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

/// Twice as long as records wait for others; twice the longest wait, which is 900 s, where the template does not say.
fn freshness(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    let Facts::Firehose(firehose) = &subject.facts else {
        return Cell::Nothing;
    };
    #[expect(clippy::cast_precision_loss, reason = "at most 900 s")]
    let buffer = firehose.buffer_s.known().unwrap_or(900) as f64;
    let dimensions = [("DeliveryStreamName", subject.name.clone())];
    Condition::one(Source::new(
        "m",
        FIREHOSE,
        "DeliveryToS3.DataFreshness",
        Stat::Maximum,
        &dimensions,
    ))
    .at_least(knobs.part_of(buffer, 2.0))
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

/// Percent of the quota, by bytes or by records. Only who writes directly has one.
fn intake(subject: &Subject<'_>, knobs: &Knobs<'_>) -> Cell {
    match &subject.facts {
        Facts::Firehose(firehose) if matches!(firehose.kind.as_text(), None | Some("DirectPut")) => {}
        _ => return Cell::Nothing,
    }
    let dimensions = [("DeliveryStreamName", subject.name.clone())];
    let of = |id, metric, stat| Source::new(id, FIREHOSE, metric, stat, &dimensions);
    let sources = vec![
        of("bytes", "IncomingBytes", Stat::Sum),
        of("mostbytes", "BytesPerSecondLimit", Stat::Minimum),
        of("records", "IncomingRecords", Stat::Sum),
        of("mostrecords", "RecordsPerSecondLimit", Stat::Minimum),
    ];
    let period = knobs.period(300);
    let of_quota = |what: &str| format!("100 * {what} / {period} / most{what}");
    Condition::math(
        sources,
        format!("MAX([{}, {}])", of_quota("bytes"), of_quota("records")),
    )
    .at_least(knobs.threshold(80.0))
    .every(period)
    .of(knobs.of(3, 3))
    .missing(TreatMissingData::NotBreaching, NO_TRAFFIC)
    .into()
}

/// Request metrics are counted by a configured filter, and there are none without one.
fn of_bucket(subject: &Subject<'_>, knobs: &Knobs<'_>, metric: &str, percent: f64) -> Cell {
    let Facts::Bucket(_, filters) = &subject.facts else {
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
