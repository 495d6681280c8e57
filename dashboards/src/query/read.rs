//! From text to a query.

use super::condition::{Condition, Sign};
use super::token::{Token, tokens};
use super::{Aggregate, Function, NotUnderstood, Query, Step};

/// Log groups and the rest of a widget's query, which is what StartQuery takes.
#[must_use]
pub fn split(query: &str) -> (Vec<String>, &str) {
    let mut groups = Vec::new();
    let mut rest = query.trim_start();
    while let Some(after) = source(rest) {
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            break;
        };
        let Some((group, behind)) = after[1..].split_once(quote) else {
            break;
        };
        groups.push(group.to_owned());
        rest = behind.trim_start().trim_start_matches('|').trim_start();
    }
    (groups, rest)
}

fn source(text: &str) -> Option<&str> {
    let word = text.get(..6).filter(|word| word.eq_ignore_ascii_case("source"))?;
    Some(text[word.len()..].trim_start())
}

impl Query {
    /// Reads a widget's query.
    ///
    /// # Errors
    /// A part of it is not among what is understood here.
    pub fn read(text: &str) -> Result<Self, NotUnderstood> {
        let (groups, rest) = split(text);
        let all = tokens(rest)?;
        let mut steps = Vec::new();
        for part in all
            .split(|token| *token == Token::Sign("|"))
            .filter(|part| !part.is_empty())
        {
            let mut reader = Reader { tokens: part, at: 0 };
            steps.push(reader.step()?);
            if let Some(token) = reader.peek() {
                return Err(NotUnderstood(format!("{token:?}")));
            }
        }
        Ok(Self { groups, steps })
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn word(&mut self) -> Result<&'a str, NotUnderstood> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(NotUnderstood(format!("{other:?} where a name is expected"))),
        }
    }

    /// Whether this keyword comes, which is then read.
    fn keyword(&mut self, keyword: &str) -> bool {
        let comes = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(comes);
        comes
    }

    fn sign(&mut self, sign: &'static str) -> bool {
        let comes = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(comes);
        comes
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), NotUnderstood> {
        if self.sign(sign) {
            return Ok(());
        }
        Err(NotUnderstood(format!(
            "{:?} where {sign} is expected",
            self.peek()
        )))
    }

    fn step(&mut self) -> Result<Step, NotUnderstood> {
        let command = self.word()?.to_ascii_lowercase();
        match command.as_str() {
            "fields" | "display" => self.names().map(Step::Fields),
            "filter" => self.either().map(Step::Filter),
            "sort" => {
                let field = self.word()?.to_owned();
                let descending = self.keyword("desc");
                let _ascending_is_the_default = !descending && self.keyword("asc");
                Ok(Step::Sort { field, descending })
            }
            "limit" => {
                let number = self.word()?;
                let limit = number
                    .parse()
                    .map_err(|_| NotUnderstood(format!("limit {number}")))?;
                Ok(Step::Limit(limit))
            }
            "stats" => self.stats(),
            other => Err(NotUnderstood(format!("the command {other}"))),
        }
    }

    fn names(&mut self) -> Result<Vec<String>, NotUnderstood> {
        let mut names = vec![self.word()?.to_owned()];
        while self.sign(",") {
            names.push(self.word()?.to_owned());
        }
        Ok(names)
    }

    /// Fields, and `bin(5m)`.
    fn groups(&mut self) -> Result<Vec<String>, NotUnderstood> {
        let mut names = Vec::new();
        loop {
            let name = self.word()?;
            if name.eq_ignore_ascii_case("bin") && self.sign("(") {
                let length = self.word()?;
                self.expect(")")?;
                bin(length)?;
                names.push(format!("bin({length})"));
            } else {
                names.push(name.to_owned());
            }
            if !self.sign(",") {
                return Ok(names);
            }
        }
    }

    fn stats(&mut self) -> Result<Step, NotUnderstood> {
        let mut aggregates = vec![self.aggregate()?];
        while self.sign(",") {
            aggregates.push(self.aggregate()?);
        }
        let by = if self.keyword("by") {
            self.groups()?
        } else {
            Vec::new()
        };
        Ok(Step::Stats { aggregates, by })
    }

    fn aggregate(&mut self) -> Result<Aggregate, NotUnderstood> {
        let word = self.word()?;
        let function = match word.to_ascii_lowercase().as_str() {
            "count" => Function::Count,
            "count_distinct" => Function::CountDistinct,
            "sum" => Function::Sum,
            "avg" => Function::Avg,
            "min" => Function::Min,
            "max" => Function::Max,
            "earliest" => Function::Earliest,
            "latest" => Function::Latest,
            other => return Err(NotUnderstood(format!("the function {other}"))),
        };
        self.expect("(")?;
        let field = match self.peek() {
            Some(Token::Sign("*")) => {
                self.at += 1;
                "*".to_owned()
            }
            Some(Token::Sign(")")) => "*".to_owned(),
            _ => self.word()?.to_owned(),
        };
        self.expect(")")?;
        let name = if self.keyword("as") {
            self.word()?.to_owned()
        } else {
            format!("{word}({field})")
        };
        Ok(Aggregate {
            function,
            field,
            name,
        })
    }

    fn either(&mut self) -> Result<Condition, NotUnderstood> {
        let mut all = vec![self.both()?];
        while self.keyword("or") {
            all.push(self.both()?);
        }
        Ok(Condition::Any(all))
    }

    fn both(&mut self) -> Result<Condition, NotUnderstood> {
        let mut all = vec![self.one()?];
        while self.keyword("and") {
            all.push(self.one()?);
        }
        Ok(Condition::All(all))
    }

    fn one(&mut self) -> Result<Condition, NotUnderstood> {
        if self.keyword("not") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.keyword("ispresent") {
            self.expect("(")?;
            let field = self.word()?.to_owned();
            self.expect(")")?;
            return Ok(Condition::Present(field));
        }
        let field = self.word()?.to_owned();
        let negated = self.keyword("not");
        let condition = if self.keyword("in") {
            self.expect("[")?;
            let mut values = vec![self.value()?];
            while self.sign(",") {
                values.push(self.value()?);
            }
            self.expect("]")?;
            Condition::In(field, values)
        } else if self.keyword("like") || self.sign("=~") {
            match self.next() {
                Some(Token::Text(text) | Token::Literal(text)) => Condition::Like(field, text.clone()),
                other => return Err(NotUnderstood(format!("like {other:?}"))),
            }
        } else {
            let sign = match self.next() {
                Some(Token::Sign("=")) => Sign::Equal,
                Some(Token::Sign("!=")) => Sign::Unequal,
                Some(Token::Sign("<")) => Sign::Less,
                Some(Token::Sign("<=")) => Sign::LessOrEqual,
                Some(Token::Sign(">")) => Sign::Greater,
                Some(Token::Sign(">=")) => Sign::GreaterOrEqual,
                other => return Err(NotUnderstood(format!("{other:?} after {field}"))),
            };
            Condition::Compare(field, sign, self.value()?)
        };
        Ok(if negated {
            Condition::Not(Box::new(condition))
        } else {
            condition
        })
    }

    fn value(&mut self) -> Result<String, NotUnderstood> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text.clone()),
            // A name would be another field.
            Some(Token::Word(word)) if word.parse::<f64>().is_ok() => Ok(word.clone()),
            other => Err(NotUnderstood(format!("{other:?} where a value is expected"))),
        }
    }
}

/// Seconds of `30s`, `5m`, `1h`, `1d`.
pub(super) fn bin(length: &str) -> Result<i64, NotUnderstood> {
    let refused = || NotUnderstood(format!("bin({length})"));
    let unit = length.chars().last().ok_or_else(refused)?;
    let digits = length.strip_suffix(unit).unwrap_or_default();
    let number: i64 = digits.parse().map_err(|_| refused())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(refused()),
    };
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(refused)
}
