//! What follows from kinds of resources that the shop does not have.

use alarms::coverage::Generated;
use alarms::explain::explain;
use alarms::model::Definition;
use alarms::service_metrics::find;
use expect_test::{Expect, expect};

use super::{HEAD, follows, generate_with};

fn check(resources: &str, definitions: &str, of: &str, expect: &Expect) {
    let generated = follows(resources, definitions).unwrap_or_else(|problems| panic!("{problems}"));
    expect.assert_eq(&shown(&generated, of));
}

/// The alarms of a resource, and when they fire; every one watches what is published.
pub(crate) fn shown(generated: &Generated, of: &str) -> String {
    let mut shown = String::new();
    for alarm in generated.alarms.iter().filter(|alarm| alarm.resource == of) {
        let explanation = explain(&alarm.definition).expect("a generated alarm is valid");
        shown.push_str(&format!(
            "{} {}: {} {}\n",
            alarm.name, alarm.severity, explanation.watches, explanation.fires_when
        ));
        if let Definition::Metric(metric) = &alarm.definition {
            published(&alarm.name, metric);
        }
    }
    shown
}

fn published(name: &str, alarm: &alarms::model::MetricAlarm) {
    let stats = alarm
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref());
    let of_queries = stats.map(|stat| {
        (
            stat.metric.namespace.as_str(),
            stat.metric.metric_name.as_str(),
            &stat.metric.dimensions,
        )
    });
    let own = alarm.metric_name.as_deref().zip(alarm.namespace.as_deref());
    let own = own.map(|(metric, namespace)| (namespace, metric, &alarm.dimensions));
    for (namespace, metric, dimensions) in of_queries.chain(own) {
        // What a filter makes is published without dimensions.
        if namespace == "Shopwatch/Logs" {
            assert!(dimensions.is_empty(), "{name}");
            continue;
        }
        let found = find(namespace, metric).unwrap_or_else(|| panic!("{name}: {namespace} has no {metric}"));
        let names: Vec<&str> = dimensions.iter().map(|one| one.name.as_str()).collect();
        assert!(
            found.has_dimensions(&names),
            "{name}: {metric} is not published by {names:?}"
        );
    }
}

#[test]
fn a_function_with_limits_of_its_own() {
    let function = "
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop-orders
      Handler: b
      Runtime: provided.al2023
      CodeUri: .
      Timeout: 7
      ReservedConcurrentExecutions: 25
      AutoPublishAlias: live
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 5 }
      Events:
        Queue:
          Type: SQS
          Properties: { Queue: arn:aws:sqs:eu-west-1:123456789012:q, MetricsConfig: { Metrics: [EventCount] } }
        Nightly: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 3 * * ? *) } }
