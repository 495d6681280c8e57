//! From text to a rule. Names are read by character: without quotes they hold anything but blanks, round brackets, commas.

use super::{AlarmRule, AtLeast, DEEPEST_NESTING, LONGEST_RULE, Least, MOST_CHILDREN, MOST_ELEMENTS};
use crate::model::StateValue;

/// A rule that CloudWatch would refuse, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at character {at}")]
pub struct RuleTextError {
    /// In characters from 1.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a rule.
///
/// ```
/// use alarms::model::alarm_rule::parse;
///
/// let rule = parse("ALARM(cpu) AND NOT ALARM(\"in maintenance\")")?;
/// assert_eq!(rule.children().len(), 2);
/// assert_eq!(parse("ALARM(cpu) AND").unwrap_err().to_string(),
///     "expected a condition, found the end, at character 15");
/// # Ok::<(), alarms::model::alarm_rule::RuleTextError>(())
/// ```
///
/// # Errors
/// It is not a rule, or breaks a limit.
pub fn parse(text: &str) -> Result<AlarmRule, RuleTextError> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        next: 0,
        depth: 0,
        elements: 0,
    };
    if parser.chars.len() > LONGEST_RULE {
        let message = format!(
            "a rule has at most {LONGEST_RULE} characters, this one {}",
            parser.chars.len()
        );
        return Err(RuleTextError {
            at: LONGEST_RULE + 1,
            message,
        });
    }
    let rule = parser.or()?;
    parser.skip_blanks();
    if parser.next < parser.chars.len() {
        return Err(parser.expected("AND, OR or the end"));
    }
    if parser.elements > MOST_ELEMENTS {
        let message = format!(
            "a rule has at most {MOST_ELEMENTS} elements, this one {}",
            parser.elements
        );
        return Err(RuleTextError { at: 1, message });
    }
    match rule.children().len() {
        children if children > MOST_CHILDREN => {
            let message = format!("a rule watches at most {MOST_CHILDREN} alarms, this one {children}");
            Err(RuleTextError { at: 1, message })
        }
        _ => Ok(rule),
    }
}

