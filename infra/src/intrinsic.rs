//! CloudFormation's functions as values: short forms become long ones, and references are read back. Resolving them, which
//! needs parameters and an account, does not belong here.

use serde_json::Value;

use crate::node::{Data, Node};

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
pub(crate) fn long_form(tag: &str, value: Node) -> Option<Node> {
    let at = value.at;
    match tag {
        "Ref" | "Condition" => Some(Node::call(tag, value)),
        "GetAtt" => {
            let Data::Text(text) = &value.data else {
                return Some(Node::call("Fn::GetAtt", value));
            };
            let (resource, attribute) = text.split_once('.')?;
            let parts = [resource, attribute].map(|part| Node::text(at, part));
            Some(Node::call("Fn::GetAtt", Node::new(at, Data::List(parts.into()))))
        }
        _ if FUNCTIONS.contains(&tag) => Some(Node::call(&format!("Fn::{tag}"), value)),
        _ => None,
    }
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
    use serde_json::json;

    use super::*;
    use crate::Place;

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
        let long = |tag: &str, text: &str| Some(long_form(tag, Node::text(Place::START, text))?.to_json());
        assert_eq!(long("Foo", "a"), None);
        assert_eq!(long("GetAtt", "NoAttribute"), None);
        assert_eq!(long("Sub", "a"), Some(json!({"Fn::Sub": "a"})));
    }
}
