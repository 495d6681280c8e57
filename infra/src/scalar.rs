//! The type of a plain scalar, as CloudFormation sees it. Quoted scalars and tags are the reader's business.

use crate::node::Data;

/// A plain scalar is typed by its look. A version such as `2012-10-17` and an account number with leading zeros stay text.
pub(crate) fn typed(text: String) -> Data {
    match text.as_str() {
        "" | "~" | "null" => Data::Null,
        "true" | "True" => Data::Bool(true),
        "false" | "False" => Data::Bool(false),
        _ => number(&text).unwrap_or(Data::Text(text)),
    }
}

fn number(text: &str) -> Option<Data> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Data::Number(whole.into()));
    }
    // Whole numbers beyond 64 bits keep all their digits as text.
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: f64 = text.parse().ok()?;
    serde_json::Number::from_f64(fraction).map(Data::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn plain_scalars_are_typed_by_their_look() {
        let check = |text: &str, expected: Value| {
            let node = crate::Node::new(crate::Place::START, typed(text.to_owned()));
            assert_eq!(node.to_json(), expected, "{text}");
        };
        check("30", json!(30));
        check("-1", json!(-1));
        check("0", json!(0));
        check("0.5", json!(0.5));
        check("true", json!(true));
        check("False", json!(false));
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
