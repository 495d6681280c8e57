//! The way from an alarm to a person: topics, their policies and keys, and who is subscribed.

use infra::typed::Setting;
use infra::{Node, Typed};

use super::actions;
use super::checks::{FIFO_TOPIC, FUNCTION_REFUSES, KEY_REFUSES, NO_SUBSCRIPTION, TOPIC_REFUSES};
use super::policy::{Answer, Question, branches};
use super::report::Report;
use super::usage::Usage;
use super::world::{Member, World, arn_fields, reference_of};

const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
/// Who calls functions for alarms: the user guide, "Invoke a Lambda function from an alarm".
const ALARMS: &str = "lambda.alarms.cloudwatch.amazonaws.com";
/// What publishing into an encrypted topic needs of its key: SNS's guide, "Key management".
const KEY_ACTIONS: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

pub(super) fn check(member: &Member<'_>, world: &World<'_>, report: &mut Report) {
    for (state, action) in actions::all(member) {
        if let Some(topic) = topic(member, world, action)
            && let Typed::Topic(typed) = &topic.resource.typed
            && typed.fifo == Setting::Given(true)
        {
            let id = &topic.resource.logical_id;
            let message =
                format!("{state}: {id} is a FIFO topic, which delivers to queues only: it wakes nobody");
            report.say(&FIFO_TOPIC, member, action.at, message);
        }
        function(member, world, state, action, report);
    }
}

/// The checks of each topic that some alarm of the templates notifies, told once.
pub(super) fn check_topics(alarms: &[Member<'_>], world: &World<'_>, report: &mut Report) {
    let readers = Usage::of_topics(world);
    let mut done = Vec::new();
    for member in alarms {
        for (_, action) in actions::all(member) {
            let Some(topic) = topic(member, world, action) else {
                continue;
            };
            let key = (topic.root, &topic.stack.path, &topic.resource.logical_id);
            if done.contains(&key) {
                continue;
            }
            done.push(key);
            policy(&topic, world, report);
            encryption(&topic, world, report);
            subscription(&topic, &readers, report);
        }
    }
}

/// Whether only machines hear of a topic: a queue or a stream in which alarms are kept wakes nobody.
pub(super) fn is_journal(member: &Member<'_>, world: &World<'_>, action: &Node) -> bool {
    let Some(found) = topic(member, world, action) else {
        return false;
    };
    let Typed::Topic(typed) = &found.resource.typed else {
        return false;
    };
    let others = world.members.iter().filter_map(|one| match &one.resource.typed {
        Typed::Subscription(subscription) => Some((one, subscription)),
        _ => None,
    });
    let others = others.filter(|(one, subscription)| {
        topic(one, world, &subscription.topic)
            .is_some_and(|topic| std::ptr::eq(topic.resource, found.resource))
    });
    let protocols = typed.subscriptions.iter().chain(others.map(|(_, one)| one));
    let protocols: Vec<&Node> = protocols.map(|one| &one.protocol).collect();
    let keeps = |protocol: &&Node| matches!(protocol.as_text(), Some("sqs" | "firehose"));
    !protocols.is_empty() && protocols.iter().all(keeps)
}

/// The topic of the templates that an action names, by reference or by its ARN.
fn topic<'a>(member: &Member<'a>, world: &World<'a>, action: &Node) -> Option<Member<'a>> {
    if let Some(source) = world.source(member.root, action) {
        return (source.resource.kind == "AWS::SNS::Topic").then_some(source);
    }
    let fields = arn_fields(action)?;
    let name = fields[5]
        .as_deref()
        .filter(|_| fields[2].as_deref() == Some("sns"))?;
    world
        .of_kind("AWS::SNS::Topic")
        .find(|topic| topic.resource.properties["TopicName"].as_text() == Some(name))
}

fn policy(topic: &Member<'_>, world: &World<'_>, report: &mut Report) {
    let is_of = |policy: &Member<'_>| {
        let topics = policy.resource.properties["Topics"].items();
        policy.root == topic.root && topics.iter().any(|one| names(one, topic, world))
    };
    let policies: Vec<Member<'_>> = world.of_kind("AWS::SNS::TopicPolicy").filter(is_of).collect();
    // Without a policy of its own, CloudWatch may publish: the default lets every service of the account.
    let Some(last) = policies.last() else {
        return;
    };
    let question = Question {
        service: CLOUDWATCH,
        action: "sns:Publish",
        resource: Some(topic),
        account: Answer::Perhaps,
        source: ":cloudwatch:",
    };
    let answers = policies
        .iter()
        .map(|policy| question.of(&policy.resource.properties["PolicyDocument"], policy.root, world));
    if answers.fold(Answer::No, Answer::or) == Answer::No {
        let node = &last.resource.properties["PolicyDocument"];
        let message = format!(
            "this policy replaces the default one and does not let {CLOUDWATCH} publish to {}: alarms notify nobody, and only their \
             history says so",
            topic.resource.logical_id
        );
        report.say(&TOPIC_REFUSES, last, node.at, message);
    }
}

