//! From text to a search: recursive descent, bounded in depth.

use std::str::FromStr;

use super::tokens::Partial;
use super::{LONGEST_SEARCH, Schema, Search, SearchError, Term, Text};

/// How deep brackets and NOT may nest. CloudWatch names no limit; nobody writes more, and the stack is finite.
const DEEPEST: usize = 32;

impl FromStr for Search {
    type Err = SearchError;

    /// # Errors
    /// It is too long, empty, or its signs do not fit together.
    fn from_str(text: &str) -> Result<Self, SearchError> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > LONGEST_SEARCH {
            let message = format!(
                "it has {} characters, and {LONGEST_SEARCH} are the most",
                chars.len()
            );
            return Err(SearchError {
                at: LONGEST_SEARCH + 1,
                message,
            });
        }
        let mut reader = Reader {
            chars: &chars,
            at: 0,
            depth: 0,
        };
        let schema = reader.schema()?;
        // The user guide writes a comma behind the schema in some of its examples.
        if schema.is_some() {
            reader.sign(',');
        }
        reader.space();
        let term = if reader.peek().is_none() {
            None
        } else {
            Some(reader.any(None)?)
        };
        if let Some(left) = reader.peek() {
            return reader.fail(format!("`{left}` without its beginning"));
        }
        if schema.is_none() && term.is_none() {
            return reader
                .fail("it looks for nothing: give {Namespace, Dimension}, words, or both".to_owned());
        }
        Ok(Self { schema, term })
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

/// A word, and whether it was in quotes.
struct Word {
    text: String,
    is_quoted: bool,
}

impl Reader<'_> {
    fn fail<T>(&self, message: String) -> Result<T, SearchError> {
        let at = self.at + 1;
        Err(SearchError { at, message })
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Whether this sign comes, which is then read.
    fn sign(&mut self, sign: char) -> bool {
        self.space();
        let comes = self.peek() == Some(sign);
        self.at += usize::from(comes);
        comes
    }

    /// `{Namespace, Dimension, "Other Dimension"}`
    fn schema(&mut self) -> Result<Option<Schema>, SearchError> {
        if !self.sign('{') {
            return Ok(None);
        }
        let mut names = Vec::new();
        loop {
            self.space();
            names.push(match self.peek() {
                Some('"') => self.quoted()?,
                _ => self.until(&[',', '}', '{', '"']),
            });
            if names.last().is_none_or(String::is_empty) {
                return self.fail("a namespace or the name of a dimension is missing".to_owned());
            }
            if self.sign('}') {
                break;
            }
            if !self.sign(',') {
                return self.fail("`,` or `}` is expected".to_owned());
            }
        }
        let namespace = names.remove(0);
        names.sort_unstable();
        Ok(Some(Schema {
            namespace,
            dimensions: names,
        }))
    }

    /// Terms with OR between them. `property` is that of a group: `FunctionName=(a OR b)`.
    fn any(&mut self, property: Option<&str>) -> Result<Term, SearchError> {
        let mut terms = vec![self.all(property)?];
        while self.keyword("OR") {
            terms.push(self.all(property)?);
        }
        Ok(if terms.len() == 1 {
            terms.swap_remove(0)
        } else {
            Term::Any(terms)
        })
    }

    /// Terms with AND between them, or nothing.
    fn all(&mut self, property: Option<&str>) -> Result<Term, SearchError> {
        let mut terms = vec![self.one(property)?];
        loop {
            let wants_more = self.keyword("AND");
            self.space();
            let ends = matches!(self.peek(), None | Some(')')) || self.comes("OR");
            if ends && !wants_more {
                break;
            }
            terms.push(self.one(property)?);
        }
        Ok(if terms.len() == 1 {
            terms.swap_remove(0)
        } else {
            Term::All(terms)
        })
    }

    fn one(&mut self, property: Option<&str>) -> Result<Term, SearchError> {
        self.space();
        if self.depth >= DEEPEST {
            return self.fail(format!("brackets and NOT nest more than {DEEPEST} deep"));
        }
        self.depth += 1;
        let term = if self.keyword("NOT") {
            Term::Not(Box::new(self.one(property)?))
        } else if self.sign('(') {
            self.group(property)?
        } else {
            self.words(property)?
        };
        self.depth -= 1;
        Ok(term)
    }

    /// Behind its bracket.
    fn group(&mut self, property: Option<&str>) -> Result<Term, SearchError> {
        let inner = self.any(property)?;
        if !self.sign(')') {
            return self.fail("`)` is missing".to_owned());
        }
        Ok(inner)
    }

    /// `word`, `"words"`, `Property=word`, `Property="words"`, `Property=(word OR word)`.
    fn words(&mut self, property: Option<&str>) -> Result<Term, SearchError> {
        let first = self.word()?;
        if !self.sign('=') {
            return self.text(property, first);
        }
        if first.text == ":aws.AccountId" {
            return self.fail("metrics of other accounts are only known to CloudWatch".to_owned());
        }
        if self.sign('(') {
            return self.group(Some(&first.text));
        }
        let value = self.word()?;
        self.text(Some(&first.text), value)
    }

    fn text(&self, property: Option<&str>, word: Word) -> Result<Term, SearchError> {
        let text = if word.is_quoted {
            Text::Exact(word.text)
        } else {
            match Partial::new(&word.text) {
                Some(partial) => Text::Partial(partial),
                None => return self.fail(format!("`{}` has neither letter nor digit", word.text)),
            }
        };
        Ok(Term::Text {
            property: property.map(str::to_owned),
            text,
        })
    }

    fn word(&mut self) -> Result<Word, SearchError> {
        self.space();
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            let is_quoted = true;
            return Ok(Word { text, is_quoted });
        }
        let text = self.until(&['"', '(', ')', '=', '{', '}']);
        if text.is_empty() {
            return match self.peek() {
                Some(found) => self.fail(format!("a word is expected, not `{found}`")),
                None => self.fail("a word is expected, not the end".to_owned()),
            };
        }
        let is_quoted = false;
        Ok(Word { text, is_quoted })
    }

    /// What comes before these signs and before white space.
    fn until(&mut self, signs: &[char]) -> String {
        let rest = self.chars[self.at..].iter();
        let text: String = rest
            .take_while(|c| !c.is_whitespace() && !signs.contains(c))
            .collect();
        self.at += text.chars().count();
        text
    }

    /// Between double quotes; a backslash takes the meaning from `"`, `\`, `(`, `)`.
    fn quoted(&mut self) -> Result<String, SearchError> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(escaped) => {
                        text.push(escaped);
                        self.at += 1;
                    }
                    None => break,
                },
                _ => text.push(c),
            }
        }
        self.at = begin;
        self.fail("the quote is not closed".to_owned())
    }

    /// Whether this operator comes, which has its case.
    fn comes(&self, keyword: &str) -> bool {
        let rest = &self.chars[self.at..];
        let length = keyword.chars().count();
        let ends = |c: &char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
        keyword.chars().eq(rest.iter().copied().take(length)) && rest.get(length).is_none_or(ends)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.space();
        let comes = self.comes(keyword);
        self.at += if comes { keyword.chars().count() } else { 0 };
        comes
    }
}
