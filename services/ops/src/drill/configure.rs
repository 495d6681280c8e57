//! Faults that are another configuration than the deployed one. Each is a change through the service's own API; what was there
//! is read before, and put back to heal.

use anyhow::Context as _;
use http::Method;
use ops_drill::{Fault, FunctionSettings};
use serde_json::{Value, json};

use super::ground::Ground;
use super::heal::Undo;

/// Makes the change, and says how it is undone.
pub(super) async fn change(ground: &Ground, fault: &Fault, done: &mut Vec<Undo>) -> anyhow::Result<()> {
    match fault {
        Fault::SetFunction { function, settings } => set_function(ground, function, settings, done).await,
        Fault::SetRetention { log_group, days } => set_retention(ground, log_group, *days, done).await,
        Fault::SetPattern { rule, bus, pattern } => {
            let described = rule_of(ground, rule, bus).await?;
            let put = |pattern: &Value| json!({"Name": rule, "EventBusName": bus, "State": described["State"], "EventPattern": pattern});
            done.push(Undo::Json {
                target: "AWSEvents.PutRule".to_owned(),
                input: put(&described["EventPattern"]),
            });
            let wrong = put(&json!(pattern.to_string()));
            ground.api().json("AWSEvents.PutRule", &wrong).await.map(drop)
        }
        Fault::DisableRule { rule, bus } => {
            let input = json!({"Name": rule, "EventBusName": bus});
            done.push(Undo::Json {
                target: "AWSEvents.EnableRule".to_owned(),
                input: input.clone(),
            });
            ground.api().json("AWSEvents.DisableRule", &input).await.map(drop)
        }
        Fault::SetBucketPolicy { bucket, policy } => set_bucket_policy(ground, bucket, policy, done).await,
        Fault::SetFilter { topic, scope, policy } => set_filter(ground, topic, scope, policy, done).await,
        Fault::SetState {
            state_machine,
            state,
            definition,
        } => set_state(ground, state_machine, state, definition, done).await,
        Fault::DisableMapping { function } => disable_mappings(ground, function, done).await,
        other => anyhow::bail!("{other:?} is no change of a configuration"),
    }
}

async fn set_function(
    ground: &Ground,
    function: &str,
    settings: &FunctionSettings,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    let path = format!("/2015-03-31/functions/{function}/configuration");
    let lambda = |method: Method, input: Option<Value>| {
        let path = path.clone();
        async move {
            ground
                .api()
                .rest("lambda", method, &path, &[], input.as_ref())
                .await
        }
    };
    let before = lambda(Method::GET, None).await?;
    let (mut wrong, mut right) = (json!({}), json!({}));
    let mut set = |member: &str, value: Value| {
        right[member] = before[member].clone();
        wrong[member] = value;
    };
    if let Some(memory) = settings.memory {
        set("MemorySize", json!(memory));
    }
    if let Some(timeout) = settings.timeout {
        set("Timeout", json!(timeout));
    }
    if let Some(mode) = &settings.tracing {
        set("TracingConfig", json!({"Mode": mode}));
    }
    if !settings.environment.is_empty() {
        let mut environment = before["Environment"].clone();
        for (name, value) in &settings.environment {
            environment["Variables"][name] = json!(value);
        }
        set("Environment", environment);
    }
    done.push(Undo::Rest {
        service: "lambda",
        method: Method::PUT,
        path: path.clone(),
        input: right,
    });
    lambda(Method::PUT, Some(wrong)).await.map(drop)
}

async fn set_retention(
    ground: &Ground,
    log_group: &str,
    days: u32,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    let listed = ground
        .api()
        .json(
            "Logs_20140328.DescribeLogGroups",
            &json!({"logGroupNamePrefix": log_group}),
        )
        .await?;
    let groups = listed["logGroups"].as_array().into_iter().flatten();
    let before = groups
        .into_iter()
        .find(|group| group["logGroupName"] == log_group)
        .with_context(|| format!("there is no log group {log_group}"))?;
    let target = "Logs_20140328.PutRetentionPolicy";
    let put = |days: &Value| json!({"logGroupName": log_group, "retentionInDays": days});
    done.push(match &before["retentionInDays"] {
        Value::Null => Undo::Json {
            target: "Logs_20140328.DeleteRetentionPolicy".to_owned(),
            input: json!({"logGroupName": log_group}),
        },
        days => Undo::Json {
            target: target.to_owned(),
            input: put(days),
        },
    });
    ground.api().json(target, &put(&json!(days))).await.map(drop)
}

async fn set_bucket_policy(
    ground: &Ground,
    bucket: &str,
    policy: &Value,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    let path = format!("/{bucket}?policy");
    let before = ground.api().rest("s3", Method::GET, &path, &[], None).await?;
    done.push(Undo::Rest {
        service: "s3",
        method: Method::PUT,
        path: path.clone(),
        input: before,
    });
    let put = ground.api().rest("s3", Method::PUT, &path, &[], Some(policy));
    put.await.map(drop)
}

async fn rule_of(ground: &Ground, rule: &str, bus: &str) -> anyhow::Result<Value> {
    let input = json!({"Name": rule, "EventBusName": bus});
    ground
        .api()
        .json("AWSEvents.DescribeRule", &input)
        .await
        .with_context(|| format!("read the rule {rule} of {bus}"))
}

