//! The data is well-formed, and says what the services' pages say.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_row_is_well_formed() {
    let errors: Vec<String> = errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    let rows = FILES.iter().flat_map(|(_, text)| text.lines());
    let rows = rows
        .filter(|row| !row.is_empty() && !row.starts_with(['#', '@']))
        .count();
    assert_eq!(all().count(), rows, "a metric is there twice");
}

#[test]
fn every_metric_is_possible() {
    let units: BTreeSet<&str> = telemetry_core::metrics::UNITS.iter().copied().collect();
    for metric in all() {
        let what = format!("{} {}", metric.namespace, metric.name);
        assert!(units.contains(metric.unit), "{what}: {}", metric.unit);
        assert!(!metric.dimensions.is_empty(), "{what}");
        let sets: BTreeSet<_> = metric.dimensions.iter().collect();
        assert_eq!(
            sets.len(),
            metric.dimensions.len(),
            "{what}: a set is there twice"
        );
        if let (Some(low), Some(high)) = metric.range {
            assert!(low < high, "{what}");
        }
        assert!(
            metric.source.starts_with("https://docs.aws.amazon.com/"),
            "{what}"
        );
        assert!(metric.every % 60 == 0 && metric.every > 0, "{what}");
    }
}

#[test]
fn wrong_rows_are_told() {
    let check = |row: &'static str, why: &str| {
        let text = format!("@namespace\tA\n@source\thttps://a\n{row}\n").leak();
        let found = read::file("a.tsv", text);
        let told: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        assert_eq!((found.metrics.len(), told), (0, vec![format!("a.tsv:3: {why}")]));
    };
    check("A\tCount", "a row has 6 or 7 cells, this one 2");
    check(
        "A\tCount\tqueue\tdaily\tcount\t0..",
        "`queue` is neither a set of dimensions nor defined by @sets",
    );
    check("A\tCount\t-\tnever\tcount\t0..", "`never` is no presence");
    check("A\tCount\t-\tdaily\tsum\t0..", "`sum` is no kind of statistics");
    check("A\tCount\t-\tdaily\tcount\t0", "`0` is no range: 0..100");
    check(
        "A\tCount\t-\tdaily\tcount\t0..\tevery=x",
        "`x` is no number of seconds",
    );
}

/// AWS's own list of recommended alarms, row by row where it disagrees with the services' pages: dimensions under which there
/// are no datapoints, and names that nobody publishes.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html>
#[test]
fn mistakes_of_the_list_of_recommended_alarms_are_known() {
    let dead = |namespace: &str, name: &str, dimensions: &[&str]| {
        let metric = find(namespace, name).unwrap_or_else(|| panic!("{name}"));
        assert!(!metric.has_dimensions(dimensions), "{name}");
    };
    dead("AWS/DynamoDB", "SystemErrors", &["TableName"]);
    dead("AWS/SNS", "SMSMonthToDateSpentUSD", &["TopicName"]);
    dead("AWS/SNS", "SMSSuccessRate", &["TopicName"]);
    dead("AWS/ApiGateway", "4xx", &["ApiName", "Stage"]);
    // Written so in the list; the metrics are ContainerCpuUtilization and TaskEBSFilesystemUtilization.
    assert!(find("ECS/ContainerInsights", "ContainerCPUUtilization").is_none());
    assert!(find("ECS/ContainerInsights", "TaskEBSfilesystemUtilization").is_none());
    // "Average" of a count of throttled reads is at most what one sample was.
    let exceeded = find("AWS/Kinesis", "ReadProvisionedThroughputExceeded").unwrap();
    assert_eq!(exceeded.statistics, Usefulness::Amount);
}

#[test]
fn facts_of_the_services_pages() {
    let sets = |namespace: &str, name: &str, expected: &[&str]| {
        let metric = find(namespace, name).unwrap_or_else(|| panic!("{name}"));
        assert!(metric.has_dimensions(expected), "{name} {expected:?}");
    };
    sets("AWS/DynamoDB", "ThrottledRequests", &["TableName", "Operation"]);
    sets(
        "AWS/DynamoDB",
        "ReadThrottleEvents",
        &["TableName", "GlobalSecondaryIndexName"],
    );
    sets("AWS/DynamoDB", "UserErrors", &[]);
    sets("AWS/Events", "FailedInvocations", &["RuleName", "EventBusName"]);
    sets(
        "AWS/Lambda",
        "FailedInvokeEventCount",
        &["EventSourceMappingUUID"],
    );
    sets("AWS/ApiGateway", "5xx", &["Stage", "ApiId"]);
    sets("AWS/S3", "5xxErrors", &["BucketName", "FilterId"]);
    sets("AWS/CloudFront", "5xxErrorRate", &["Region", "DistributionId"]);
    sets("AWS/SES", "Bounce", &["whatever"]);
    sets(
        "AWS/Scheduler",
        "InvocationsFailedToBeSentToDeadLetterCount_AccessDenied",
        &["ScheduleGroup"],
    );
    assert!(find("AWS/States", "ExecutionsFailedCount").is_none());
    assert_eq!(find("AWS/S3", "BucketSizeBytes").unwrap().every, 86_400);
    assert_eq!(
        find("AWS/Billing", "EstimatedCharges").unwrap().region,
        Some("us-east-1")
    );
    assert!(is_complete("AWS/Lambda") && !is_complete("AWS/RDS") && !is_complete("Shop"));
    assert!(find("AWS/Nothing", "Errors").is_none() && metrics_of("AWS/Nothing").next().is_none());
}
