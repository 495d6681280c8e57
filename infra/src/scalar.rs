//! The type of a plain scalar, as CloudFormation sees it. Quoted scalars and tags are the reader's business.

use crate::node::Data;

/// A plain scalar is typed by its look, as YAML 1.1 does: CloudFormation reads `yes` and `on` as true, and `1_000` as 1000
/// (user guide, "CloudFormation template formats"). A version such as `2012-10-17` and an account number with leading zeros stay text.
pub(crate) fn typed(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Data::Bool(false),
        _ => number(text).unwrap_or_else(|| Data::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Data> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // Between digits they are there to be read only.
    let plain = text.replace('_', "");
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(Data::Number(whole.into()));
    }
    // Whole numbers beyond 64 bits keep all their digits as text.
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: f64 = plain.parse().ok()?;
    serde_json::Number::from_f64(fraction).map(Data::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn plain_scalars_are_typed_by_their_look() {
        let check = |text: &str, expected: Value| {
            let node = crate::Node::new(crate::Place::START, typed(text));
            assert_eq!(node.to_json(), expected, "{text}");
        };
        check("30", json!(30));
        check("-1", json!(-1));
        check("0", json!(0));
        check("0.5", json!(0.5));
        check("true", json!(true));
        check("False", json!(false));
        check("yes", json!(true));
        check("On", json!(true));
        check("OFF", json!(false));
        check("No", json!(false));
        check("y", json!("y"));
        check("yEs", json!("yEs"));
        check("1_000", json!(1000));
        check("-1_000.5", json!(-1000.5));
        check("+5", json!(5));
        check("a_1", json!("a_1"));
        check("1_a", json!("1_a"));
        check("~", json!(null));
        check("", json!(null));
        check("2012-10-17", json!("2012-10-17"));
        check("000000000000", json!("000000000000"));
        check("123456789012", json!(123_456_789_012_i64));
        check("99999999999999999999", json!("99999999999999999999"));
        check("1e999", json!("1e999"));
        check("--5", json!("--5"));
        check("1.2.3", json!("1.2.3"));
        check("rate(1 minute)", json!("rate(1 minute)"));
    }
}
