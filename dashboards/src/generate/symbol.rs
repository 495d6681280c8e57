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