struct Parser {
    chars: Vec<char>,
    next: usize,
    depth: usize,
    elements: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.next).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
    }

    /// The word at the current place, which stays there.
    fn word(&self) -> String {
        let rest = &self.chars[self.next.min(self.chars.len())..];
        rest.iter()
            .take_while(|c| c.is_ascii_alphabetic() || **c == '_')
            .collect()
    }

    fn expected(&self, what: &str) -> RuleTextError {
        let found = match (self.word(), self.peek()) {
            (_, None) => "the end".to_owned(),
            (word, Some(c)) if word.is_empty() => format!("`{c}`"),
            (word, _) => format!("`{word}`"),
        };
        RuleTextError {
            at: self.next + 1,
            message: format!("expected {what}, found {found}"),
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), RuleTextError> {
        self.skip_blanks();
        if self.peek() != Some(sign) {
            return Err(self.expected(&format!("`{sign}`")));
        }
        self.next += 1;
        Ok(())
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        let found = self.word() == keyword;
        if found {
            self.next += keyword.len();
        }
        found
    }

    fn or(&mut self) -> Result<AlarmRule, RuleTextError> {
        let mut parts = vec![self.and()?];
        while self.keyword("OR") {
            parts.push(self.and()?);
        }
        Ok(single(parts, AlarmRule::Or))
    }

    fn and(&mut self) -> Result<AlarmRule, RuleTextError> {
        let mut parts = vec![self.condition()?];
        while self.keyword("AND") {
            parts.push(self.condition()?);
        }
        Ok(single(parts, AlarmRule::And))
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<AlarmRule, RuleTextError>,
    ) -> Result<AlarmRule, RuleTextError> {
        if self.depth == DEEPEST_NESTING {
            let message = format!("parentheses and NOT nest at most {DEEPEST_NESTING} deep");
            return Err(RuleTextError {
                at: self.next + 1,
                message,
            });
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn condition(&mut self) -> Result<AlarmRule, RuleTextError> {
        self.skip_blanks();
        if self.peek() == Some('(') {
            self.next += 1;
            self.elements += 1;
            let inner = self.deeper(Self::or)?;
            self.sign(')')?;
            return Ok(inner);
        }
        let (word, start) = (self.word(), self.next);
        self.next += word.len();
        let constant = |parser: &mut Self, value| {
            parser.elements += 1;
            Ok(AlarmRule::Constant(value))
        };
        // The user guide writes `FALSE` in the grammar and `False` in its advice on breaking a cycle.
        match word.as_str() {
            "NOT" => self
                .deeper(Self::condition)
                .map(|inner| AlarmRule::Not(Box::new(inner))),
            "AT_LEAST" => self.at_least(),
            _ if word.eq_ignore_ascii_case("TRUE") => constant(self, true),
            _ if word.eq_ignore_ascii_case("FALSE") => constant(self, false),
            _ => {
                let Ok(state) = word.parse::<StateValue>() else {
                    self.next = start;
                    return Err(self.expected("a condition"));
                };
                self.sign('(')?;
                let alarm = self.name()?;
                self.sign(')')?;
                self.elements += 1;
                Ok(AlarmRule::InState(state, alarm))
            }
        }
    }

    fn at_least(&mut self) -> Result<AlarmRule, RuleTextError> {
        self.sign('(')?;
        let (least, least_at) = self.least()?;
        self.sign(',')?;
        let negated = self.keyword("NOT");
        self.skip_blanks();
        let Ok(state) = self.word().parse::<StateValue>() else {
            return Err(self.expected("a state (ALARM, OK, INSUFFICIENT_DATA)"));
        };
        self.next += state.as_str().len();
        self.sign(',')?;
        self.sign('(')?;
        let mut alarms = vec![self.name()?];
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(',') => self.next += 1,
                Some(')') => break,
                _ => return Err(self.expected("`,` or `)`")),
            }
            alarms.push(self.name()?);
        }
        self.sign(')')?;
        self.sign(')')?;
        self.elements += alarms.len();
        match least {
            Least::Count(count) if count as usize > alarms.len() => {
                let message = format!("AT_LEAST asks for {count} of {} alarms", alarms.len());
                Err(RuleTextError {
                    at: least_at,
                    message,
                })
            }
            least => Ok(AlarmRule::AtLeast(AtLeast {
                least,
                negated,
                state,
                alarms,
            })),
        }
    }

    /// A count from 1, or a percentage up to 100, which may be in quotes.
    fn least(&mut self) -> Result<(Least, usize), RuleTextError> {
        const WHAT: &str = "a count from 1, or a percentage up to 100%";
        self.skip_blanks();
        let start = self.next;
        let text: String = self.chars[start..]
            .iter()
            .take_while(|c| !matches!(c, ',' | ')'))
            .collect();
        let bare = text.trim().trim_matches('"');
        let plain = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let least = match bare.strip_suffix('%') {
            Some(number) if plain(number) => number
                .parse()
                .ok()
                .filter(|p| *p > 0.0 && *p <= 100.0)
                .map(Least::Percent),
            None if plain(bare) => bare.parse().ok().filter(|count| *count > 0).map(Least::Count),
            _ => None,
        };
        let least = least.ok_or_else(|| self.expected(WHAT))?;
        self.next += text.chars().count();
        Ok((least, start + 1))
    }

    /// A name or ARN, in quotes or not.
    fn name(&mut self) -> Result<String, RuleTextError> {
        self.skip_blanks();
        let start = self.next;
        if self.peek() == Some('"') {
            self.next += 1;
            return self.quoted(start);
        }
        let plain = |c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | ',');
        while self.peek().is_some_and(plain) {
            self.next += 1;
        }
        if self.next == start {
            return Err(self.expected("the name or ARN of an alarm"));
        }
        Ok(self.chars[start..self.next].iter().collect())
    }

    fn quoted(&mut self, start: usize) -> Result<String, RuleTextError> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            self.next += 1;
            match c {
                '"' if name.is_empty() => {
                    return Err(RuleTextError {
                        at: start + 1,
                        message: "the name is empty".to_owned(),
                    });
                }
                '"' => return Ok(name),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => {
                    name.extend(self.peek());
                    self.next += 1;
                }
                c => name.push(c),
            }
        }
        Err(RuleTextError {
            at: start + 1,
            message: "the quote is not closed".to_owned(),
        })
    }
}

fn single(mut parts: Vec<AlarmRule>, join: impl FnOnce(Vec<AlarmRule>) -> AlarmRule) -> AlarmRule {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
