//! Nothing is lost: queues, and where that goes which nobody could take.

use infra::{Function, Resource, notation};
use serde_json::Value;

use super::{FUNCTIONS, QUEUE, SHOPFAST, check, resource_of};

/// A message may be taken again after six times its consumer's timeout.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>
const TIMES: u64 = 6;
/// As long as SQS keeps anything, in seconds: a person has two weeks to look.
const DLQ_RETENTION: u64 = 1_209_600;
/// Events with which a service invokes a function and does not wait.
const ASYNCHRONOUS: &[&str] = &[
    "CloudWatchEvent",
    "EventBridgeRule",
    "S3",
    "SNS",
    "Schedule",
    "ScheduleV2",
];
/// What is given to functions by a mapping or answered at once.
const SYNCHRONOUS: &[&str] = &["Api", "DynamoDB", "HttpApi", "Kinesis", "SQS"];

#[test]
fn every_queue_is_encrypted() {
    let open = SHOPFAST
        .resources_of(QUEUE)
        .filter(|q| q.properties["SqsManagedSseEnabled"] != true && q.properties["KmsMasterKeyId"].is_null())
        .map(|q| q.logical_id.clone());
    check("encrypted", open);
}

#[test]
fn a_queue_either_has_a_dead_letter_queue_or_is_one() {
    let wrong = SHOPFAST.resources_of(QUEUE).filter(|queue| {
        let redrive = &queue.properties["RedrivePolicy"];
        let received = redrive["maxReceiveCount"].as_u64();
        match resource_of(&redrive["deadLetterTargetArn"]) {
            Some(target) => !is_dead_letter_queue(target) || !(3..=10).contains(&received.unwrap_or(0)),
            None => !is_dead_letter_queue(queue),
        }
    });
    check(
        "redriven",
        wrong.map(|q| format!("line {}: {}", q.line, q.logical_id)),
    );
}

