//! The part of X-Ray's filter expressions that is understood here: annotations compared with texts, `fault`, `error`,
//! `throttle`, joined by `AND`. Anything else is a clear error, never a wrong answer.

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// `annotation.key = "value"`, `annotation[key] = "value"`.
    Annotation(String, String),
    /// `fault`, `error`, `throttle`.
    Flag(&'static str),
}

/// Reads an expression; empty is no condition.
pub(super) fn parse(expression: &str) -> Result<Vec<Condition>, String> {
    let expression = expression.trim();
    if expression.is_empty() {
        return Ok(Vec::new());
    }
    expression
        .split(" AND ")
        .map(|part| condition(part.trim()))
        .collect()
}

fn condition(part: &str) -> Result<Condition, String> {
    if let Some(flag) = ["fault", "error", "throttle"]
        .into_iter()
        .find(|flag| *flag == part)
    {
        return Ok(Condition::Flag(flag));
    }
    let wrong = || format!("not understood here: {part}");
    let (key, value) = part.split_once('=').ok_or_else(wrong)?;
    let key = key.trim();
    let key = key
        .strip_prefix("annotation.")
        .or_else(|| key.strip_prefix("annotation[")?.strip_suffix(']'));
    let value = value
        .trim()
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    // Anything else is an operator or a second condition that is not understood.
    let key = key.map(|key| key.trim_matches('"')).filter(|key| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    });
    let value = value.filter(|value| !value.contains('"'));
    match (key, value) {
        (Some(key), Some(value)) => Ok(Condition::Annotation(key.to_owned(), value.to_owned())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_or_refused() {
        let annotation = |key: &str, value: &str| Condition::Annotation(key.into(), value.into());
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(
            parse("annotation.order_id = \"o-1\" AND fault"),
            Ok(vec![annotation("order_id", "o-1"), Condition::Flag("fault")])
        );
        assert_eq!(parse("annotation[a]=\"b=c\""), Ok(vec![annotation("a", "b=c")]));
        for refused in [
            "annotation.a = \"x\" OR annotation.b = \"y\"",
            "annotation.a != \"x\"",
            "annotation.a >= \"x\"",
        ] {
            assert!(parse(refused).is_err(), "{refused}");
        }
        assert!(parse("responsetime > 5").is_err() && parse("service(\"x\")").is_err());
    }
}
