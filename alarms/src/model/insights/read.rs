//! From text to a query: one clause after the other.

use std::str::FromStr;

use super::tokens::{Token, tokens};
use super::{Condition, Function, MOST_SERIES, Order, Query, QueryError};
use crate::model::expression::LONGEST_EXPRESSION;

/// Words with a meaning here: as names they are put in double quotes. The user guide's list has all words of SQL.
const KEYWORDS: [&str; 13] = [
    "SELECT", "FROM", "SCHEMA", "WHERE", "AND", "OR", "NOT", "GROUP", "ORDER", "BY", "ASC", "DESC", "LIMIT",
];

impl FromStr for Query {
    type Err = QueryError;

    /// # Errors
    /// A clause is missing, in another place than its own, or not known.
    fn from_str(text: &str) -> Result<Self, QueryError> {
        let length = text.chars().count();
        if length > LONGEST_EXPRESSION {
            let message = format!("it has {length} characters, and {LONGEST_EXPRESSION} are the most");
            return Err(QueryError {
                at: LONGEST_EXPRESSION + 1,
                message,
            });
        }
        Reader {
            tokens: tokens(text)?,
            next: 0,
        }
        .query()
    }
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    next: usize,
}

impl Reader {
    fn peek(&self) -> &(Token, usize) {
        // The last token is the end, and nobody reads past it.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let found = self.peek().0.clone();
        self.next += 1;
        found
    }

    fn fail<T>(&self, expected: &str) -> Result<T, QueryError> {
        let (found, at) = self.peek();
        let message = format!("{expected} is expected, not {}", found.told());
        Err(QueryError { at: *at, message })
    }

    fn refuse<T>(&self, message: String) -> Result<T, QueryError> {
        Err(QueryError {
            at: self.peek().1,
            message,
        })
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let comes = matches!(&self.peek().0, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(comes);
        comes
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), QueryError> {
        if self.keyword(keyword) {
            return Ok(());
        }
        self.fail(keyword)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let comes = matches!(&self.peek().0, Token::Sign(found) if *found == sign);
        self.next += usize::from(comes);
        comes
    }

    fn expect(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.sign(sign) {
            return Ok(());
        }
        self.fail(&format!("`{sign}`"))
    }

    fn name(&mut self, what: &str) -> Result<String, QueryError> {
        match &self.peek().0 {
            Token::Word(word) if KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) => {
                self.fail(what)
            }
            Token::Word(name) | Token::Name(name) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => self.fail(what),
        }
    }

    fn query(mut self) -> Result<Query, QueryError> {
        self.expect_keyword("SELECT")?;
        let function = self.function()?;
        self.expect("(")?;
        let metric_name = self.name("the name of a metric")?;
        self.expect(")")?;
        self.expect_keyword("FROM")?;
        let (namespace, schema) = self.from()?;
        let conditions = self.conditions()?;
        let group_by = self.group_by()?;
        let order_by = self.order_by()?;
        let limit = self.limit()?;
        if self.peek().0 != Token::End {
            return self.fail("the next clause (WHERE, GROUP BY, ORDER BY, LIMIT, in this order) or the end");
        }
        Ok(Query {
            function,
            metric_name,
            namespace,
            schema,
            conditions,
            group_by,
            order_by,
            limit,
        })
    }

    fn function(&mut self) -> Result<Function, QueryError> {
        let found = match &self.peek().0 {
            Token::Word(word) => Function::of_name(word),
            _ => None,
        };
        let Some(function) = found else {
            return self.fail("AVG, COUNT, MAX, MIN or SUM");
        };
        self.next += 1;
        Ok(function)
    }

    /// A namespace, or `SCHEMA(namespace, dimension, …)`.
    fn from(&mut self) -> Result<(String, Option<Vec<String>>), QueryError> {
        if !self.keyword("SCHEMA") {
            return Ok((self.name("a namespace or SCHEMA(…)")?, None));
        }
        self.expect("(")?;
        let namespace = self.name("a namespace")?;
        let mut names = Vec::new();
        while self.sign(",") {
            names.push(self.name("the name of a dimension")?);
        }
        self.expect(")")?;
        Ok((namespace, Some(names)))
    }

    fn conditions(&mut self) -> Result<Vec<Condition>, QueryError> {
        let mut conditions = Vec::new();
        if !self.keyword("WHERE") {
            return Ok(conditions);
        }
        loop {
            conditions.push(self.condition()?);
            if self.keyword("AND") {
                continue;
            }
            if self.keyword("OR") {
                self.next -= 1;
                return self.refuse("conditions are joined by AND; there is no OR".to_owned());
            }
            return Ok(conditions);
        }
    }

    fn condition(&mut self) -> Result<Condition, QueryError> {
        let key = self.name("the name of a dimension")?;
        let is_not = if self.sign("=") {
            false
        } else if self.sign("!=") {
            true
        } else {
            return self.fail("`=` or `!=`");
        };
        match self.take() {
            Token::Value(value) => Ok(Condition { key, is_not, value }),
            _ => {
                self.next -= 1;
                self.fail("a value in single quotes")
            }
        }
    }

    fn group_by(&mut self) -> Result<Vec<String>, QueryError> {
        if !self.keyword("GROUP") {
            return Ok(Vec::new());
        }
        self.expect_keyword("BY")?;
        let mut names = vec![self.name("the name of a dimension")?];
        while self.sign(",") {
            names.push(self.name("the name of a dimension")?);
        }
        Ok(names)
    }

    fn order_by(&mut self) -> Result<Option<Order>, QueryError> {
        if !self.keyword("ORDER") {
            return Ok(None);
        }
        self.expect_keyword("BY")?;
        let by = self.function()?;
        self.expect("(")?;
        self.expect(")")?;
        let is_descending = self.keyword("DESC");
        if !is_descending {
            self.keyword("ASC");
        }
        Ok(Some(Order { by, is_descending }))
    }

    fn limit(&mut self) -> Result<usize, QueryError> {
        if !self.keyword("LIMIT") {
            return Ok(MOST_SERIES);
        }
        let number = match &self.peek().0 {
            Token::Word(word) => word.parse::<usize>().ok(),
            _ => None,
        };
        let Some(limit) = number.filter(|limit| (1..=MOST_SERIES).contains(limit)) else {
            return self.fail(&format!("a number from 1 to {MOST_SERIES}"));
        };
        self.next += 1;
        Ok(limit)
    }
}
