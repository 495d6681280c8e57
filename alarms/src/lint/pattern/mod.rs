//! Filter patterns of CloudWatch Logs, as far as a linter needs them: which of the three kinds a pattern is, whether it can be
//! read, and whether any line can match.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
//!
//! What does not belong here: matching lines.

mod json;
mod regex;

#[cfg(test)]
mod tests;

pub(super) use json::Condition;

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pattern {
    /// The empty pattern: every line.
    Everything,
    /// `{ $.level = "ERROR" }`: lines that are JSON.
    Json(Condition),
    /// `[ip, user, status=4*]`: lines of fields between blanks; names of the fields.
    Columns(Vec<Column>),
    /// `ERROR -debug ?warn`: words.
    Terms(Vec<Term>),
}

/// A field between blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) has_condition: bool,
}

/// A word of a pattern for text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) sign: Sign,
    pub(super) text: String,
}

/// What a term is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Every line has it.
    Needed,
    /// `?`: every line has one of these.
    Optional,
    /// `-`: no line has it.
    Excluded,
}

pub(super) fn parse(text: &str) -> Result<Pattern, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Pattern::Everything);
    }
    if let Some(rest) = text.strip_prefix('{') {
        let inside = rest.strip_suffix('}').ok_or("a pattern for JSON ends with }")?;
        return json::parse(inside).map(Pattern::Json);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let inside = rest.strip_suffix(']').ok_or("a pattern of fields ends with ]")?;
        return columns(inside).map(Pattern::Columns);
    }
    terms(text).map(Pattern::Terms)
}

fn columns(inside: &str) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    let (mut from, mut quoted) = (0, false);
    let ends = inside.char_indices().chain([(inside.len(), ',')]);
    for (at, c) in ends {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted || at == inside.len() => {
                columns.push(column(&inside[from..at])?);
                from = at + 1;
            }
            _ => {}
        }
    }
    Ok(columns)
}

const OPERATORS: &[char] = &['=', '!', '<', '>'];

fn column(text: &str) -> Result<Column, String> {
    let text = text.trim();
    let end = text.find(OPERATORS);
    if let Some(end) = end
        && let Some(rest) = after_value(&text[end..])
        && !rest.starts_with("&&")
        && !rest.starts_with("||")
        && rest.contains(OPERATORS)
    {
        return Err(format!(
            "`{rest}` is not expected: conditions of a field are joined by && and ||"
        ));
    }
    Ok(Column {
        name: text[..end.unwrap_or(text.len())].trim().to_owned(),
        has_condition: end.is_some(),
    })
}

/// What follows the first value of a condition; none when a quote is not closed.
fn after_value(condition: &str) -> Option<&str> {
    let value = condition.trim_start_matches(OPERATORS).trim_start();
    let rest = match value.chars().next() {
        Some(mark @ ('"' | '%')) => {
            let end = value[1..].find(mark)?;
            &value[end + 2..]
        }
        _ => {
            let end = value.find(|c: char| c.is_whitespace() || "&|".contains(c));
            &value[end.unwrap_or(value.len())..]
        }
    };
    Some(rest.trim_start())
}

/// Characters that CloudWatch Logs refuses in a term that is not quoted.
const NEEDS_QUOTES: &[char] = &[
    ':', '/', '[', ']', '(', ')', '{', '}', '=', '<', '>', ',', ';', '\'', '&', '|',
];

fn terms(text: &str) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (sign, after) = match rest.chars().next() {
            Some('?') => (Sign::Optional, &rest[1..]),
            Some('-') => (Sign::Excluded, &rest[1..]),
            _ => (Sign::Needed, rest),
        };
        let (text, after) = match after.chars().next() {
            Some(mark @ ('"' | '%')) => {
                let end = after[1..]
                    .find(mark)
                    .ok_or_else(|| format!("the {mark} is not closed"))?;
                if mark == '%' {
                    regex::check(&after[1..=end])?;
                }
                (&after[1..=end], &after[end + 2..])
            }
            _ => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                let word = &after[..end];
                if let Some(odd) = word.chars().find(|c| NEEDS_QUOTES.contains(c)) {
                    return Err(format!(
                        "a term with {odd} is written in double quotes: \"{word}\""
                    ));
                }
                (word, &after[end..])
            }
        };
        terms.push(Term {
            sign,
            text: text.to_owned(),
        });
        rest = after.trim_start();
    }
    Ok(terms)
}
