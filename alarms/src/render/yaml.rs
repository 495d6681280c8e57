//! YAML for CloudFormation, written by hand: few kinds of values, and an order that people can read.

use serde_json::Value;

/// Text in quotes. JSON's escapes are YAML's.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A scalar: quoted text, `!Sub` where it has symbols, a block where it has several lines.
pub(super) fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) => {
            let sub = if text.contains("${") { "!Sub " } else { "" };
            if text.contains('\n') {
                return format!("{sub}|-{}", block(text, indent));
            }
            format!("{sub}{}", quoted(text))
        }
        other => other.to_string(),
    }
}

fn block(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent + 2);
    let line = |line: &str| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("\n{pad}{line}")
        }
    };
    text.lines().map(line).collect()
}

/// A property with its value, at an indentation.
pub(super) fn property(name: &str, value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Array(items) => {
            let items = items.iter().map(|item| element(item, indent + 2));
            format!("{pad}{name}:\n{}", items.collect::<String>())
        }
        Value::Object(entries) if entries.is_empty() => format!("{pad}{name}: {{}}\n"),
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| property(name, value, indent + 2));
            format!("{pad}{name}:\n{}", entries.collect::<String>())
        }
        value => format!("{pad}{name}: {}\n", scalar(value, indent)),
    }
}

/// An item of a list: small mappings in one line.
fn element(item: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match item {
        Value::Object(entries)
            if entries
                .values()
                .all(|value| !value.is_object() && !value.is_array())
                && !has_symbol(item) =>
        {
            let entries = entries
                .iter()
                .map(|(name, value)| format!("{name}: {}", scalar(value, 0)));
            format!("{pad}- {{ {} }}\n", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let all: String = entries
                .iter()
                .map(|(name, value)| property(name, value, indent + 2))
                .collect();
            // The first entry stands behind the dash.
            format!("{pad}- {}", all.trim_start())
        }
        value => format!("{pad}- {}\n", scalar(value, indent)),
    }
}

fn has_symbol(value: &Value) -> bool {
    value.to_string().contains("${")
}
