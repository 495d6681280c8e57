//! Filter patterns: terms, quoted phrases, `-exclusion`, `?alternative`, and JSON patterns with `&&` or `||` of comparisons.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use serde_json::Value;

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pattern {
    /// All of these, none of those, and any of the alternatives when there are some.
    Terms {
        all: Vec<String>,
        none: Vec<String>,
        any: Vec<String>,
    },
    /// Comparisons of JSON members; all of them, or any.
    Json { comparisons: Vec<Comparison>, all: bool },
}

/// `$.a.b = "x"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    path: String,
    operator: &'static str,
    value: String,
}

const OPERATORS: [&str; 6] = ["!=", ">=", "<=", "=", ">", "<"];

impl Pattern {
    /// Reads a pattern; empty matches everything.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(inside) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            return json(inside);
        }
        // Space-delimited patterns and regular expressions: refused rather than taken for words.
        if text.starts_with('[') || text.contains('%') {
            return Err(format!("not understood here: {text}"));
        }
        let (mut all, mut none, mut any) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            rest = &rest[start..];
            let kind = rest.chars().next().filter(|c| matches!(c, '-' | '?'));
            let body = &rest[kind.map_or(0, char::len_utf8)..];
            let (term, after) = term(body)?;
            match kind {
                Some('-') => none.push(term),
                Some(_) => any.push(term),
                None => all.push(term),
            }
            rest = after;
        }
        Ok(Self::Terms { all, none, any })
    }

    /// The value that a member must have, when that is all that is asked: such a question has an index.
    pub(super) fn only_value_of(&self, path: &str) -> Option<&str> {
        match self {
            Self::Json { comparisons, .. } => match comparisons.as_slice() {
                [only] if only.path == path && only.operator == "=" && !only.value.contains('*') => {
                    Some(&only.value)
                }
                _ => None,
            },
            Self::Terms { .. } => None,
        }
    }

    /// Does a line match?
    pub(super) fn matches(&self, line: &str) -> bool {
        match self {
            Self::Terms { all, none, any } => {
                all.iter().all(|term| line.contains(term))
                    && !none.iter().any(|term| line.contains(term))
                    && (any.is_empty() || any.iter().any(|term| line.contains(term)))
            }
            Self::Json { comparisons, all } => {
                let Ok(line) = serde_json::from_str::<Value>(line) else {
                    return false;
                };
                if *all {
                    comparisons.iter().all(|comparison| comparison.holds(&line))
                } else {
                    comparisons.iter().any(|comparison| comparison.holds(&line))
                }
            }
        }
    }
}

fn term(text: &str) -> Result<(String, &str), String> {
    match text.strip_prefix('"') {
        Some(quoted) => {
            // A quote inside is escaped.
            let mut escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.ok_or("a quoted phrase has no end")?;
            let phrase = quoted[..end].replace("\\\"", "\"").replace("\\\\", "\\");
            Ok((phrase, &quoted[end + 1..]))
        }
        None => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            Ok((text[..end].to_owned(), &text[end..]))
        }
    }
}

fn json(inside: &str) -> Result<Pattern, String> {
    let (and, or) = (outside_quotes(inside, "&&"), outside_quotes(inside, "||"));
    let (parts, all) = match (and.len(), or.len()) {
        (_, 1) => (and, true),
        (1, _) => (or, false),
        _ => return Err("&& and || in one pattern are not understood here".to_owned()),
    };
    let comparisons = parts.into_iter().map(comparison).collect::<Result<_, _>>()?;
    Ok(Pattern::Json { comparisons, all })
}

/// Splits where the separator is not within a quoted value.
fn outside_quotes<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        quoted ^= c == '"';
        if !quoted && rest.starts_with(separator) {
            parts.push(&text[start..at]);
            at += separator.len();
            start = at;
        } else {
            at += c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn comparison(text: &str) -> Result<Comparison, String> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
    // The first operator; what comes after it, quoted or not, is the value.
    let found = OPERATORS
        .into_iter()
        .filter_map(|operator| Some((text.find(operator)?, operator)));
    let (at, operator) = found
        .min_by_key(|(at, operator)| (*at, std::cmp::Reverse(operator.len())))
        .ok_or_else(|| format!("no comparison in {text}"))?;
    let (path, value) = (text[..at].trim(), text[at + operator.len()..].trim());
    let path = path
        .strip_prefix("$.")
        .ok_or_else(|| format!("{path} does not begin with $."))?;
    if value.starts_with('%') || value.starts_with("IS ") {
        return Err(format!("not understood here: {text}"));
    }
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Ok(Comparison {
        path: path.to_owned(),
        operator,
        value: quoted
            .unwrap_or(value)
            .replace("\\\"", "\"")
            .replace("\\\\", "\\"),
    })
}

