//! What must be true of a command's answer.

use std::fmt;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::Val;
use regex::Regex;

/// What must be true.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// `exit 0`.
    Exit(i32),
    /// ``contains `text` ``.
    Contains(String),
    /// ``lacks `text` ``.
    Lacks(String),
    /// ``matches `regular expression` ``, in any line.
    Matches(Regex),
    /// ``jq `expression` ``: the answer is JSON, and the expression's last value is neither false nor null.
    Jq(String),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code.
    pub exit: i32,
    /// What it printed on standard output.
    pub output: String,
}

/// Why a line is no expectation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectationError {
    /// Unknown words.
    #[error("`{0}` is no expectation; they are: exit 0, contains `…`, lacks `…`, matches `…`, jq `…`")]
    Unknown(String),
    /// An exit code that is none.
    #[error("`{0}` is no exit code")]
    Exit(String),
    /// A regular expression that is none.
    #[error("`{expression}` is no regular expression: {why}")]
    Regex {
        /// What stands there.
        expression: String,
        /// Why.
        why: String,
    },
    /// A jq expression that is none.
    #[error("`{0}` is no expression of jq")]
    Jq(String),
}

impl Expectation {
    /// Reads one.
    ///
    /// ```
    /// use runbooks::expectation::{Answer, Expectation};
    ///
    /// let expectation = Expectation::read("jq `.queues | length == 0`")?;
    /// assert!(expectation.holds(&Answer { exit: 0, output: r#"{"queues": []}"#.to_owned() }));
    /// assert_eq!(Expectation::read("is fine").unwrap_err().to_string(),
    ///     "`is fine` is no expectation; they are: exit 0, contains `…`, lacks `…`, matches `…`, jq `…`");
    /// # Ok::<(), runbooks::expectation::ExpectationError>(())
    /// ```
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, ExpectationError> {
        let unknown = || ExpectationError::Unknown(text.to_owned());
        let (kind, value) = text.split_once(' ').ok_or_else(unknown)?;
        let value = value.trim();
        if kind == "exit" {
            return value
                .parse()
                .map(Self::Exit)
                .map_err(|_| ExpectationError::Exit(value.to_owned()));
        }
        let value = value
            .strip_prefix('`')
            .and_then(|value| value.strip_suffix('`'))
            .ok_or_else(unknown)?;
        match kind {
            "contains" => Ok(Self::Contains(value.to_owned())),
            "lacks" => Ok(Self::Lacks(value.to_owned())),
            "matches" => Regex::new(&format!("(?m){value}"))
                .map(Self::Matches)
                .map_err(|error| ExpectationError::Regex {
                    expression: value.to_owned(),
                    why: error.to_string(),
                }),
            "jq" => match jq(value, Val::default()) {
                Err(JqError::Expression) => Err(ExpectationError::Jq(value.to_owned())),
                _ => Ok(Self::Jq(value.to_owned())),
            },
            _ => Err(unknown()),
        }
    }

    /// Is it true of whatever is answered? Such a one tells nothing. Of jq it is tried on values of every sort: one that fails on
    /// `null`, say, can fail.
    #[must_use]
    pub fn always_holds(&self) -> bool {
        match self {
            Self::Exit(_) | Self::Lacks(_) => false,
            Self::Contains(text) => text.is_empty(),
            Self::Matches(regex) => ["", "x", "0 a\n-"].iter().all(|text| regex.is_match(text)),
            Self::Jq(_) => ANSWERS.iter().all(|answer| {
                self.holds(&Answer {
                    exit: 0,
                    output: (*answer).to_owned(),
                })
            }),
        }
    }

