//! Names of the group's resources, and what the templates give its functions.

use infra::{Data, Node, Stack};
use runbooks::lint::{Figures, Known};

const FUNCTIONS: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// Of these templates, the nested ones included. A name is what begins with the group's in any property: of a resource itself, of the
/// rules in a function's events, of log groups.
pub(super) fn resources(group: &str, stacks: &[Stack]) -> Known {
    let mut known = Known {
        prefix: format!("{group}-"),
        ..Known::default()
    };
    for stack in stacks {
        of_stack(stack, &mut known);
    }
    known
}

fn of_stack(stack: &Stack, known: &mut Known) {
    for resource in &stack.resources {
        names(&resource.properties, known);
        if FUNCTIONS.contains(&resource.kind.as_str()) {
            known.functions.extend(function(&resource.properties));
        }
    }
    for nested in stack.nested.values() {
        of_stack(nested, known);
    }
}

fn function(properties: &Node) -> Option<(String, Figures)> {
    let number = |name: &str| properties.get(name)?.text_of()?.parse().ok();
    let name = properties.get("FunctionName")?.as_text()?.to_owned();
    let figures = Figures {
        timeout: number("Timeout")?,
        memory: number("MemorySize")?,
    };
    Some((name, figures))
}

fn names(node: &Node, known: &mut Known) {
    match &node.data {
        Data::Text(text) => {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let parts = text.split(|c: char| !is_of_name(c));
            let named = parts.filter(|part| part.starts_with(&known.prefix));
            let named: Vec<String> = named.map(str::to_owned).collect();
            known.names.extend(named);
        }
        Data::List(items) => items.iter().for_each(|item| names(item, known)),
        Data::Map(entries) => entries.values().for_each(|entry| names(&entry.value, known)),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Unknown(_) => {}
    }
}