";
    check(
        function,
        "critical: [Orders]",
        "Orders",
        &expect![[r#"
        shop-orders-async-age ticket: The highest AsyncEventAge (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 10800000 or more.
        shop-orders-async-dropped ticket: The sum of AsyncEventsDropped (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-concurrency ticket: The highest ConcurrentExecutions (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 5 of the newest 10 datapoints, in a row or not: a datapoint counts that is 20 or more.
        shop-orders-duration ticket: The highest Duration (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5600 or more.
        shop-orders-error-rate page: `watched`: `IF(calls >= 10, 100 * errors / calls, 0)`, where `errors` is the sum of Errors (AWS/Lambda) of FunctionName=shop-orders in periods of 1m; `calls` is the sum of Invocations (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 5 or more.
        shop-orders-errors ticket: The sum of Errors (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-heartbeat page: The sum of Invocations (AWS/Lambda) of FunctionName=shop-orders in periods of 1d. The newest datapoint is less than 1.
        shop-orders-mapping-dropped page: The sum of DroppedEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-mapping-failed ticket: The sum of FailedInvokeEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-mapping-gave-up ticket: The sum of OnFailureDestinationDeliveredEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-recursion page: The sum of RecursiveInvocationsDropped (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-spillover ticket: The sum of ProvisionedConcurrencySpilloverInvocations (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-orders-throttles page: The sum of Throttles (AWS/Lambda) of FunctionName=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-orders-failing page: The states of shop-orders-error-rate, shop-orders-heartbeat and shop-orders-throttles. shop-orders-error-rate is in ALARM or shop-orders-throttles is in ALARM or shop-orders-heartbeat is in ALARM.
        shop-orders-losing page: The states of shop-orders-mapping-dropped and shop-orders-recursion. shop-orders-recursion is in ALARM or shop-orders-mapping-dropped is in ALARM.
    "#]],
    );
    check(
        function,
        "",
        "OrdersNightly",
        &expect![[r#"
        shop-default-schedules-dropped page: The sum of InvocationDroppedCount (AWS/Scheduler) of ScheduleGroup=default in periods of 1m. The newest datapoint is 1 or more.
        shop-default-schedules-failed page: The sum of TargetErrorCount (AWS/Scheduler) of ScheduleGroup=default in periods of 1m. The newest datapoint is 1 or more.
        shop-default-schedules-target-throttled ticket: The sum of TargetErrorThrottledCount (AWS/Scheduler) of ScheduleGroup=default in periods of 1m. The newest datapoint is 1 or more.
        shop-default-schedules-throttled ticket: The sum of InvocationThrottleCount (AWS/Scheduler) of ScheduleGroup=default in periods of 1m. The newest datapoint is 1 or more.
        shop-default-schedules-undelivered page: The states of shop-default-schedules-dropped and shop-default-schedules-failed. shop-default-schedules-failed is in ALARM or shop-default-schedules-dropped is in ALARM.
    "#]],
    );
}

#[test]
fn what_several_mappings_lose_is_one_sum() {
    let function = "
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop-orders
      Handler: b
      Runtime: provided.al2023
      CodeUri: .
      Events:
        Queue:
          Type: SQS
          Properties: { Queue: arn:aws:sqs:eu-west-1:123456789012:q, MetricsConfig: { Metrics: [EventCount] } }
  Changes:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Orders
      EventSourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/changes
      MetricsConfig: { Metrics: [EventCount] }
";
    let definitions = "
kinds: { Function: { concurrency: { accepted: None is reserved. } } }
types: { AWS::Lambda::EventSourceMapping: { accepted: What it loses its function has alarms for. } }
";
    let generated = follows(function, definitions).unwrap_or_else(|problems| panic!("{problems}"));
    let of_mappings: String = shown(&generated, "Orders")
        .lines()
        .filter(|line| line.contains("mapping"))
        .map(|line| format!("{line}\n"))
        .collect();
    expect![[r#"
        shop-orders-mapping-dropped page: `watched`: `SUM([m1, m2])`, where `m1` is the sum of DroppedEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m; `m2` is the sum of DroppedEventCount (AWS/Lambda) of EventSourceMappingUUID=${Changes} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-mapping-failed ticket: `watched`: `SUM([m1, m2])`, where `m1` is the sum of FailedInvokeEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m; `m2` is the sum of FailedInvokeEventCount (AWS/Lambda) of EventSourceMappingUUID=${Changes} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-mapping-gave-up ticket: `watched`: `SUM([m1, m2])`, where `m1` is the sum of OnFailureDestinationDeliveredEventCount (AWS/Lambda) of EventSourceMappingUUID=${OrdersQueue} in periods of 1m; `m2` is the sum of OnFailureDestinationDeliveredEventCount (AWS/Lambda) of EventSourceMappingUUID=${Changes} in periods of 1m. The newest datapoint is 1 or more.
        shop-orders-losing page: The states of shop-orders-iterator-age, shop-orders-mapping-dropped and shop-orders-recursion. shop-orders-iterator-age is in ALARM or shop-orders-recursion is in ALARM or shop-orders-mapping-dropped is in ALARM.
    "#]].assert_eq(&of_mappings);
}

#[test]
fn apis_that_are_not_rest() {
    let http = "
  Web: { Type: AWS::Serverless::HttpApi, Properties: { StageName: live } }
  Chat: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: chat, ProtocolType: WEBSOCKET } }
  ChatStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Chat, StageName: live } }
";
    let definitions = "
kinds: { Api: { silent: { accepted: People sleep at night. } } }
types: { \"AWS::ApiGatewayV2::Stage\": { accepted: Its API has the alarms. } }
platform: { objective: 99.9 }
";
    check(
        http,
        definitions,
        "Web",
        &expect![[r#"
        shop-web-api-client-errors ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 4xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m. Each of the newest 5 datapoints is 50 or more.
        shop-web-api-error-budget-fast-14x-1h page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1h; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1h. The newest datapoint is greater than 1.44.
        shop-web-api-error-budget-fast-14x-5m page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 5m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 5m. The newest datapoint is greater than 1.44.
        shop-web-api-error-budget-fast-6x-30m page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 30m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 30m. The newest datapoint is greater than 0.6.
        shop-web-api-error-budget-fast-6x-6h page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 6h; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 6h. The newest datapoint is greater than 0.6.
        shop-web-api-error-budget-slow-1x-3d ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 3d; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 3d. The newest datapoint is greater than 0.1.
        shop-web-api-error-budget-slow-1x-6h ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 6h; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 6h. The newest datapoint is greater than 0.1.
        shop-web-api-error-budget-slow-3x-1d ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1d; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1d. The newest datapoint is greater than 0.3.
        shop-web-api-error-budget-slow-3x-2h ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 2h; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 2h. The newest datapoint is greater than 0.3.
        shop-web-api-integration-latency ticket: `watched`: `IF(requests >= 10, slowest, 0)`, where `slowest` is the p99 of IntegrationLatency (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m. Each of the newest 5 datapoints is 4500 or more.
        shop-web-api-latency page: `watched`: `IF(requests >= 10, slowest, 0)`, where `slowest` is the p99 of Latency (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m. Each of the newest 5 datapoints is 5000 or more.
        shop-web-api-server-errors page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xx (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m; `requests` is the sum of Count (AWS/ApiGateway) of ApiId=${Web}, Stage=live in periods of 1m. Each of the newest 3 datapoints is 5 or more.
        shop-web-api-error-budget-fast page: The states of shop-web-api-error-budget-fast-14x-1h, shop-web-api-error-budget-fast-14x-5m, shop-web-api-error-budget-fast-6x-30m and shop-web-api-error-budget-fast-6x-6h. (shop-web-api-error-budget-fast-14x-1h is in ALARM and shop-web-api-error-budget-fast-14x-5m is in ALARM) or (shop-web-api-error-budget-fast-6x-6h is in ALARM and shop-web-api-error-budget-fast-6x-30m is in ALARM).
        shop-web-api-error-budget-slow ticket: The states of shop-web-api-error-budget-slow-1x-3d, shop-web-api-error-budget-slow-1x-6h, shop-web-api-error-budget-slow-3x-1d and shop-web-api-error-budget-slow-3x-2h. (shop-web-api-error-budget-slow-3x-1d is in ALARM and shop-web-api-error-budget-slow-3x-2h is in ALARM) or (shop-web-api-error-budget-slow-1x-3d is in ALARM and shop-web-api-error-budget-slow-1x-6h is in ALARM).
        shop-web-api-failing page: The states of shop-web-api-error-budget-fast, shop-web-api-latency and shop-web-api-server-errors. shop-web-api-server-errors is in ALARM or shop-web-api-error-budget-fast is in ALARM or shop-web-api-latency is in ALARM.
    "#]],
    );
    check(
        http,
        definitions,
        "Chat",
        &expect![[r#"
        shop-chat-api-client-errors ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ClientError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m. Each of the newest 5 datapoints is 50 or more.
        shop-chat-api-error-budget-fast-14x-1h page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1h; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1h. The newest datapoint is greater than 1.44.
        shop-chat-api-error-budget-fast-14x-5m page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 5m; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 5m. The newest datapoint is greater than 1.44.
        shop-chat-api-error-budget-fast-6x-30m page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 30m; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 30m. The newest datapoint is greater than 0.6.
        shop-chat-api-error-budget-fast-6x-6h page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 6h; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 6h. The newest datapoint is greater than 0.6.
        shop-chat-api-error-budget-slow-1x-3d ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 3d; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 3d. The newest datapoint is greater than 0.1.
        shop-chat-api-error-budget-slow-1x-6h ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 6h; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 6h. The newest datapoint is greater than 0.1.
        shop-chat-api-error-budget-slow-3x-1d ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1d; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1d. The newest datapoint is greater than 0.3.
        shop-chat-api-error-budget-slow-3x-2h ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 2h; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 2h. The newest datapoint is greater than 0.3.
        shop-chat-api-integration-latency ticket: `watched`: `IF(requests >= 10, slowest, 0)`, where `slowest` is the p99 of IntegrationLatency (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m. Each of the newest 5 datapoints is 4500 or more.
        shop-chat-api-server-errors page: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of ExecutionError (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m; `requests` is the sum of MessageCount (AWS/ApiGateway) of ApiId=${Chat}, Stage=live in periods of 1m. Each of the newest 3 datapoints is 5 or more.
        shop-chat-api-error-budget-fast page: The states of shop-chat-api-error-budget-fast-14x-1h, shop-chat-api-error-budget-fast-14x-5m, shop-chat-api-error-budget-fast-6x-30m and shop-chat-api-error-budget-fast-6x-6h. (shop-chat-api-error-budget-fast-14x-1h is in ALARM and shop-chat-api-error-budget-fast-14x-5m is in ALARM) or (shop-chat-api-error-budget-fast-6x-6h is in ALARM and shop-chat-api-error-budget-fast-6x-30m is in ALARM).
        shop-chat-api-error-budget-slow ticket: The states of shop-chat-api-error-budget-slow-1x-3d, shop-chat-api-error-budget-slow-1x-6h, shop-chat-api-error-budget-slow-3x-1d and shop-chat-api-error-budget-slow-3x-2h. (shop-chat-api-error-budget-slow-3x-1d is in ALARM and shop-chat-api-error-budget-slow-3x-2h is in ALARM) or (shop-chat-api-error-budget-slow-1x-3d is in ALARM and shop-chat-api-error-budget-slow-1x-6h is in ALARM).
        shop-chat-api-failing page: The states of shop-chat-api-error-budget-fast and shop-chat-api-server-errors. shop-chat-api-server-errors is in ALARM or shop-chat-api-error-budget-fast is in ALARM.
    "#]],
    );
}

#[test]
fn streams_tables_and_buckets() {
    let resources = "
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, RetentionPeriodHours: 48, ShardCount: 1 } }
  Archive: { Type: AWS::KinesisFirehose::DeliveryStream, Properties: { DeliveryStreamName: archive } }
  Site: { Type: AWS::S3::Bucket, Properties: { BucketName: site, MetricsConfigurations: [{ Id: all }] } }
  Carts:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: carts
      ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 }
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
";
    check(
        resources,
        "",
        "Clicks",
        &expect![[r#"
        shop-clicks-stream-iterator-age page: The highest GetRecords.IteratorAgeMilliseconds (AWS/Kinesis) of StreamName=clicks in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 17280000 or more.
        shop-clicks-stream-read-throttles ticket: The sum of ReadProvisionedThroughputExceeded (AWS/Kinesis) of StreamName=clicks in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-clicks-stream-write-throttles page: The sum of WriteProvisionedThroughputExceeded (AWS/Kinesis) of StreamName=clicks in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-clicks-stream-failing page: The states of shop-clicks-stream-iterator-age and shop-clicks-stream-write-throttles. shop-clicks-stream-iterator-age is in ALARM or shop-clicks-stream-write-throttles is in ALARM.
    "#]],
    );
    check(
        resources,
        "",
        "Archive",
        &expect![[r#"
            shop-archive-firehose-conversion ticket: The sum of FailedConversion.Records (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 1 or more.
            shop-archive-firehose-decompression ticket: The sum of OutputDecompressedRecords.Failed (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 1 or more.
            shop-archive-firehose-delivery page: The average of DeliveryToS3.Success (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is less than 1.
            shop-archive-firehose-freshness ticket: The highest DeliveryToS3.DataFreshness (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 1800 or more.
            shop-archive-firehose-limit ticket: `watched`: `MAX([100 * bytes / 300 / mostbytes, 100 * records / 300 / mostrecords])`, where `bytes` is the sum of IncomingBytes (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m; `mostbytes` is the lowest BytesPerSecondLimit (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m; `records` is the sum of IncomingRecords (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m; `mostrecords` is the lowest RecordsPerSecondLimit (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 80 or more.
            shop-archive-firehose-partitions ticket: The sum of PartitionCountExceeded (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 1 or more.
            shop-archive-firehose-throttled ticket: The sum of ThrottledRecords (AWS/Firehose) of DeliveryStreamName=archive in periods of 5m. Each of the newest 3 datapoints is 1 or more.
        "#]],
    );
    check(
        resources,
        "",
        "Site",
        &expect![[r#"
        shop-site-bucket-client-errors ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 4xxErrors (AWS/S3) of BucketName=site, FilterId=all in periods of 1m; `requests` is the sum of AllRequests (AWS/S3) of BucketName=site, FilterId=all in periods of 1m. 5 of the newest 10 datapoints, in a row or not: a datapoint counts that is 10 or more.
        shop-site-bucket-server-errors ticket: `watched`: `IF(requests >= 10, 100 * errors / requests, 0)`, where `errors` is the sum of 5xxErrors (AWS/S3) of BucketName=site, FilterId=all in periods of 1m; `requests` is the sum of AllRequests (AWS/S3) of BucketName=site, FilterId=all in periods of 1m. 5 of the newest 10 datapoints, in a row or not: a datapoint counts that is 1 or more.
    "#]],
    );
    check(
        resources,
        "",
        "Carts",
        &expect![[r#"
            shop-carts-table-capacity ticket: `watched`: `MAX([100 * FILL(reads, 0) / 600, 100 * FILL(writes, 0) / 300])`, where `reads` is the sum of ConsumedReadCapacityUnits (AWS/DynamoDB) of TableName=carts in periods of 1m; `writes` is the sum of ConsumedWriteCapacityUnits (AWS/DynamoDB) of TableName=carts in periods of 1m. 5 of the newest 17 datapoints, in a row or not: a datapoint counts that is 80 or more.
            shop-carts-table-conflicts ticket: `watched`: `FILL(conflicts, 0)`, where `conflicts` is the sum of TransactionConflict (AWS/DynamoDB) of TableName=carts in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 10 or more.
            shop-carts-table-latency ticket: `watched`: `MAX([FILL(get, 0), FILL(put, 0), FILL(update, 0), FILL(query, 0), FILL(batchget, 0), FILL(transactwrite, 0)])`, where `get` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=GetItem in periods of 1m; `put` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=PutItem in periods of 1m; `update` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=UpdateItem in periods of 1m; `query` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=Query in periods of 1m; `batchget` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=BatchGetItem in periods of 1m; `transactwrite` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=carts, Operation=TransactWriteItems in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 100 or more.
            shop-carts-table-system-errors page: `watched`: `FILL(get, 0) + FILL(put, 0) + FILL(update, 0) + FILL(delete, 0) + FILL(query, 0) + FILL(scan, 0) + FILL(batchget, 0) + FILL(batchwrite, 0) + FILL(transactget, 0) + FILL(transactwrite, 0)`, where `get` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=GetItem in periods of 1m; `put` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=PutItem in periods of 1m; `update` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=UpdateItem in periods of 1m; `delete` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=DeleteItem in periods of 1m; `query` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=Query in periods of 1m; `scan` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=Scan in periods of 1m; `batchget` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=BatchGetItem in periods of 1m; `batchwrite` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=BatchWriteItem in periods of 1m; `transactget` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=TransactGetItems in periods of 1m; `transactwrite` is the sum of SystemErrors (AWS/DynamoDB) of TableName=carts, Operation=TransactWriteItems in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
            shop-carts-table-throttles page: `watched`: `FILL(m1, 0) + FILL(m2, 0)`, where `m1` is the sum of ReadThrottleEvents (AWS/DynamoDB) of TableName=carts in periods of 1m; `m2` is the sum of WriteThrottleEvents (AWS/DynamoDB) of TableName=carts in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
            shop-carts-table-failing page: The states of shop-carts-table-system-errors and shop-carts-table-throttles. shop-carts-table-throttles is in ALARM or shop-carts-table-system-errors is in ALARM.
        "#]],
    );
}

#[test]
fn a_certificate_expires() {
    let resources = "
  Cert: { Type: AWS::CertificateManager::Certificate, Properties: { DomainName: shop.example } }
";
    check(
        resources,
        "",
        "Cert",
        &expect![[r#"
        shop-cert-certificate-expiry ticket: The lowest DaysToExpiry (AWS/CertificateManager) of CertificateArn=${Cert} in periods of 1d. The newest datapoint is less than 30.
    "#]],
    );
}

#[test]
fn generated_names_become_parameters() {
    let queue = "
  Orders: { Type: AWS::SQS::Queue }
";
    let definitions = "kinds: { Queue: { silent: { accepted: The shop sleeps. }, age: { threshold: 600 } } }";
    let generated = follows(queue, definitions).unwrap_or_else(|problems| panic!("{problems}"));
    let symbols: Vec<_> = generated.symbols.keys().map(String::as_str).collect();
    let given = generated
        .symbols
        .keys()
        .map(|name| (name.clone(), "shop-Orders-1X".to_owned()))
        .collect();
    let known = generated.with(&given);
    let Some(Definition::Metric(alarm)) = known
        .alarm("shop-orders-queue-age")
        .map(|alarm| alarm.definition.clone())
    else {
        panic!(
            "{symbols:?}: {:?}",
            generated
                .alarms
                .iter()
                .map(|alarm| &alarm.name)
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(alarm.dimensions[0].value, "shop-Orders-1X");
    assert!(known.symbols.is_empty());
}

#[test]
fn refusals_of_keys_and_secrets_are_counted_in_a_trail() {
    let resources = "
  TrailLogs: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: trail } }
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      IsLogging: true
      S3BucketName: trails
      CloudWatchLogsLogGroupArn: !GetAtt TrailLogs.Arn
      CloudWatchLogsRoleArn: arn:aws:iam::123456789012:role/trail
";
    check(
        resources,
        "",
        "Trail",
        &expect![[r#"
        shop-trail-key-refusals ticket: The sum of trail-key-refusals (Shopwatch/Logs) without dimensions in periods of 5m. The newest datapoint is 1 or more.
        shop-trail-secret-refusals ticket: The sum of trail-secret-refusals (Shopwatch/Logs) without dimensions in periods of 5m. The newest datapoint is 1 or more.
    "#]],
    );
    let generated = follows(resources, "").unwrap_or_else(|problems| panic!("{problems}"));
    let filters: Vec<String> = generated
        .metric_filters
        .iter()
        .map(|filter| {
            format!(
                "{} in {}: {} makes {}",
                filter.name, filter.log_group, filter.pattern, filter.metric
            )
        })
        .collect();
    expect![[r#"
        shop-trail-key-refusals in trail: { $.eventSource = "kms.amazonaws.com" && $.errorCode = "AccessDenied*" } makes trail-key-refusals
        shop-trail-secret-refusals in trail: { $.eventSource = "secretsmanager.amazonaws.com" && $.errorCode = "AccessDenied*" } makes trail-secret-refusals"#]].assert_eq(&filters.join("\n"));
}

#[test]
fn what_a_month_may_cost_is_decided() {
    let definitions = "resources: {}\nplatform: {}";
    let problems = generate_with(&HEAD.replace("kinds:", "#"), definitions).expect_err("nobody decided");
    expect!["shop.yaml:1:1: The account: no alarm for `costs`: what a month may cost is not in the template: give a threshold in US dollars. The charges are published in us-east-1 only, and after billing alerts were switched on. Change the resource, or say why nobody wants to know: `kinds: { Account: { costs: { accepted: … } } }`"].assert_eq(&problems.to_string());
    let head = HEAD.replace(
        "accepted: A budget of the account watches them.",
        "threshold: 500",
    );
    let generated = generate_with(&head, definitions).unwrap_or_else(|problems| panic!("{problems}"));
    expect![[r#"
        shop-account-costs ticket: The highest EstimatedCharges (AWS/Billing) of Currency=USD in periods of 6h. The newest datapoint is 500 or more.
    "#]].assert_eq(&shown(&generated, ""));
}

/// Rows D1 and D3: what tables with provisioned capacity have beside others.
#[test]
fn tables_with_provisioned_capacity() {
    let table = "
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: shop-orders
      ProvisionedThroughput: { ReadCapacityUnits: 20, WriteCapacityUnits: 10 }
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }, { AttributeName: day, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - IndexName: by-day
          KeySchema: [{ AttributeName: day, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
          ProvisionedThroughput: { ReadCapacityUnits: 20, WriteCapacityUnits: 10 }
";
    check(
        table,
        "",
        "Orders",
        &expect![[r#"
        shop-orders-table-capacity ticket: `watched`: `MAX([100 * FILL(reads, 0) / 1200, 100 * FILL(writes, 0) / 600])`, where `reads` is the sum of ConsumedReadCapacityUnits (AWS/DynamoDB) of TableName=shop-orders in periods of 1m; `writes` is the sum of ConsumedWriteCapacityUnits (AWS/DynamoDB) of TableName=shop-orders in periods of 1m. 5 of the newest 17 datapoints, in a row or not: a datapoint counts that is 80 or more.
        shop-orders-table-conflicts ticket: `watched`: `FILL(conflicts, 0)`, where `conflicts` is the sum of TransactionConflict (AWS/DynamoDB) of TableName=shop-orders in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 10 or more.
        shop-orders-table-index-build ticket: `watched`: `FILL(m1, 0)`, where `m1` is the sum of OnlineIndexThrottleEvents (AWS/DynamoDB) of TableName=shop-orders, GlobalSecondaryIndexName=by-day in periods of 5m. One of the newest 3 datapoints is 1 or more.
        shop-orders-table-index-throttles page: `watched`: `FILL(m1, 0) + FILL(m2, 0)`, where `m1` is the sum of ReadThrottleEvents (AWS/DynamoDB) of TableName=shop-orders, GlobalSecondaryIndexName=by-day in periods of 1m; `m2` is the sum of WriteThrottleEvents (AWS/DynamoDB) of TableName=shop-orders, GlobalSecondaryIndexName=by-day in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-orders-table-latency ticket: `watched`: `MAX([FILL(get, 0), FILL(put, 0), FILL(update, 0), FILL(query, 0), FILL(batchget, 0), FILL(transactwrite, 0)])`, where `get` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=GetItem in periods of 1m; `put` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=PutItem in periods of 1m; `update` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=UpdateItem in periods of 1m; `query` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=Query in periods of 1m; `batchget` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=BatchGetItem in periods of 1m; `transactwrite` is the average of SuccessfulRequestLatency (AWS/DynamoDB) of TableName=shop-orders, Operation=TransactWriteItems in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 100 or more.
        shop-orders-table-system-errors page: `watched`: `FILL(get, 0) + FILL(put, 0) + FILL(update, 0) + FILL(delete, 0) + FILL(query, 0) + FILL(scan, 0) + FILL(batchget, 0) + FILL(batchwrite, 0) + FILL(transactget, 0) + FILL(transactwrite, 0)`, where `get` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=GetItem in periods of 1m; `put` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=PutItem in periods of 1m; `update` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=UpdateItem in periods of 1m; `delete` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=DeleteItem in periods of 1m; `query` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=Query in periods of 1m; `scan` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=Scan in periods of 1m; `batchget` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=BatchGetItem in periods of 1m; `batchwrite` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=BatchWriteItem in periods of 1m; `transactget` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=TransactGetItems in periods of 1m; `transactwrite` is the sum of SystemErrors (AWS/DynamoDB) of TableName=shop-orders, Operation=TransactWriteItems in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-orders-table-throttles page: `watched`: `FILL(m1, 0) + FILL(m2, 0)`, where `m1` is the sum of ReadThrottleEvents (AWS/DynamoDB) of TableName=shop-orders in periods of 1m; `m2` is the sum of WriteThrottleEvents (AWS/DynamoDB) of TableName=shop-orders in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-orders-table-failing page: The states of shop-orders-table-index-throttles, shop-orders-table-system-errors and shop-orders-table-throttles. shop-orders-table-throttles is in ALARM or shop-orders-table-index-throttles is in ALARM or shop-orders-table-system-errors is in ALARM.
    "#]],
    );
    check(
        table,
        "",
        "",
        &expect![[r#"
        shop-account-table-read-quota ticket: `watched`: `FILL(m, 0)`, where `m` is the highest MaxProvisionedTableReadCapacityUtilization (AWS/DynamoDB) without dimensions in periods of 5m. One of the newest 3 datapoints is 80 or more.
        shop-account-table-user-errors ticket: `watched`: `FILL(m, 0)`, where `m` is the sum of UserErrors (AWS/DynamoDB) without dimensions in periods of 1m. 3 of the newest 15 datapoints, in a row or not: a datapoint counts that is 1 or more.
        shop-account-table-write-quota ticket: `watched`: `FILL(m, 0)`, where `m` is the highest MaxProvisionedTableWriteCapacityUtilization (AWS/DynamoDB) without dimensions in periods of 5m. One of the newest 3 datapoints is 80 or more.
    "#]],
    );
    let on_demand = table.replace(
        "ProvisionedThroughput: { ReadCapacityUnits: 20, WriteCapacityUnits: 10 }\n      Attr",
        "BillingMode: PAY_PER_REQUEST\n      Attr",
    );
    let generated = follows(&on_demand, "").unwrap_or_else(|problems| panic!("{problems}"));
    let has = |end: &str| generated.alarms.iter().any(|alarm| alarm.name.ends_with(end));
    assert!(!has("index-build") && !has("read-quota") && has("index-throttles"));
}