/// Of every subscription of the topic: publisher and filter no longer agree.
async fn set_filter(
    ground: &Ground,
    topic: &str,
    scope: &str,
    policy: &Value,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    let arn = ground.arn("sns", topic);
    let listed = ground
        .api()
        .query(
            "sns",
            &[("Action", "ListSubscriptionsByTopic"), ("TopicArn", &arn)],
        )
        .await?;
    let subscriptions = elements(&listed, "SubscriptionArn");
    anyhow::ensure!(!subscriptions.is_empty(), "the topic {topic} has no subscription");
    for subscription in subscriptions {
        let attributes = ground
            .api()
            .query(
                "sns",
                &[
                    ("Action", "GetSubscriptionAttributes"),
                    ("SubscriptionArn", &subscription),
                ],
            )
            .await?;
        for (name, wrong) in [
            ("FilterPolicyScope", scope.to_owned()),
            ("FilterPolicy", policy.to_string()),
        ] {
            let set = |value: &str| {
                [
                    ("Action", "SetSubscriptionAttributes"),
                    ("SubscriptionArn", &subscription),
                    ("AttributeName", name),
                    ("AttributeValue", value),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
            };
            let before = attribute(&attributes, name).unwrap_or_default();
            done.push(Undo::Query {
                service: "sns",
                form: set(&before).to_vec(),
            });
            let form = set(&wrong);
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
            ground.api().query("sns", &form).await?;
        }
    }
    Ok(())
}

async fn set_state(
    ground: &Ground,
    machine: &str,
    state: &str,
    definition: &Value,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    let arn = ground.arn("states", &format!("stateMachine:{machine}"));
    let described = ground
        .api()
        .json(
            "AWSStepFunctions.DescribeStateMachine",
            &json!({"stateMachineArn": arn}),
        )
        .await?;
    let right = described["definition"].as_str().context("a definition")?;
    let mut wrong: Value = serde_json::from_str(right)?;
    let place = wrong["States"]
        .get_mut(state)
        .with_context(|| format!("{machine} has no state {state}"))?;
    // The way on stays: only what the state does is another.
    let next = place.get("Next").cloned();
    *place = definition.clone();
    if let (Some(next), true) = (next, definition["Next"].is_null() && definition["End"].is_null()) {
        place["Next"] = next;
    }
    let target = "AWSStepFunctions.UpdateStateMachine";
    let put = |definition: &str| json!({"stateMachineArn": arn, "definition": definition});
    done.push(Undo::Json {
        target: target.to_owned(),
        input: put(right),
    });
    ground
        .api()
        .json(target, &put(&wrong.to_string()))
        .await
        .map(drop)
}

async fn disable_mappings(ground: &Ground, function: &str, done: &mut Vec<Undo>) -> anyhow::Result<()> {
    let path = format!("/2015-03-31/event-source-mappings?FunctionName={function}");
    let listed = ground.api().rest("lambda", Method::GET, &path, &[], None).await?;
    let mappings: Vec<&str> = listed["EventSourceMappings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mapping| mapping["UUID"].as_str())
        .collect();
    anyhow::ensure!(!mappings.is_empty(), "{function} reads no queue and no stream");
    for id in mappings {
        let path = format!("/2015-03-31/event-source-mappings/{id}");
        done.push(Undo::Rest {
            service: "lambda",
            method: Method::PUT,
            path: path.clone(),
            input: json!({"Enabled": true}),
        });
        let off = json!({"Enabled": false});
        ground
            .api()
            .rest("lambda", Method::PUT, &path, &[], Some(&off))
            .await?;
    }
    Ok(())
}

/// How soon a message of a queue comes again when whoever received it does not delete it.
pub(super) async fn set_visibility(
    ground: &Ground,
    queue: &str,
    seconds: u32,
    done: &mut Vec<Undo>,
) -> anyhow::Result<()> {
    const NAME: &str = "VisibilityTimeout";
    let url = ground.queue_url(queue).await?;
    let asked = json!({"QueueUrl": url, "AttributeNames": [NAME]});
    let told = ground.api().json("AmazonSQS.GetQueueAttributes", &asked).await?;
    let before = told["Attributes"][NAME].as_str();
    let before = before.with_context(|| format!("the queue {queue} has no {NAME}"))?;
    let target = "AmazonSQS.SetQueueAttributes";
    let set = |value: &str| json!({"QueueUrl": url, "Attributes": {NAME: value}});
    done.push(Undo::Json {
        target: target.to_owned(),
        input: set(before),
    });
    ground
        .api()
        .json(target, &set(&seconds.to_string()))
        .await
        .map(drop)
}

/// The texts of an element in an answer of SNS; its answers nest no element in one of the same name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| Some(unescaped(rest.split_once(&close)?.0)))
        .collect()
}

/// The value of an attribute: `<entry><key>name</key><value>…</value></entry>`.
fn attribute(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<key>{name}</key>"))?;
    elements(rest, "value").into_iter().next()
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_an_answer_are_found() {
        let xml = "<r><member><SubscriptionArn>a</SubscriptionArn></member><SubscriptionArn>b&amp;c</SubscriptionArn>\
                   <entry><key>FilterPolicy</key><value>{&quot;x&quot;:[1]}</value></entry></r>";
        assert_eq!(elements(xml, "SubscriptionArn"), ["a", "b&c"]);
        assert_eq!(attribute(xml, "FilterPolicy").as_deref(), Some("{\"x\":[1]}"));
        assert_eq!(attribute(xml, "Other"), None);
    }
}
