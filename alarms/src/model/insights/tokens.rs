//! Words, names and signs of a query, with their places.

use super::QueryError;
use crate::model::scan;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a name, a number.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A value in single quotes.
    Value(String),
    /// `(`, `)`, `,`, `=`, `!=`.
    Sign(&'static str),
    End,
}

impl Token {
    /// For an error.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Name(name) => format!("`\"{name}\"`"),
            Self::Value(value) => format!("`'{value}'`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

const SIGNS: [&str; 5] = ["!=", "=", "(", ")", ","];

/// All tokens, each with its place in characters from 1; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, QueryError> {
    scan::tokens(text, Token::End, token)
}

/// The token at the start of `chars`, which is not empty, and its length.
fn token(chars: &[char], at: usize) -> Result<(Token, usize), QueryError> {
    let first = chars[0];
    if is_word(first) {
        let word: String = chars.iter().take_while(|c| is_word(**c)).collect();
        let length = word.chars().count();
        return Ok((Token::Word(word), length));
    }
    if matches!(first, '"' | '\'') {
        return quoted(chars, at);
    }
    let rest: String = chars.iter().take(2).collect();
    match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None if matches!(first, '/' | '-' | ':' | '#' | '.') => {
            let message = format!("names with `{first}` are put in double quotes");
            Err(QueryError { at, message })
        }
        None => {
            let message = format!("`{first}` is not part of a query");
            Err(QueryError { at, message })
        }
    }
}

/// Names need quotes when they have anything else (user guide, "What needs quotation marks or escape characters?").
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A backslash takes the meaning from a quote.
fn quoted(chars: &[char], at: usize) -> Result<(Token, usize), QueryError> {
    let quote = chars[0];
    let mut text = String::new();
    let mut place = 1;
    while let Some(&c) = chars.get(place) {
        place += 1;
        match (c, chars.get(place)) {
            ('\\', Some(&escaped @ ('"' | '\'' | '\\'))) => {
                text.push(escaped);
                place += 1;
            }
            _ if c == quote => {
                let token = if quote == '"' {
                    Token::Name(text)
                } else {
                    Token::Value(text)
                };
                return Ok((token, place));
            }
            _ => text.push(c),
        }
    }
    let message = "the quote is not closed".to_owned();
    Err(QueryError { at, message })
}
