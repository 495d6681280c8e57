//! Patterns for JSON: `($.level = "ERROR" || $.status >= 500) && $.path != "/health*"`.

use super::regex;

/// Conditions joined by && and ||.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::lint) enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    One(Vec<Condition>),
    /// A test of a field.
    Field(String, Test),
}

/// A test of a field.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::lint) enum Test {
    /// `=` or `!=` with text, in which `*` stands for anything.
    Text {
        /// `=`?
        equal: bool,
        /// Without quotes.
        text: String,
    },
    /// A comparison with a number.
    Number {
        /// `=`, `!=`, `<`, `<=`, `>` or `>=`.
        operator: &'static str,
        /// The number.
        number: f64,
    },
    /// `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`, a regular expression.
    Other,
}

/// How deep brackets may nest; nobody writes more.
const DEEPEST: usize = 50;
const OPERATORS: [&str; 6] = ["!=", ">=", "<=", "=", ">", "<"];

pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let mut reader = Reader { rest: text, depth: 0 };
    let condition = reader.one()?;
    match reader.next() {
        "" => Ok(condition),
        rest => Err(format!(
            "`{}` is not expected: conditions are joined by && and ||",
            first_word(rest)
        )),
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn take(&mut self, token: &str) -> bool {
        match self.next().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn one(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.take("||") {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Condition::One))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.part()?];
        while self.take("&&") {
            parts.push(self.part()?);
        }
        Ok(joined(parts, Condition::All))
    }

    fn part(&mut self) -> Result<Condition, String> {
        if self.take("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("brackets nest too deep".to_owned());
            }
            let condition = self.one()?;
            self.depth -= 1;
            return if self.take(")") {
                Ok(condition)
            } else {
                Err("a bracket is not closed".to_owned())
            };
        }
        let selector = self.selector()?;
        let test = self.test()?;
        Ok(Condition::Field(selector, test))
    }

    fn selector(&mut self) -> Result<String, String> {
        let rest = self.next();
        if !rest.starts_with('$') {
            let word = first_word(rest);
            return Err(format!(
                "a field is written $.{}",
                if word.is_empty() { "name" } else { word }
            ));
        }
        let (mut quoted, mut end, mut wildcards) = (None, rest.len(), 0);
        for (at, c) in rest.char_indices() {
            match (quoted, c) {
                (None, '\'' | '"') => quoted = Some(c),
                (Some(mark), c) if c == mark => quoted = None,
                (None, c) if c.is_whitespace() || "=!<>(){}&|,".contains(c) => {
                    end = at;
                    break;
                }
                (None, '*') => wildcards += 1,
                _ => {}
            }
        }
        let selector = &rest[..end];
        if !selector.starts_with("$.") && !selector.starts_with("$[") {
            return Err(format!("`{selector}` is no field: $.name or $[0]"));
        }
        if wildcards > 1 {
            return Err(format!(
                "`{selector}` has {wildcards} wildcards, and a field has at most one"
            ));
        }
        self.rest = &rest[end..];
        Ok(selector.to_owned())
    }

    fn test(&mut self) -> Result<Test, String> {
        for word in ["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"] {
            if self.words(word) {
                return Ok(Test::Other);
            }
        }
        let rest = self.next();
        let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) else {
            return Err(format!(
                "`{}` is no comparison: = != < <= > >=, IS NULL, NOT EXISTS",
                first_word(rest)
            ));
        };
        self.take(operator);
        if self.next().starts_with('=') {
            return Err("equality is one =".to_owned());
        }
        self.value(operator)
    }

    fn words(&mut self, words: &str) -> bool {
        let before = self.rest;
        for word in words.split(' ') {
            if !self.take(word) {
                self.rest = before;
                return false;
            }
        }
        true
    }

    fn value(&mut self, operator: &'static str) -> Result<Test, String> {
        let rest = self.next();
        let mark = rest.chars().next().filter(|c| matches!(c, '"' | '%'));
        if let Some(mark) = mark {
            let end = rest[1..]
                .find(mark)
                .ok_or_else(|| format!("the {mark} is not closed"))?;
            let text = rest[1..=end].to_owned();
            self.rest = &rest[end + 2..];
            return if mark == '%' {
                regex::check(&text).map(|()| Test::Other)
            } else {
                text_test(operator, text)
            };
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || "(){}&|,".contains(c))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(format!("a value is missing after {operator}"));
        }
        if word.contains('\'') {
            return Err("text is in double quotes, not single ones".to_owned());
        }
        self.rest = &rest[end..];
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Test::Number { operator, number }),
            _ => text_test(operator, word.to_owned()),
        }
    }
}