fn names(node: &Node, topic: &Member<'_>, world: &World<'_>) -> bool {
    world
        .source(topic.root, node)
        .is_some_and(|source| std::ptr::eq(source.resource, topic.resource))
}

fn encryption(topic: &Member<'_>, world: &World<'_>, report: &mut Report) {
    for key in branches(&topic.resource.properties["KmsMasterKeyId"]) {
        encrypted_with(key, topic, world, report);
    }
}

fn encrypted_with(key: &Node, topic: &Member<'_>, world: &World<'_>, report: &mut Report) {
    if key.as_text().is_some_and(|text| text.ends_with("alias/aws/sns")) {
        let message = "alarms cannot publish to a topic that alias/aws/sns encrypts: its policy is AWS's and does not let \
                       CloudWatch use it. Take a key of your own";
        report.say(&KEY_REFUSES, topic, key.at, message);
        return;
    }
    let Some(mut source) = world.source(topic.root, key) else {
        return;
    };
    if source.resource.kind == "AWS::KMS::Alias" {
        let target = &source.resource.properties["TargetKeyId"];
        let Some(key) = world.source(source.root, target) else {
            return;
        };
        source = key;
    }
    if source.resource.kind != "AWS::KMS::Key" {
        return;
    }
    let document = &source.resource.properties["KeyPolicy"];
    // Without a policy the key has the default one: the account, and no service.
    for action in KEY_ACTIONS {
        let question = Question {
            service: CLOUDWATCH,
            action,
            resource: None,
            account: Answer::No,
            source: ":cloudwatch:",
        };
        if question.of(document, source.root, world) == Answer::No {
            let at = if document.is_null() {
                source.resource.at
            } else {
                document.at
            };
            let star = if action == KEY_ACTIONS[0] { "" } else { "*" };
            let message = format!(
                "the key of {} does not let {CLOUDWATCH} {action}{star}: alarms cannot publish to the topic",
                topic.resource.logical_id
            );
            report.say(&KEY_REFUSES, &source, at, message);
        }
    }
}

fn subscription(topic: &Member<'_>, readers: &Usage, report: &mut Report) {
    let written = &topic.resource.properties["Subscription"];
    if written.is_unknown() || !written.items().is_empty() || readers.has(topic) {
        return;
    }
    let message =
        "alarms notify this topic, and nothing of the templates is subscribed to it: nobody hears of them";
    report.say(&NO_SUBSCRIPTION, topic, topic.resource.at, message);
}

fn function(member: &Member<'_>, world: &World<'_>, state: &str, action: &Node, report: &mut Report) {
    let Some(function) = world.source(member.root, action) else {
        return;
    };
    // By its name it is no action at all, which is told.
    let by_name = reference_of(action).is_some_and(|reference| reference.attribute.is_none());
    if by_name || !matches!(function.resource.typed, Typed::Function(_)) {
        return;
    }
    let permissions = world
        .of_kind("AWS::Lambda::Permission")
        .filter(|one| one.root == function.root);
    let lets = |permission: Member<'_>| {
        let properties = &permission.resource.properties;
        let of_it = match world.source(permission.root, &properties["FunctionName"]) {
            Some(source) => std::ptr::eq(source.resource, function.resource),
            // Another way to name it.
            None => true,
        };
        let principal = &properties["Principal"];
        of_it
            && principal
                .as_text()
                .is_none_or(|text| text == ALARMS || text == "*")
    };
    if !permissions.into_iter().any(lets) {
        let message = format!(
            "{state}: {} has no AWS::Lambda::Permission for {ALARMS}, so CloudWatch may not call it",
            function.resource.logical_id
        );
        report.say(&FUNCTION_REFUSES, member, action.at, message);
    }
}
