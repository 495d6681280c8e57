//! Queues, topics, subscriptions.

use crate::document;
use crate::node::Node;

use super::read::{Reader, Setting, given};

/// A queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Dimension `QueueName` of its metrics.
    pub name: Node,
    /// Whether it keeps order.
    pub fifo: Setting<bool>,
    /// Seconds for which a received message is hidden.
    pub visibility_s: Setting<u64>,
    /// Seconds after which a message is lost.
    pub retention_s: Setting<u64>,
    /// Seconds before a message is seen.
    pub delay_s: Setting<u64>,
    /// Where messages go that fail again and again.
    pub redrive: Option<Redrive>,
}

/// Where messages go that fail.
#[derive(Debug, Clone, PartialEq)]
pub struct Redrive {
    /// ARN of the dead-letter queue.
    pub target: Node,
    /// Receptions after which a message goes there; absent for a subscription.
    pub max_receive_count: Setting<u64>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Dimension `TopicName` of its metrics.
    pub name: Node,
    /// Whether it keeps order.
    pub fifo: Setting<bool>,
    /// Subscriptions written in the topic.
    pub subscriptions: Vec<Subscription>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// ARN of the topic; null for one written in its topic.
    pub topic: Node,
    /// `sqs`, `lambda`, `email`, ...
    pub protocol: Node,
    /// ARN or address.
    pub endpoint: Node,
    /// ARN of the queue for what could not be delivered.
    pub dead_letter: Option<Node>,
}

impl Queue {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let policy = json_or_map(reader.properties().get("RedrivePolicy"));
        let redrive = policy.and_then(|policy| {
            Some(Redrive {
                target: given(&policy, "deadLetterTargetArn")?,
                max_receive_count: reader.whole_in(&policy, "maxReceiveCount", None),
            })
        });
        // <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
        Self {
            name: reader.name("QueueName"),
            fifo: reader.flag("FifoQueue"),
            visibility_s: reader.whole("VisibilityTimeout", Some(30)),
            retention_s: reader.whole("MessageRetentionPeriod", Some(345_600)),
            delay_s: reader.whole("DelaySeconds", Some(0)),
            redrive,
        }
    }
}

impl Topic {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let written = reader.properties()["Subscription"].items();
        Self {
            name: reader.name("TopicName"),
            fifo: reader.flag("FifoTopic"),
            subscriptions: written.iter().map(Subscription::of).collect(),
        }
    }
}

impl Subscription {
    pub(super) fn of(properties: &Node) -> Self {
        let policy = json_or_map(properties.get("RedrivePolicy"));
        Self {
            topic: properties["TopicArn"].clone(),
            protocol: properties["Protocol"].clone(),
            endpoint: properties["Endpoint"].clone(),
            dead_letter: policy.and_then(|policy| given(&policy, "deadLetterTargetArn")),
        }
    }
}

/// Some write the policy as text.
fn json_or_map(policy: Option<&Node>) -> Option<Node> {
    let policy = policy?;
    match policy.as_text() {
        Some(text) => document::read(text).ok(),
        None => Some(policy.clone()),
    }
}
