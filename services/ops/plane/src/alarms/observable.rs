//! Which metrics of AWS services exist on this machine. An alarm over another one is not evaluated: that nothing comes would say
//! something on AWS, where the service would send it, and says nothing here.
//!
//! Own namespaces are observed whole: embedded metrics, metric filters and `PutMetricData` come in as on AWS.

use alarms::model::MetricAlarm;

/// By namespace: the metrics that are vended here, and where from.
const OBSERVED: &[(&str, &[&str])] = &[
    // The runner tells of invocations (`up::vended` of the program), the function URL of requests (`public`).
    (
        "AWS/Lambda",
        &[
            "Invocations",
            "Errors",
            "Throttles",
            "Duration",
            "ConcurrentExecutions",
            "AsyncEventAge",
            "AsyncEventsDropped",
            "DeadLetterErrors",
            "UrlRequestCount",
            "UrlRequestLatency",
            "Url4xxCount",
            "Url5xxCount",
        ],
    ),
    // Calls that pass the gateway (`gateway::vended`).
    (
        "AWS/DynamoDB",
        &[
            "ConditionalCheckFailedRequests",
            "TransactionConflict",
            "ThrottledRequests",
            "ReadThrottleEvents",
            "WriteThrottleEvents",
            "SuccessfulRequestLatency",
            "SystemErrors",
            "UserErrors",
        ],
    ),
    // What the emulator is asked for (`polled`). Messages that topics, rules and pollers move inside the emulator pass nowhere, so
    // the counts of sent, received and deleted messages are those of programs only: no alarm can rely on them.
    (
        "AWS/SQS",
        &[
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateAgeOfOldestMessage",
        ],
    ),
    (
        "AWS/Events",
        &[
            "PutEventsApproximateCallCount",
            "PutEventsEntriesCount",
            "PutEventsApproximateFailedCount",
            "PutEventsFailedEntriesCount",
            "PutEventsLatency",
        ],
    ),
    (
        "AWS/States",
        &[
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionTime",
        ],
    ),
    // Calls that pass the gateway, and what delivery streams are asked for.
    (
        "AWS/Firehose",
        &[
            "IncomingBytes",
            "IncomingRecords",
            "ThrottledRecords",
            "BytesPerSecondLimit",
            "RecordsPerSecondLimit",
            "DeliveryToS3.Bytes",
            "DeliveryToS3.Records",
            "DeliveryToS3.Success",
            "DeliveryToS3.DataFreshness",
        ],
    ),
    // The shop's addresses (`public`).
    ("AWS/ApiGateway", &["Count", "4XXError", "5XXError", "Latency"]),
    ("AWS/Logs", &["EMFParsingErrors"]),
];

/// What the state reason of an alarm begins with whose metric does not exist on this machine.
pub const NOT_OBSERVABLE: &str = "Not observable on this machine";

/// Why an alarm cannot be evaluated here: a metric that nobody sends.
pub(crate) fn why_not(alarm: &MetricAlarm) -> Option<String> {
    let one = alarm.namespace.as_deref().zip(alarm.metric_name.as_deref());
    let one = one.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    let many = alarm.metrics.iter().filter_map(|query| match &query.metric_stat {
        Some(stat) => Some((stat.metric.namespace.clone(), stat.metric.metric_name.clone())),
        None => {
            let found = query.insights()?.ok()?;
            Some((found.namespace, found.metric_name))
        }
    });
    one.into_iter()
        .chain(many)
        .find(|(namespace, name)| !is_observed(namespace, name))
        .map(|(namespace, name)| format!("{NOT_OBSERVABLE}: nothing sends {namespace} {name} here"))
}

fn is_observed(namespace: &str, name: &str) -> bool {
    if !namespace.starts_with("AWS/") {
        return true;
    }
    OBSERVED
        .iter()
        .any(|(own, names)| *own == namespace && names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarms::model::Stat;

    #[test]
    fn metrics_that_nobody_sends_are_said() {
        let check = |namespace: &str, name: &str, expect: Option<&str>| {
            let alarm = MetricAlarm::over(namespace, name, Stat::Sum, 60);
            assert_eq!(why_not(&alarm).as_deref(), expect);
        };
        check("AWS/Lambda", "Errors", None);
        check("ShopFast", "Anything", None);
        check(
            "AWS/SNS",
            "NumberOfNotificationsFailed",
            Some("Not observable on this machine: nothing sends AWS/SNS NumberOfNotificationsFailed here"),
        );
    }
}
