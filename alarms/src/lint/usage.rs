//! Which resources others of the template use: an alarm that stops a deployment needs no topic, and a topic that a chat listens
//! to no subscription.

use std::collections::BTreeSet;

use infra::{Data, Node, Part, Unknown};

use super::world::{Member, World};

/// Who is named by whom. A resource is found by root, stack and logical ID, or by its name.
#[derive(Debug, Default)]
pub(super) struct Usage {
    references: BTreeSet<(usize, String, String)>,
    texts: BTreeSet<String>,
    /// Rules of composite alarms, with names in them.
    rules: Vec<String>,
    /// A rule of EventBridge takes events of alarms, or a rule of a composite is not known: it may be any.
    by_anything: bool,
}

/// Alarms name themselves, and topics of which they are no readers.
const ALARM: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE: &str = "AWS::CloudWatch::CompositeAlarm";

impl Usage {
    /// Which alarms are used: by anything but alarms, in rules, as suppressors.
    pub(super) fn of_alarms(world: &World<'_>) -> Self {
        let mut usage = Self::default();
        for member in &world.members {
            let properties = &member.resource.properties;
            match member.resource.kind.as_str() {
                ALARM => {}
                COMPOSITE => {
                    let rule = &properties["AlarmRule"];
                    usage.gather(member.root, rule);
                    usage.gather(member.root, &properties["ActionsSuppressor"]);
                    usage.rules.push(rule.to_string());
                    usage.by_anything |= is_anything(rule) || is_anything(&properties["ActionsSuppressor"]);
                }
                "AWS::Events::Rule" => {
                    usage.gather(member.root, properties);
                    let pattern = properties["EventPattern"].to_string();
                    usage.by_anything |= pattern.contains("CloudWatch Alarm State Change");
                }
                _ => usage.gather(member.root, properties),
            }
        }
        usage.gather_outputs(world);
        usage
    }

    /// Which topics somebody may listen to: those that anything but alarms, policies and the topic itself names.
    pub(super) fn of_topics(world: &World<'_>) -> Self {
        let mut usage = Self::default();
        let others = [
            ALARM,
            COMPOSITE,
            "AWS::SNS::TopicPolicy",
            "AWS::SNS::Topic",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
        ];
        for member in &world.members {
            if !others.contains(&member.resource.kind.as_str()) {
                usage.gather(member.root, &member.resource.properties);
            }
        }
        usage.gather_outputs(world);
        usage
    }

    /// Whether a resource is named by reference, or by its known name.
    pub(super) fn has(&self, member: &Member<'_>) -> bool {
        let resource = member.resource;
        let key = (
            member.root,
            member.stack.path.clone(),
            resource.logical_id.clone(),
        );
        // A name that is not known is the same as another one with the same symbols in it.
        let names = [
            &resource.properties["AlarmName"],
            &resource.properties["TopicName"],
        ];
        let mut names = names
            .into_iter()
            .filter(|name| !name.is_null())
            .map(ToString::to_string);
        let in_text = |text: &str| {
            let ends = format!(":{text}");
            self.texts
                .iter()
                .any(|used| used == text || used.ends_with(&ends))
        };
        let named = |name: String| in_text(&name) || self.rules.iter().any(|rule| rule.contains(&name));
        let may_be_named = resource.properties["AlarmName"].is_unknown() && !self.rules.is_empty();
        self.by_anything || may_be_named || self.references.contains(&key) || names.any(named)
    }

    fn gather_outputs(&mut self, world: &World<'_>) {
        let mut seen = BTreeSet::new();
        for member in &world.members {
            if seen.insert((member.root, &member.stack.path)) {
                for output in member.stack.outputs.values() {
                    self.gather(member.root, &output.value);
                }
            }
        }
    }

    fn gather(&mut self, root: usize, node: &Node) {
        if let Some(from) = &node.from {
            self.references
                .insert((root, from.stack.clone(), from.logical_id.clone()));
        }
        match &node.data {
            Data::Text(text) => drop(self.texts.insert(text.clone())),
            Data::List(items) => items.iter().for_each(|item| self.gather(root, item)),
            Data::Map(entries) => entries.values().for_each(|entry| self.gather(root, &entry.value)),
            Data::Unknown(unknown) => self.gather_unknown(root, unknown),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }

    fn gather_unknown(&mut self, root: usize, unknown: &Unknown) {
        match unknown {
            Unknown::Resource(one) => {
                self.references
                    .insert((root, one.stack.clone(), one.logical_id.clone()));
            }
            Unknown::Text(parts) => {
                self.texts.insert(unknown.to_string());
                for part in parts {
                    match part {
                        Part::Text(text) => drop(self.texts.insert(text.clone())),
                        Part::Unknown(unknown) => self.gather_unknown(root, unknown),
                    }
                }
            }
            Unknown::Import(name) => self.gather(root, name),
            Unknown::Either { then, otherwise, .. } => {
                self.gather(root, then);
                self.gather(root, otherwise);
            }
            Unknown::Call { argument, .. } => self.gather(root, argument),
            Unknown::Parameter(_) | Unknown::Pseudo(_) | Unknown::Dynamic(_) => {}
        }
    }
}

/// Whether a value may name any alarm: it is not known, and is no reference and no text with some.
fn is_anything(node: &Node) -> bool {
    match &node.data {
        Data::Unknown(Unknown::Text(_) | Unknown::Resource(_)) => false,
        Data::Unknown(_) => node.from.is_none(),
        _ => false,
    }
}
