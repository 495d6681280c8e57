//! From text to tokens with places.

use super::{ExpressionError, LONGEST_EXPRESSION};
use crate::model::scan;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Text(String),
    /// An operator, bracket or comma.
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",",
];

/// All tokens, each with its place in characters from 1; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ExpressionError> {
    let length = text.chars().count();
    if length > LONGEST_EXPRESSION {
        let message = format!("an expression has at most {LONGEST_EXPRESSION} characters, this one {length}");
        return Err(ExpressionError::new(LONGEST_EXPRESSION + 1, message));
    }
    scan::tokens(text, Token::End, token)
}

/// The token at the start of `chars`, which is not empty, and its length.
fn token(chars: &[char], at: usize) -> Result<(Token, usize), ExpressionError> {
    let first = chars[0];
    if first.is_ascii_digit() || first == '.' {
        return number(chars, at);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let name: String = chars
            .iter()
            .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
            .collect();
        let length = name.len();
        return Ok((Token::Name(name), length));
    }
    if first == '"' || first == '\'' {
        let inside: String = chars[1..].iter().take_while(|c| **c != first).collect();
        let length = inside.chars().count() + 2;
        if chars.len() < length {
            return Err(ExpressionError::new(at, "the quote is not closed"));
        }
        return Ok((Token::Text(inside), length));
    }
    let starts_with =
        |sign: &&&str| chars.len() >= sign.len() && sign.chars().zip(chars).all(|(s, c)| s == *c);
    match SIGNS.iter().find(starts_with) {
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None if matches!(first, '=' | '!' | '&' | '|') => Err(ExpressionError::new(
            at,
            format!("`{first}` alone is not an operator; known are == != && ||"),
        )),
        None => Err(ExpressionError::new(
            at,
            format!("`{first}` is not part of metric math"),
        )),
    }
}

fn number(chars: &[char], at: usize) -> Result<(Token, usize), ExpressionError> {
    let digits = |from: usize| chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut length = digits(0);
    if chars.get(length) == Some(&'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(chars.get(length), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(length + 1), Some('+' | '-')));
        let exponent = digits((length + 1 + sign).min(chars.len()));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let text: String = chars[..length].iter().collect();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err(ExpressionError::new(at, format!("`{text}` is not a number"))),
    }
}
