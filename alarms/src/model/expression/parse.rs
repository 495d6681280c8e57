//! From tokens to a tree: recursive descent, bounded in depth.

use super::token::{Token, tokens};
use super::{DEEPEST_NESTING, Expr, ExpressionError, Function, Node, Operator};

/// Reads an expression.
///
/// ```
/// use alarms::model::expression::parse;
///
/// assert!(parse("IF(m2 > 10, 100 * m1 / m2, 0)").is_ok());
/// let error = parse("m1 + SUMM(m2)").unwrap_err();
/// assert_eq!(error.to_string(), "there is no function SUMM, at character 6");
/// ```
///
/// # Errors
/// It is not metric math; the error says where. What it means over metrics is [`super::type_of`]'s business.
pub fn parse(text: &str) -> Result<Expr, ExpressionError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let expr = parser.binary(0)?;
    match parser.peek() {
        (Token::End, _) => Ok(expr),
        (found, at) => Err(ExpressionError::new(
            *at,
            format!("expected an operator or the end, found {}", told(found)),
        )),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
}

/// From weak to strong; the operators of one level are read from left to right.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Parser {
    fn peek(&self) -> &(Token, usize) {
        // The last token is the end, and nobody reads past it.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> (Token, usize) {
        let found = self.peek().clone();
        self.next += 1;
        found
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().0, Token::Sign(found) if *found == sign)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), ExpressionError> {
        match self.take() {
            (Token::Sign(found), _) if found == sign => Ok(()),
            (found, at) => Err(ExpressionError::new(
                at,
                format!("expected `{sign}`, found {}", told(&found)),
            )),
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        if self.depth == DEEPEST_NESTING {
            let message = format!("brackets, calls and signs nest at most {DEEPEST_NESTING} deep");
            return Err(ExpressionError::new(self.peek().1, message));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn binary(&mut self, level: usize) -> Result<Expr, ExpressionError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let mut left = self.binary(level + 1)?;
        loop {
            let (token, at) = self.peek();
            let word = match token {
                Token::Sign(sign) => sign,
                Token::Name(name) => name.as_str(),
                _ => return Ok(left),
            };
            let (Some(&(_, operator)), at) = (operators.iter().find(|(known, _)| *known == word), *at) else {
                return Ok(left);
            };
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = Expr {
                node: Node::Binary(operator, Box::new(left), Box::new(right)),
                at,
            };
        }
    }

    fn signed(&mut self) -> Result<Expr, ExpressionError> {
        if !self.is_sign("-") {
            return self.power();
        }
        let (_, at) = self.take();
        let inner = self.deeper(Self::signed)?;
        Ok(Expr {
            node: Node::Negated(Box::new(inner)),
            at,
        })
    }

    fn power(&mut self) -> Result<Expr, ExpressionError> {
        let base = self.operand()?;
        if !self.is_sign("^") {
            return Ok(base);
        }
        let (_, at) = self.take();
        let exponent = self.deeper(Self::signed)?;
        Ok(Expr {
            node: Node::Binary(Operator::Power, Box::new(base), Box::new(exponent)),
            at,
        })
    }

    fn operand(&mut self) -> Result<Expr, ExpressionError> {
        let (token, at) = self.take();
        let node = match token {
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Name(name) => return self.name(name, at),
            Token::Sign("(") => {
                let inner = self.deeper(|parser| parser.binary(0))?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => Node::Array(self.deeper(|parser| parser.list("]"))?),
            found => {
                let message = format!(
                    "expected a number, an id, a function or a bracket, found {}",
                    told(&found)
                );
                return Err(ExpressionError::new(at, message));
            }
        };
        Ok(Expr { node, at })
    }

    fn name(&mut self, name: String, at: usize) -> Result<Expr, ExpressionError> {
        let is_call = self.is_sign("(");
        if !is_call {
            return match name.as_str() {
                "REPEAT" | "LINEAR" | "ASC" | "DESC" | "AVG" | "MIN" | "MAX" | "SUM" => Ok(Expr {
                    node: Node::Word(name),
                    at,
                }),
                _ if name.starts_with(|c: char| c.is_ascii_lowercase()) => Ok(Expr {
                    node: Node::Id(name),
                    at,
                }),
                _ if Function::of_name(&name).is_some() => Err(ExpressionError::new(
                    at,
                    format!("the function {name} has brackets after it"),
                )),
                _ => Err(ExpressionError::new(
                    at,
                    format!("`{name}` is no id: ids start with a lower-case letter"),
                )),
            };
        }
        let Some(function) = Function::of_name(&name) else {
            let upper = name.to_ascii_uppercase();
            return Err(match Function::of_name(&upper) {
                Some(_) => {
                    ExpressionError::new(at, format!("functions are in upper case: {upper}, not {name}"))
                }
                None => ExpressionError::new(at, format!("there is no function {name}")),
            });
        };
        self.take();
        let arguments = self.deeper(|parser| parser.list(")"))?;
        Ok(Expr {
            node: Node::Call(function, arguments),
            at,
        })
    }

    /// Up to the closing bracket; none is fine.
    fn list(&mut self, close: &'static str) -> Result<Vec<Expr>, ExpressionError> {
        let mut found = Vec::new();
        if self.is_sign(close) {
            self.take();
            return Ok(found);
        }
        loop {
            found.push(self.binary(0)?);
            match self.take() {
                (Token::Sign(","), _) => {}
                (Token::Sign(sign), _) if sign == close => return Ok(found),
                (other, at) => {
                    let message = format!("expected `,` or `{close}`, found {}", told(&other));
                    return Err(ExpressionError::new(at, message));
                }
            }
        }
    }
}

fn told(token: &Token) -> String {
    match token {
        Token::Number(number) => format!("the number {number}"),
        Token::Name(name) => format!("`{name}`"),
        Token::Text(text) => format!("the text \"{text}\""),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::End => "the end".to_owned(),
    }
}
