//! Tables, buckets and topics: on demand, encrypted, recoverable.

use super::{SHOPFAST, check};

#[test]
fn tables_are_on_demand_encrypted_and_recoverable() {
    let tables: Vec<_> = SHOPFAST.resources_of("AWS::DynamoDB::Table").collect();
    assert_eq!(tables.len(), 9);
    let wrong = tables.iter().flat_map(|table| {
        let p = &table.properties;
        let promises = [
            ("on demand", p["BillingMode"] == "PAY_PER_REQUEST"),
            ("encrypted", p["SSESpecification"]["SSEEnabled"] == true),
            (
                "recoverable to a point in time",
                p["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true,
            ),
            (
                "named",
                p["TableName"]
                    .as_str()
                    .is_some_and(|n| n.starts_with("shopfast-")),
            ),
            (
                "protected in prod",
                p["DeletionProtectionEnabled"]["Fn::If"] == serde_json::json!(["IsProd", true, false]),
            ),
            ("kept", table.whole["UpdateReplacePolicy"] == "Retain"),
            ("kept", table.whole["DeletionPolicy"] == "RetainExceptOnCreate"),
        ];
        promises
            .into_iter()
            .filter(|(_, kept)| !kept)
            .map(|(promise, _)| format!("line {}: {} is not {promise}", table.line, table.logical_id))
    });
    check("tables", wrong);
}

#[test]
fn topics_and_buckets_are_encrypted() {
    let topics = SHOPFAST
        .resources_of("AWS::SNS::Topic")
        .filter(|topic| topic.properties["KmsMasterKeyId"].is_null());
    let buckets = SHOPFAST.resources_of("AWS::S3::Bucket").filter(|bucket| {
        let rules = &bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"].is_null()
    });
    check("encrypted", topics.chain(buckets).map(|r| r.logical_id.clone()));
}

#[test]
fn buckets_are_private() {
    let open = SHOPFAST.resources_of("AWS::S3::Bucket").filter(|bucket| {
        let block = &bucket.properties["PublicAccessBlockConfiguration"];
        [
            "BlockPublicAcls",
            "BlockPublicPolicy",
            "IgnorePublicAcls",
            "RestrictPublicBuckets",
        ]
        .iter()
        .any(|setting| block[setting] != true)
    });
    check("nothing is public", open.map(|r| r.logical_id.clone()));
}

/// Whoever listens on the way reads no log lines.
#[test]
fn the_archive_is_reached_over_tls_only() {
    let policy = SHOPFAST.resource("LogArchivePolicy").unwrap();
    assert_eq!(infra::target(&policy.properties["Bucket"]), Some("LogArchive"));
    let statement = &policy.properties["PolicyDocument"]["Statement"][0];
    assert_eq!(
        (
            &statement["Effect"],
            &statement["Condition"]["Bool"]["aws:SecureTransport"]
        ),
        (&serde_json::json!("Deny"), &serde_json::json!("false"))
    );
}
