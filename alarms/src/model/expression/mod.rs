//! Metric math: the syntax tree of an expression, how it is read, and what type it has.
//!
//! Written after "Using math expressions with CloudWatch metrics" in the user guide. What an expression gives over data is
//! [`crate::evaluate`]'s business.

mod function;
mod parse;
mod token;
mod types;

#[cfg(test)]
mod tests;

pub use function::Function;
pub use parse::parse;
pub use types::{Type, type_of};

/// The most characters of an expression in an alarm (API reference, `MetricDataQuery`).
pub const LONGEST_EXPRESSION: usize = 2048;

/// How deep brackets, calls and signs may nest. CloudWatch names no limit; nobody writes more, and the stack is finite.
pub const DEEPEST_NESTING: usize = 64;

/// A part of an expression, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it starts, in characters from 1. A binary operation is where its operator is.
    pub at: usize,
}

/// The parts of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `5`, `0.5`, `1e3`.
    Number(f64),
    /// A metric or another expression, by its id.
    Id(String),
    /// `"errors"`, for METRICS.
    Text(String),
    /// `REPEAT`, `LINEAR`, `ASC`, `DESC`, or a function's name as SORT takes it.
    Word(String),
    /// `[m1, m2]`.
    Array(Vec<Expr>),
    /// `-m1`.
    Negated(Box<Expr>),
    /// `m1 / m2`.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `SUM(m1)`.
    Call(Function, Vec<Expr>),
}

/// Between two operands. From weak to strong: OR, AND, comparisons, + and -, * and /, ^ (to the right), the sign.
///
/// The documentation has no table of precedence; these are the usual ones, and `-m1^2` is `-(m1^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `OR`, `||`
    Or,
    /// `AND`, `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

/// An expression that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at character {at}")]
pub struct ExpressionError {
    /// In characters from 1.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

impl ExpressionError {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

impl Expr {
    /// Calls with every part, outer before inner.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match &self.node {
            Node::Array(parts) | Node::Call(_, parts) => parts.iter().for_each(|part| part.visit(visit)),
            Node::Negated(part) => part.visit(visit),
            Node::Binary(_, left, right) => {
                left.visit(visit);
                right.visit(visit);
            }
            Node::Number(_) | Node::Id(_) | Node::Text(_) | Node::Word(_) => {}
        }
    }

    /// The ids that it names, with their places.
    pub fn ids(&self) -> Vec<(&str, usize)> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if let Node::Id(id) = &part.node {
                found.push((id.as_str(), part.at));
            }
        });
        found
    }
}