fn text_test(operator: &'static str, text: String) -> Result<Test, String> {
    match operator {
        "=" => Ok(Test::Text { equal: true, text }),
        "!=" => Ok(Test::Text { equal: false, text }),
        operator => Err(format!("{operator} compares numbers, and {text} is none")),
    }
}

fn joined(mut parts: Vec<Condition>, join: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

impl Condition {
    /// Why no line matches, when that can be seen: one field, two values.
    pub(in crate::lint) fn impossible(&self) -> Option<String> {
        match self {
            Self::Field(..) => None,
            Self::One(parts) => {
                let reasons: Option<Vec<String>> = parts.iter().map(Self::impossible).collect();
                reasons?.into_iter().next()
            }
            Self::All(parts) => {
                let inner = parts.iter().find_map(Self::impossible);
                let tests: Vec<(&str, &Test)> = parts.iter().filter_map(Self::field).collect();
                inner.or_else(|| contradiction(&tests))
            }
        }
    }

    /// A field and the text it is to have, when no line can match because the field never has it. `values` gives all values of
    /// a field, where they are known.
    pub(in crate::lint) fn unmatched<'a>(
        &self,
        values: &impl Fn(&str) -> Option<&'a [String]>,
    ) -> Option<(String, String)> {
        match self {
            Self::Field(field, Test::Text { equal: true, text }) if !text.contains('*') => {
                let known = values(field)?;
                (!known.contains(text)).then(|| (field.clone(), text.clone()))
            }
            Self::Field(..) => None,
            Self::One(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(|part| part.unmatched(values)).collect();
                all?.into_iter().next()
            }
            Self::All(parts) => parts.iter().find_map(|part| part.unmatched(values)),
        }
    }

    fn field(&self) -> Option<(&str, &Test)> {
        match self {
            // A wildcard in a selector tests several fields.
            Self::Field(selector, test) if !selector.contains('*') => Some((selector, test)),
            _ => None,
        }
    }
}

fn contradiction(tests: &[(&str, &Test)]) -> Option<String> {
    for (n, (field, test)) in tests.iter().enumerate() {
        for (_, other) in tests[..n].iter().filter(|(one, _)| one == field) {
            if excludes(test, other) {
                return Some(format!("{field} cannot be both"));
            }
        }
    }
    None
}

fn excludes(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Text { equal: true, text: a }, Test::Text { equal: true, text: b }) => {
            a != b && !a.contains('*') && !b.contains('*')
        }
        (Test::Text { equal: true, .. }, Test::Number { operator, .. })
        | (Test::Number { operator, .. }, Test::Text { equal: true, .. }) => *operator != "!=",
        (
            Test::Number {
                operator: a,
                number: x,
            },
            Test::Number {
                operator: b,
                number: y,
            },
        ) => {
            let (low, high) = (
                lowest(a, *x).max(lowest(b, *y)),
                highest(a, *x).min(highest(b, *y)),
            );
            let strict = [a, b].iter().any(|operator| matches!(**operator, "<" | ">"));
            low > high || (strict && low >= high)
        }
        _ => false,
    }
}

fn lowest(operator: &str, number: f64) -> f64 {
    if matches!(operator, "=" | ">" | ">=") {
        number
    } else {
        f64::NEG_INFINITY
    }
}

fn highest(operator: &str, number: f64) -> f64 {
    if matches!(operator, "=" | "<" | "<=") {
        number
    } else {
        f64::INFINITY
    }
}
