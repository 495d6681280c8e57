//! Names that are known only after deployment, as text for `Fn::Sub`.

use infra::{Data, Node, Part, Unknown};

/// Literal text: what looks like a symbol is none.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${!")
}

/// A name. `None`: only its own stack could say it, and dashboards are a stack of their own.
pub(super) fn text(node: &Node) -> Option<String> {
    match &node.data {
        Data::Unknown(unknown) => of_unknown(unknown),
        _ => node.text_of().map(|text| literal(&text)),
    }
}

fn of_unknown(unknown: &Unknown) -> Option<String> {
    match unknown {
        Unknown::Pseudo(name) | Unknown::Parameter(name) => Some(format!("${{{name}}}")),
        Unknown::Text(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(literal(text)),
                Part::Unknown(unknown) => of_unknown(unknown),
            })
            .collect(),
        _ => None,
    }
}

/// A name, or a parameter of the dashboards' template for it: called as that of the alarms' template, so that alarms fit.
pub(super) fn named(node: &Node) -> Option<String> {
    match &node.data {
        Data::Unknown(Unknown::Resource(reference)) => {
            let attribute = reference.attribute.as_deref().unwrap_or_default();
            let joined = [&reference.stack, reference.logical_id.as_str(), attribute].concat();
            let name: String = joined.chars().filter(char::is_ascii_alphanumeric).collect();
            Some(format!("${{{name}}}"))
        }
        _ => text(node),
    }
}