impl Comparison {
    fn holds(&self, line: &Value) -> bool {
        // A key with dots, such as error.code, is one member; else the dots lead inside.
        let found = line
            .get(&self.path)
            .or_else(|| self.path.split('.').try_fold(line, |at, key| at.get(key)));
        let Some(found) = found else { return false };
        let number = found.as_f64().zip(self.value.parse::<f64>().ok());
        let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        match (self.operator, number) {
            (">", Some((a, b))) => a > b,
            ("<", Some((a, b))) => a < b,
            (">=", Some((a, b))) => a >= b,
            ("<=", Some((a, b))) => a <= b,
            // `3` is `3.0`; a number is compared as one.
            ("=", Some((a, b))) => (a - b).abs() < f64::EPSILON,
            ("!=", Some((a, b))) => (a - b).abs() >= f64::EPSILON,
            ("=", _) => like(&text, &self.value),
            ("!=", _) => !like(&text, &self.value),
            _ => false,
        }
    }
}

/// Equal, with `*` at either end.
fn like(text: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) if pattern.len() > 1 => text.contains(pattern.trim_matches('*')),
        (Some(end), _) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        for refused in [
            "[ip, user]",
            "%err.*%",
            "{ $.a = 1 && $.b = 2 || $.c = 3 }",
            "{ a = 1 }",
            "{ $.a }",
            "\"open",
        ] {
            assert!(Pattern::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_question_for_one_value_is_known() {
        let check = |pattern: &str, value: Option<&str>| {
            assert_eq!(
                Pattern::parse(pattern).unwrap().only_value_of("correlation_id"),
                value,
                "{pattern}"
            );
        };
        check("{ $.correlation_id = \"c-1=\" }", Some("c-1="));
        check("{ $.correlation_id = \"c*\" }", None);
        check("{ $.correlation_id = \"c\" && $.level = \"ERROR\" }", None);
        check("c-1", None);
    }

    #[test]
    fn patterns_match_as_documented() {
        let check = |pattern: &str, line: &str, matches: bool| {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(line),
                matches,
                "{pattern} on {line}"
            );
        };
        check("", "anything", true);
        check(r#"{ $.url = "a>=b && c" }"#, r#"{"url":"a>=b && c"}"#, true);
        check(r#"{ $.url = "a!=b" || $.n = 3 }"#, r#"{"n":3.0}"#, true);
        check("{ $.n >= 3 && $.n != 4 }", r#"{"n":4}"#, false);
        check(r#""say \"so\" now""#, r#"they say "so" now"#, true);
        check(r#""say \"so\" now""#, "they say so now", false);
        check("ERROR timeout", "ERROR: timeout of x", true);
        check("ERROR timeout", "ERROR: other", false);
        check("\"two words\"", "here are two words", true);
        check("ERROR -EXIT", "ERROR EXIT", false);
        check("?WARN ?ERROR", "WARN x", true);
        check("?WARN ?ERROR", "INFO x", false);
        check(
            "{ $.level = \"ERROR\" && $.n > 3 }",
            r#"{"level":"ERROR","n":5}"#,
            true,
        );
        check(
            "{ $.level = \"ERROR\" && $.n > 3 }",
            r#"{"level":"ERROR","n":3}"#,
            false,
        );
        check("{ $.error.code = \"x\" }", r#"{"error.code":"x"}"#, true);
        check("{ $.a.b = \"x*\" || $.c = 1 }", r#"{"a":{"b":"xyz"}}"#, true);
        check("{ $.a = 1 }", "not JSON", false);
        assert!(Pattern::parse("\"open").is_err() && Pattern::parse("{ a = 1 }").is_err());
    }
}
