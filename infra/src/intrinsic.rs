//! CloudFormation's functions as values: short forms become long ones, and references are read back. Resolving them, which
//! needs parameters and an account, does not belong here.

use serde_json::{Map, Value, json};

/// Short forms that CloudFormation has, without those that keep their name.
const FUNCTIONS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// `!Ref X` → `{"Ref": "X"}`, `!GetAtt X.Arn` → `{"Fn::GetAtt": ["X", "Arn"]}`; `None` when there is no such function, or an
/// attribute names no resource.
pub(crate) fn long_form(tag: &str, value: Value) -> Option<Value> {
    match (tag, value) {
        ("Ref" | "Condition", value) => Some(entry(tag.to_owned(), value)),
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.')?;
            Some(json!({"Fn::GetAtt": [resource, attribute]}))
        }
        (_, value) if FUNCTIONS.contains(&tag) => Some(entry(format!("Fn::{tag}"), value)),
        _ => None,
    }
}

fn entry(key: String, value: Value) -> Value {
    Value::Object(Map::from_iter([(key, value)]))
}

/// The resource or parameter that a `Ref` or `Fn::GetAtt` names.
#[must_use]
pub fn target(value: &Value) -> Option<&str> {
    value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"].get(0).and_then(Value::as_str))
}

/// A value in the notation of `Fn::Sub`: `!Ref X` is `${X}`, `!GetAtt X.Arn` is `${X.Arn}`, `!Sub text` is `text`. Whatever
/// this notation cannot express is its JSON.
#[must_use]
pub fn notation(value: &Value) -> String {
    if let Value::String(text) = value {
        return text.clone();
    }
    if let Some(name) = value["Ref"].as_str() {
        return format!("${{{name}}}");
    }
    if let [Value::String(name), Value::String(attribute)] =
        value["Fn::GetAtt"].as_array().map_or(&[][..], Vec::as_slice)
    {
        return format!("${{{name}.{attribute}}}");
    }
    value["Fn::Sub"]
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_written_as_sub_writes_them() {
        let check = |value: Value, expected: &str| assert_eq!(notation(&value), expected);
        check(json!("text"), "text");
        check(json!({"Ref": "Orders"}), "${Orders}");
        check(json!({"Fn::GetAtt": ["Orders", "Arn"]}), "${Orders.Arn}");
        check(
            json!({"Fn::Sub": "${Orders.Arn}/index/by-user"}),
            "${Orders.Arn}/index/by-user",
        );
        check(json!({"Fn::If": ["C", 1, 2]}), r#"{"Fn::If":["C",1,2]}"#);
        check(json!(3), "3");
        assert_eq!(target(&json!({"Fn::GetAtt": ["Orders", "Arn"]})), Some("Orders"));
        assert_eq!(target(&json!({"Ref": "Orders"})), Some("Orders"));
        assert_eq!(target(&json!("Orders")), None);
    }

    #[test]
    fn only_known_functions_have_a_short_form() {
        assert_eq!(long_form("Foo", json!(1)), None);
        assert_eq!(long_form("GetAtt", json!("NoAttribute")), None);
        assert_eq!(long_form("Sub", json!("a")), Some(json!({"Fn::Sub": "a"})));
    }
}
