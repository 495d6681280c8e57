//! Values of parameters: given or default, checked as CloudFormation checks them. `AllowedPattern` is not checked: it is a
//! regular expression of Java.

use std::collections::BTreeMap;

use crate::node::{Data, Node, Place, Unknown};

use super::resolver::{Resolver, Slot};
use crate::sub;

impl Resolver<'_, '_> {
    pub(super) fn take_parameters(&mut self, given: BTreeMap<String, Node>) {
        let root = self.root;
        let definitions = root["Parameters"].entries();
        for (name, value) in &given {
            if definitions.is_none_or(|definitions| !definitions.contains_key(name)) {
                let at = if self.path.is_empty() {
                    Place::START
                } else {
                    value.at
                };
                let what = format!("there is no parameter {name}, and a value is given for it");
                self.problem(at, what, "add the parameter, or leave the value out");
            }
        }
        for (name, entry) in definitions.into_iter().flatten() {
            if !given.contains_key(name) && entry.value.get("Default").is_some() {
                let key = (self.path.clone(), name.clone());
                self.shared.by_default.insert(key);
            }
            let value = self.parameter(name, entry.at, &entry.value, given.get(name));
            self.parameters.insert(name.clone(), value);
        }
    }

    fn parameter(&mut self, name: &str, at: Place, definition: &Node, given: Option<&Node>) -> Node {
        let kind = definition["Type"].as_text().unwrap_or("String");
        let unknown = Node::unknown(at, Unknown::Parameter(name.to_owned()));
        // The value is the name of a parameter in the account.
        if kind.starts_with("AWS::SSM::Parameter::Value<") {
            return unknown;
        }
        let Some(value) = given.or_else(|| definition.get("Default")) else {
            return unknown;
        };
        let listed = kind == "CommaDelimitedList" || kind.starts_with("List<");
        let texts: Vec<String> = match &value.data {
            // From a stack above, and not known there.
            Data::Unknown(_) => return value.clone(),
            Data::List(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Node::text_of).collect();
                match texts {
                    Some(texts) => texts,
                    None => return value.clone(),
                }
            }
            _ => match value.text_of() {
                Some(text) if listed => text.split(',').map(|item| item.trim().to_owned()).collect(),
                Some(text) => vec![text],
                None => {
                    self.problem(
                        value.at,
                        format!("parameter {name} must be text or a number"),
                        "write it so",
                    );
                    return unknown;
                }
            },
        };
        texts
            .iter()
            .for_each(|text| self.check(name, at, kind, definition, text));
        if listed {
            let items = texts.into_iter().map(|text| Node::text(at, text));
            return Node::new(at, Data::List(items.collect()));
        }
        let mut result = Node::looked_up(at, texts.join(","));
        if result.is_unknown() {
            return result;
        }
        result.from.clone_from(&value.from);
        if kind == "Number" {
            result.data = number(texts.first().map_or("", String::as_str));
        }
        result
    }

    /// Whether a value that is not resolved yet depends on a default.
    pub(super) fn is_by_default(&self, node: &Node) -> bool {
        let is = |name: &str| {
            let key = (self.path.clone(), name.to_owned());
            self.shared.by_default.contains(&key)
        };
        match (node.as_call(), &node.data) {
            (Some(("Ref", name)), _) => name.as_text().is_some_and(is),
            (Some(("Fn::If", argument)), _) => {
                let condition = argument.items().first().and_then(Node::as_text);
                let is_open =
                    condition.is_some_and(|name| matches!(self.conditions.get(name), Some(Slot::Done(None))));
                is_open || argument.items().iter().any(|item| self.is_by_default(item))
            }
            (Some(("Fn::Sub", argument)), _) => {
                let text = argument.as_text().or_else(|| argument.items().first()?.as_text());
                let variables = argument.items().get(1);
                let names = sub::names(text.unwrap_or_default());
                names.into_iter().any(is) || variables.is_some_and(|given| self.is_by_default(given))
            }
            (_, Data::List(items)) => items.iter().any(|item| self.is_by_default(item)),
            (_, Data::Map(entries)) => entries.values().any(|entry| self.is_by_default(&entry.value)),
            _ => false,
        }
    }

    fn check(&mut self, name: &str, at: Place, kind: &str, definition: &Node, text: &str) {
        if Node::looked_up(at, text).is_unknown() {
            return;
        }
        let allowed = definition["AllowedValues"].items();
        // A list may be allowed as a whole: `one,two`.
        let is_it = |one: &Node| match one.text_of() {
            Some(one) if kind == "CommaDelimitedList" => one.split(',').any(|part| part.trim() == text),
            one => one.as_deref() == Some(text),
        };
        let is_allowed = allowed.is_empty() || allowed.iter().any(is_it);
        if !is_allowed {
            let allowed: Vec<String> = allowed.iter().filter_map(Node::text_of).collect();
            let cure = format!("give one of {}", allowed.join(", "));
            self.problem(at, format!("parameter {name} cannot be {text:?}"), &cure);
        }
        let bound = |name: &str| definition[name].as_number();
        if kind == "Number" || kind == "List<Number>" {
            match text.trim().parse::<f64>() {
                Err(_) => self.problem(
                    at,
                    format!("parameter {name} is no number: {text:?}"),
                    "give a number",
                ),
                Ok(number) => {
                    let low = bound("MinValue").is_some_and(|least| number < least);
                    if low || bound("MaxValue").is_some_and(|most| number > most) {
                        let what = format!("parameter {name} cannot be {text}");
                        self.problem(at, what, "keep it between MinValue and MaxValue");
                    }
                }
            }
        } else if kind == "String" {
            #[expect(clippy::cast_precision_loss, reason = "a length is far below 2^52")]
            let length = text.chars().count() as f64;
            let short = bound("MinLength").is_some_and(|least| length < least);
            if short || bound("MaxLength").is_some_and(|most| length > most) {
                let what = format!("parameter {name} cannot have {length} characters");
                self.problem(at, what, "keep it between MinLength and MaxLength");
            }
        }
    }
}

fn number(text: &str) -> Data {
    let whole = text.trim().parse::<i64>().ok().map(serde_json::Number::from);
    let number = whole.or_else(|| serde_json::Number::from_f64(text.trim().parse().ok()?));
    number.map_or_else(|| Data::Text(text.to_owned()), Data::Number)
}