    /// Is it true of an answer?
    #[must_use]
    pub fn holds(&self, answer: &Answer) -> bool {
        match self {
            Self::Exit(code) => answer.exit == *code,
            Self::Contains(text) => answer.output.contains(text),
            Self::Lacks(text) => !answer.output.contains(text),
            Self::Matches(regex) => regex.is_match(&answer.output),
            Self::Jq(expression) => jaq_json::read::parse_single(answer.output.as_bytes())
                .ok()
                .and_then(|json| jq(expression, json).ok())
                .unwrap_or(false),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Contains(text) => write!(f, "contains `{text}`"),
            Self::Lacks(text) => write!(f, "lacks `{text}`"),
            Self::Matches(regex) => write!(f, "matches `{}`", regex.as_str().trim_start_matches("(?m)")),
            Self::Jq(expression) => write!(f, "jq `{expression}`"),
        }
    }
}

/// Answers of every sort, as JSON.
const ANSWERS: [&str; 6] = ["null", "0", "-1", "\"x\"", "[]", "{}"];

/// Can jq read it? Functions that it does not know are not looked at: jq has some that the interpreter here has not.
#[must_use]
pub(crate) fn is_filter(expression: &str) -> bool {
    let arena = Arena::default();
    let file = File {
        code: expression,
        path: (),
    };
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    Loader::new(definitions).load(&arena, file).is_ok()
}

enum JqError {
    Expression,
    Value,
}

/// Is the last value of the expression true?
fn jq(expression: &str, input: Val) -> Result<bool, JqError> {
    let arena = Arena::default();
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let file = File {
        code: expression,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, file)
        .map_err(|_| JqError::Expression)?;
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let filter = Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|_| JqError::Expression)?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut last = None;
    for value in filter.id.run((context, input)).map(unwrap_valr) {
        last = Some(value.map_err(|_| JqError::Value)?);
    }
    Ok(last.is_some_and(|value| !matches!(value, Val::Null | Val::Bool(false))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expectation: &str, exit: i32, output: &str, expected: bool) {
        let read = Expectation::read(expectation).unwrap();
        let answer = Answer {
            exit,
            output: output.to_owned(),
        };
        assert_eq!(read.holds(&answer), expected, "{expectation}");
        assert_eq!(read.to_string(), expectation);
    }

    #[test]
    fn each_sort_is_judged() {
        check("exit 0", 0, "", true);
        check("exit 1", 0, "", false);
        check("contains `a b`", 0, "xa bx", true);
        check("lacks `a`", 0, "b", true);
        check("lacks `a`", 0, "a", false);
        check("matches `^[0-9]+ messages$`", 0, "queue\n12 messages\n", true);
        check("matches `^x`", 0, "yx", false);
        check("jq `.a > 1`", 0, r#"{"a": 2}"#, true);
        check("jq `.a > 1`", 0, r#"{"a": 1}"#, false);
        check(
            "jq `[.[] | select(.state == \"ALARM\")] | length == 0`",
            0,
            r#"[{"state": "OK"}]"#,
            true,
        );
        check("jq `.a`", 0, "no JSON", false);
        check("jq `.a.b`", 0, r#"{"a": 1}"#, false);
    }

    #[test]
    fn one_that_can_never_fail_is_known() {
        for (text, expected) in [
            ("jq `true`", true),
            ("jq `. == .`", true),
            ("jq `length >= 0`", true),
            ("jq `1`", true),
            ("jq `. >= 0`", false),
            ("jq `.orders >= 0`", false),
            ("jq `type == \"array\"`", false),
            ("jq `has(\"a\")`", false),
            ("matches `.*`", true),
            ("matches `^[0-9]`", false),
            ("contains ``", true),
            ("contains `a`", false),
            ("lacks `a`", false),
            ("exit 0", false),
        ] {
            assert_eq!(
                Expectation::read(text).unwrap().always_holds(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, expected) in [
            ("exit x", "`x` is no exit code"),
            ("contains a", "`contains a` is no expectation"),
            ("matches `(`", "`(` is no regular expression"),
            ("jq `.[`", "`.[` is no expression of jq"),
            ("jq `nonsense(1)`", "`nonsense(1)` is no expression of jq"),
            ("", "`` is no expectation"),
        ] {
            let error = Expectation::read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
