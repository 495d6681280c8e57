//! Who feeds whom in a stack: which functions read a queue, whose dead letters lie where, which API is before a function.

use std::collections::{BTreeMap, BTreeSet};

use infra::typed::{Feed, Function};
use infra::{Node, Stack, Typed};

type Many = BTreeMap<String, BTreeSet<String>>;

/// By logical ID.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Queues, and the functions that read them.
    pub(crate) readers: Many,
    /// Queues for dead letters, and the functions whose failures fill them.
    pub(crate) culprits: Many,
    /// Queues that hold somebody's dead letters.
    pub(crate) dead_letters: BTreeSet<String>,
    /// Rules, SAM's among them, and topics, and the queues for what they cannot deliver.
    pub(crate) letter_boxes: Many,
    /// Functions, and the APIs before them.
    pub(crate) apis: Many,
    /// Topics of which a subscription has a dead-letter queue.
    pub(crate) redriven_topics: BTreeSet<String>,
    /// Topics of which a subscription filters, by the message's body or not.
    pub(crate) filtering_topics: BTreeMap<String, BTreeSet<bool>>,
    /// Log groups, and the functions that write to them.
    pub(crate) writers: Many,
    /// Log groups with a subscription filter.
    pub(crate) subscribed_logs: BTreeSet<String>,
}

impl Links {
    pub(crate) fn of(stack: &Stack) -> Self {
        let mut links = Self::default();
        for resource in &stack.resources {
            match &resource.typed {
                Typed::Function(function) => links.function(&resource.logical_id, function),
                Typed::Rule(rule) => {
                    for target in &rule.targets {
                        links.letter_box(&resource.logical_id, &target["DeadLetterConfig"]["Arn"]);
                    }
                }
                Typed::Schedule(schedule) => links.dead(&schedule.target["DeadLetterConfig"]["Arn"]),
                Typed::Subscription(subscription) => {
                    links.subscription(&subscription.topic, &resource.properties);
                }
                Typed::Other if resource.kind == "AWS::Logs::SubscriptionFilter" => {
                    links
                        .subscribed_logs
                        .extend(id(&resource.properties["LogGroupName"]));
                }
                _ => {}
            }
        }
        // A queue's dead letters are the fault of who reads the queue.
        for resource in &stack.resources {
            let Typed::Queue(queue) = &resource.typed else {
                continue;
            };
            if let Some(target) = queue.redrive.as_ref().and_then(|redrive| id(&redrive.target)) {
                let readers = links
                    .readers
                    .get(&resource.logical_id)
                    .cloned()
                    .unwrap_or_default();
                links.culprits.entry(target.clone()).or_default().extend(readers);
                links.dead_letters.insert(target);
            }
        }
        links.keep_own_letter_boxes();
        links
    }

    /// Where the dead letters of many end, an old one of one of them would hide the next of another: only a queue of one's own
    /// tells of one's own failures.
    fn keep_own_letter_boxes(&mut self) {
        let mut users: BTreeMap<String, usize> = BTreeMap::new();
        for queue in self.letter_boxes.values().flatten() {
            *users.entry(queue.clone()).or_default() += 1;
        }
        for queues in self.letter_boxes.values_mut() {
            queues.retain(|queue| users.get(queue) == Some(&1));
        }
    }

    fn function(&mut self, logical_id: &str, function: &Function) {
        let failed = function
            .asynchronous
            .as_ref()
            .and_then(|config| config.on_failure.as_ref());
        for node in function.dead_letter.iter().chain(failed) {
            self.fault(node, logical_id);
        }
        for source in &function.sources {
            let of_source = id(&source.source);
            match source.feed {
                Feed::Sqs => add(&mut self.readers, of_source, logical_id),
                Feed::RestApi | Feed::HttpApi => {
                    let apis = self.apis.entry(logical_id.to_owned()).or_default();
                    apis.extend(of_source);
                }
                // A subscription of its own is read where it stands.
                Feed::Sns if !source.is_resource => self.subscription(&source.source, &source.properties),
                Feed::Schedule | Feed::EventBridge => {
                    self.dead(&source.properties["DeadLetterConfig"]["Arn"])
                }
                _ => {}
            }
            self.fault(
                &source.properties["DestinationConfig"]["OnFailure"]["Destination"],
                logical_id,
            );
        }
        add(&mut self.writers, id(&function.log_group), logical_id);
    }

    fn subscription(&mut self, topic: &Node, properties: &Node) {
        let Some(topic) = id(topic) else {
            return;
        };
        let dead = &properties["RedrivePolicy"]["deadLetterTargetArn"];
        if !dead.is_null() {
            self.letter_box(&topic, dead);
            self.redriven_topics.insert(topic.clone());
        }
        if !properties["FilterPolicy"].is_null() {
            let by_body = properties["FilterPolicyScope"].as_text() == Some("MessageBody");
            self.filtering_topics.entry(topic).or_default().insert(by_body);
        }
    }

    fn letter_box(&mut self, of: &str, queue: &Node) {
        self.dead(queue);
        if let Some(queue) = id(queue) {
            self.letter_boxes.entry(of.to_owned()).or_default().insert(queue);
        }
    }

    fn dead(&mut self, queue: &Node) {
        self.dead_letters.extend(id(queue));
    }

    fn fault(&mut self, queue: &Node, function: &str) {
        if let Some(queue) = id(queue) {
            self.dead_letters.insert(queue.clone());
            self.culprits
                .entry(queue)
                .or_default()
                .insert(function.to_owned());
        }
    }
}

fn add(many: &mut Many, key: Option<String>, value: &str) {
    if let Some(key) = key {
        many.entry(key).or_default().insert(value.to_owned());
    }
}

/// The logical ID that a value came from.
pub(crate) fn id(node: &Node) -> Option<String> {
    Some(node.from.as_deref()?.logical_id.clone())
}
