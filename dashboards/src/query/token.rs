//! Words and signs of a query.

use super::NotUnderstood;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a number, a keyword.
    Word(String),
    /// Text in quotes.
    Text(String),
    /// Text between slashes, without what makes it a pattern.
    Literal(String),
    /// `=`, `!=`, `(`, ...
    Sign(&'static str),
}

const SIGNS: [&str; 15] = [
    "!=", "<=", ">=", "=~", "=", "<", ">", "(", ")", "[", "]", ",", "|", "*", "+",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, NotUnderstood> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, behind) = match first {
            '"' | '\'' | '`' => quoted(&rest[1..], first)?,
            '/' => pattern(&rest[1..])?,
            _ if is_word(first) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), &rest[end..])
            }
            _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
                Some(sign) => (Token::Sign(sign), &rest[sign.len()..]),
                None => return Err(NotUnderstood(format!("`{first}`"))),
            },
        };
        found.push(token);
        rest = behind.trim_start();
    }
    Ok(found)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | ':' | '$')
}

/// Back quotes are around names, the others around text.
fn quoted(rest: &str, quote: char) -> Result<(Token, &str), NotUnderstood> {
    let mut text = String::new();
    let mut escaped = false;
    for (place, c) in rest.char_indices() {
        match c {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == quote => {
                let token = if quote == '`' {
                    Token::Word(text)
                } else {
                    Token::Text(text)
                };
                return Ok((token, &rest[place + c.len_utf8()..]));
            }
            _ => text.push(c),
        }
    }
    Err(NotUnderstood(format!("{quote} without its end")))
}

fn pattern(rest: &str) -> Result<(Token, &str), NotUnderstood> {
    let (inner, behind) = rest
        .split_once('/')
        .ok_or_else(|| NotUnderstood("/ without its end".to_owned()))?;
    if inner.contains(['\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', '{']) {
        return Err(NotUnderstood(format!("the regular expression /{inner}/")));
    }
    Ok((Token::Literal(inner.to_owned()), behind))
}