#[test]
fn queues_wait_six_times_the_timeout_of_their_function() {
    let mut seen = 0;
    for function in FUNCTIONS.iter() {
        for event in function.events.iter().filter(|event| event.kind == "SQS") {
            let queue = resource_of(&event.properties["Queue"]).expect("the queue is in the template");
            assert_eq!(
                queue.properties["VisibilityTimeout"],
                TIMES * function.timeout_s,
                "{} and {}",
                queue.logical_id,
                function.name
            );
            // Of a dead-letter queue no attempt is the last.
            let last = queue.properties["RedrivePolicy"]["maxReceiveCount"].as_u64();
            let known = function.environment.get("MAX_RECEIVE_COUNT");
            assert_eq!(
                known.and_then(Value::as_str).map(str::to_owned),
                last.map(|count| count.to_string()),
                "{}: the last attempt is the queue's",
                function.name
            );
            let partial = &event.properties["FunctionResponseTypes"];
            assert_eq!(partial[0], "ReportBatchItemFailures", "{}", function.name);
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn a_function_that_is_invoked_asynchronously_has_a_dead_letter_queue() {
    let mut wrong = Vec::new();
    for function in FUNCTIONS.iter() {
        for event in &function.events {
            let known =
                ASYNCHRONOUS.contains(&event.kind.as_str()) || SYNCHRONOUS.contains(&event.kind.as_str());
            assert!(known, "{}: what kind of event is {}?", function.name, event.kind);
        }
        if is_asynchronous(function) {
            let config = &function.properties["EventInvokeConfig"];
            let bounded =
                config["MaximumRetryAttempts"].is_u64() && config["MaximumEventAgeInSeconds"].is_u64();
            let letters = resource_of(&function.properties["DeadLetterQueue"]["TargetArn"]);
            if !bounded || !letters.is_some_and(is_dead_letter_queue) {
                wrong.push(function.name.clone());
            }
        }
    }
    check("bounded retries, then a dead-letter queue", wrong);
}

#[test]
fn a_stream_tells_where_it_stopped() {
    let mut seen = 0;
    for function in FUNCTIONS.iter() {
        for event in function.events.iter().filter(|event| event.kind == "DynamoDB") {
            let p = &event.properties;
            let target = resource_of(&p["DestinationConfig"]["OnFailure"]["Destination"]);
            assert!(target.is_some_and(is_dead_letter_queue), "{}", function.name);
            assert!(p["MaximumRetryAttempts"].as_i64().is_some_and(|n| n > 0));
            assert!(p["MaximumRecordAgeInSeconds"].as_i64().is_some_and(|n| n > 0));
            assert_eq!(p["BisectBatchOnFunctionError"], true);
            assert_eq!(p["FunctionResponseTypes"][0], "ReportBatchItemFailures");
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
}

#[test]
fn rules_and_schedules_have_a_dead_letter_queue_that_takes_from_them() {
    let rules = SHOPFAST.resources_of("AWS::Events::Rule").flat_map(|rule| {
        let targets = rule.properties["Targets"].as_array().into_iter().flatten();
        targets.map(|target| {
            (
                format!("${{{}.Arn}}", rule.logical_id),
                &target["DeadLetterConfig"]["Arn"],
                target,
            )
        })
    });
    let schedules = FUNCTIONS.iter().flat_map(|function| {
        let events = function.events.iter().filter(|event| event.kind == "Schedule");
        events.map(|event| {
            let name = event.properties["Name"].as_str().unwrap_or_default();
            let arn =
                format!("arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{name}");
            (
                arn,
                &event.properties["DeadLetterConfig"]["Arn"],
                &event.properties,
            )
        })
    });
    let all: Vec<_> = rules.chain(schedules).collect();
    assert_eq!(all.len(), 6);
    let wrong = all.into_iter().filter(|(arn, queue, target)| {
        !takes_from(queue, "events.amazonaws.com", arn)
            || target["RetryPolicy"]["MaximumRetryAttempts"].is_null()
    });
    check(
        "what the bus cannot deliver is kept",
        wrong.map(|(arn, _, _)| arn),
    );
}

#[test]
fn subscriptions_have_a_dead_letter_queue_that_takes_from_their_topic() {
    let resources = SHOPFAST.resources_of("AWS::SNS::Subscription").map(|s| {
        (
            s.logical_id.as_str(),
            &s.properties["TopicArn"],
            &s.properties["RedrivePolicy"],
        )
    });
    let events = FUNCTIONS.iter().flat_map(|function| {
        let events = function.events.iter().filter(|event| event.kind == "SNS");
        events.map(|e| {
            (
                function.name.as_str(),
                &e.properties["Topic"],
                &e.properties["RedrivePolicy"],
            )
        })
    });
    let all: Vec<_> = resources.chain(events).collect();
    assert_eq!(all.len(), 11);
    let wrong = all.into_iter().filter(|(_, topic, redrive)| {
        !takes_from(
            &redrive["deadLetterTargetArn"],
            "sns.amazonaws.com",
            &notation(topic),
        )
    });
    check(
        "what a topic cannot deliver is kept",
        wrong.map(|(name, _, _)| name.to_owned()),
    );
}

/// May this service send to the queue on behalf of this source?
fn takes_from(queue: &Value, service: &str, source: &str) -> bool {
    let Some(queue) = resource_of(queue).filter(|queue| is_dead_letter_queue(queue)) else {
        return false;
    };
    let arn = format!("${{{}.Arn}}", queue.logical_id);
    let names = |value: &Value, wanted: &str| match value.as_array() {
        Some(all) => all.iter().any(|one| notation(one) == wanted),
        None => notation(value) == wanted,
    };
    SHOPFAST
        .resources_of("AWS::SQS::QueuePolicy")
        .flat_map(|policy| {
            policy.properties["PolicyDocument"]["Statement"]
                .as_array()
                .into_iter()
                .flatten()
        })
        .any(|statement| {
            statement["Principal"]["Service"] == service
                && names(&statement["Action"], "sqs:SendMessage")
                && names(&statement["Resource"], &arn)
                && names(&statement["Condition"]["ArnEquals"]["aws:SourceArn"], source)
        })
}

fn is_dead_letter_queue(queue: &Resource) -> bool {
    let retention = queue.properties["MessageRetentionPeriod"].as_u64();
    queue.kind == QUEUE && queue.properties["RedrivePolicy"].is_null() && retention == Some(DLQ_RETENTION)
}

fn is_asynchronous(function: &Function) -> bool {
    let mut kinds = function.events.iter().map(|event| event.kind.as_str());
    kinds.any(|kind| ASYNCHRONOUS.contains(&kind))
}
