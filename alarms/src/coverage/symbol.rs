//! Names that are known only after deployment, as text for `Fn::Sub`: `${AWS::Region}`, `${Stage}`, `${UserPool}`. The last is
//! a resource of another stack: the rendered template has a parameter of this name.

use std::collections::BTreeMap;

use infra::{Data, Node, Part, Unknown};

use crate::model::Definition;

/// Names of parameters, and what they stand for.
pub(crate) type Symbols = BTreeMap<String, String>;

/// The text of a name, or what is wrong with it.
pub(crate) fn text(node: &Node, symbols: &mut Symbols) -> Result<String, String> {
    match &node.data {
        Data::Unknown(unknown) => of_unknown(unknown, symbols),
        _ => node
            .text_of()
            .ok_or_else(|| format!("expected a name, not {node}")),
    }
}

fn of_unknown(unknown: &Unknown, symbols: &mut Symbols) -> Result<String, String> {
    match unknown {
        Unknown::Pseudo(name) => Ok(format!("${{{name}}}")),
        Unknown::Parameter(name) => {
            symbols
                .entry(name.clone())
                .or_insert_with(|| format!("Parameter {name} of the watched stack"));
            Ok(format!("${{{name}}}"))
        }
        Unknown::Resource(reference) => {
            let attribute = reference.attribute.as_deref().unwrap_or_default();
            let joined = [&reference.stack, reference.logical_id.as_str(), attribute].concat();
            let name: String = joined.chars().filter(char::is_ascii_alphanumeric).collect();
            let of = match &reference.attribute {
                Some(attribute) => format!("{attribute} of {}", reference.logical_id),
                None => format!("Name or identifier of {}", reference.logical_id),
            };
            symbols
                .entry(name.clone())
                .or_insert_with(|| format!("{of} in the watched stack"));
            Ok(format!("${{{name}}}"))
        }
        Unknown::Text(parts) => {
            let mut whole = String::new();
            for part in parts {
                match part {
                    Part::Text(text) => whole.push_str(text),
                    Part::Unknown(unknown) => whole.push_str(&of_unknown(unknown, symbols)?),
                }
            }
            Ok(whole)
        }
        Unknown::Dynamic(text) => Err(format!("CloudFormation looks `{text}` up: give the name itself")),
        Unknown::Import(_) | Unknown::Either { .. } | Unknown::Call { .. } => Err(
            "the name depends on what is known only after deployment: give the parameters that decide it"
                .to_owned(),
        ),
    }
}

/// Every `${name}` that has a value, replaced.
pub(crate) fn replaced_in(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        result.push_str(before);
        match behind
            .split_once('}')
            .and_then(|(name, after)| Some((values.get(name)?, after)))
        {
            Some((value, after)) => {
                result.push_str(value);
                rest = after;
            }
            None => {
                result.push_str("${");
                rest = behind;
            }
        }
    }
    result.push_str(rest);
    result
}

/// A definition with values for symbols.
pub(crate) fn replaced(definition: &Definition, values: &BTreeMap<String, String>) -> Definition {
    let mut definition = definition.clone();
    let put = |text: &mut String| {
        if text.contains("${") {
            *text = replaced_in(text, values);
        }
    };
    match &mut definition {
        Definition::Metric(alarm) => {
            alarm.alarm_description.iter_mut().for_each(put);
            alarm.alarm_actions.iter_mut().for_each(put);
            alarm.ok_actions.iter_mut().for_each(put);
            alarm.dimensions.iter_mut().for_each(|one| put(&mut one.value));
            alarm.tags.iter_mut().for_each(|tag| put(&mut tag.value));
            let stats = alarm
                .metrics
                .iter_mut()
                .filter_map(|query| query.metric_stat.as_mut());
            stats
                .flat_map(|stat| stat.metric.dimensions.iter_mut())
                .for_each(|one| put(&mut one.value));
        }
        Definition::Composite(alarm) => {
            alarm.alarm_description.iter_mut().for_each(put);
            alarm.alarm_actions.iter_mut().for_each(put);
            alarm.ok_actions.iter_mut().for_each(put);
            alarm.tags.iter_mut().for_each(|tag| put(&mut tag.value));
        }
    }
    definition
}
