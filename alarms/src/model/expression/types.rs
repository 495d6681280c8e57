//! What an expression gives: a number, a series, or an array of series; and whether its arguments fit.

use super::{Expr, ExpressionError, Function, Node, Operator};

/// The types of the user guide: S, TS, TS[].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// S: one number.
    Scalar,
    /// TS: a value per period, or none.
    Series,
    /// TS[]: several series.
    Array,
}

impl Type {
    const fn told(self) -> &'static str {
        match self {
            Self::Scalar => "a number",
            Self::Series => "a series",
            Self::Array => "an array of series",
        }
    }
}

/// The type of an expression, where `of_id` says the type of what an id names.
///
/// # Errors
/// An id that `of_id` does not know; a function with arguments that do not fit; a function that needs the service itself.
pub fn type_of(expr: &Expr, of_id: &impl Fn(&str) -> Option<Type>) -> Result<Type, ExpressionError> {
    let fail = |message: String| Err(ExpressionError::new(expr.at, message));
    match &expr.node {
        Node::Number(_) => Ok(Type::Scalar),
        Node::Id(id) => {
            of_id(id).map_or_else(|| fail(format!("there is no metric or expression `{id}`")), Ok)
        }
        Node::Text(_) => fail("a text can only be an argument of METRICS".to_owned()),
        Node::Word(word) => fail(format!("{word} can only be an argument of FILL or SORT")),
        Node::Array(parts) => array(expr, parts, of_id),
        Node::Negated(inner) => type_of(inner, of_id),
        Node::Binary(operator, left, right) => {
            binary(*operator, type_of(left, of_id)?, type_of(right, of_id)?, expr.at)
        }
        Node::Call(function, arguments) => call(*function, arguments, expr.at, of_id),
    }
}

fn array(
    expr: &Expr,
    parts: &[Expr],
    of_id: &impl Fn(&str) -> Option<Type>,
) -> Result<Type, ExpressionError> {
    if parts.is_empty() {
        return Err(ExpressionError::new(expr.at, "an array has at least one series"));
    }
    for part in parts {
        if type_of(part, of_id)? == Type::Scalar {
            return Err(ExpressionError::new(
                part.at,
                "an array holds series, not numbers",
            ));
        }
    }
    Ok(Type::Array)
}

fn binary(operator: Operator, left: Type, right: Type, at: usize) -> Result<Type, ExpressionError> {
    let is_arithmetic = matches!(
        operator,
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Power
    );
    match (left, right) {
        (Type::Scalar, Type::Scalar) => Ok(Type::Scalar),
        (Type::Scalar | Type::Series, Type::Scalar | Type::Series) => Ok(Type::Series),
        (Type::Array, Type::Array) => Err(ExpressionError::new(
            at,
            "two arrays cannot be joined: one side is a number or a series",
        )),
        _ if is_arithmetic => Ok(Type::Array),
        _ => Err(ExpressionError::new(
            at,
            "comparisons and AND, OR take numbers and series, not arrays",
        )),
    }
}

fn call(
    function: Function,
    arguments: &[Expr],
    at: usize,
    of_id: &impl Fn(&str) -> Option<Type>,
) -> Result<Type, ExpressionError> {
    let argument = |n: usize| type_of(&arguments[n], of_id);
    let wrong = |n: usize, expected: &str, found: Type| {
        let message = format!("{function} takes {expected} here, not {}", found.told());
        Err(ExpressionError::new(arguments[n].at, message))
    };
    if let Some(why) = function.needs_the_service() {
        return Err(ExpressionError::new(at, why));
    }
    let (least, most) = arity(function);
    if arguments.len() < least || arguments.len() > most {
        let expected = if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        };
        let message = format!("{function} takes {expected} arguments, not {}", arguments.len());
        return Err(ExpressionError::new(at, message));
    }
    match function {
        Function::Metrics => match arguments {
            []
            | [
                Expr {
                    node: Node::Text(_), ..
                },
            ] => Ok(Type::Array),
            _ => Err(ExpressionError::new(
                arguments[0].at,
                "METRICS takes nothing, or a text in quotes",
            )),
        },
        Function::Fill => fill(arguments, of_id),
        Function::If => condition(arguments, of_id),
        Function::Sort => sort(arguments, of_id),
        Function::Slice => match argument(0)? {
            Type::Array => {
                for n in 1..arguments.len() {
                    match argument(n)? {
                        Type::Scalar => {}
                        found => return wrong(n, "a number", found),
                    }
                }
                Ok(Type::Array)
            }
            found => wrong(0, "an array of series", found),
        },
        Function::TimeSeries => match argument(0)? {
            Type::Scalar => Ok(Type::Series),
            found => wrong(0, "a number", found),
        },
        Function::AnomalyDetectionBand => {
            match (argument(0)?, arguments.get(1).map(|_| argument(1)).transpose()?) {
                (Type::Series, None | Some(Type::Scalar)) => Ok(Type::Array),
                (Type::Series, Some(found)) => wrong(1, "a number", found),
                (found, _) => wrong(0, "a series", found),
            }
        }
        Function::Avg
        | Function::DatapointCount
        | Function::Max
        | Function::Min
        | Function::Stddev
        | Function::Sum => match argument(0)? {
            Type::Series => Ok(Type::Scalar),
            Type::Array => Ok(Type::Series),
            found => wrong(0, "a series or an array of series", found),
        },
        Function::First | Function::Last | Function::MetricCount | Function::RemoveEmpty => {
            match argument(0)? {
                Type::Array => Ok(match function {
                    Function::MetricCount => Type::Scalar,
                    Function::RemoveEmpty => Type::Array,
                    _ => Type::Series,
                }),
                found => wrong(0, "an array of series", found),
            }
        }
        Function::Period => match &arguments[0].node {
            Node::Id(_) => match argument(0)? {
                Type::Series => Ok(Type::Scalar),
                found => wrong(0, "a metric", found),
            },
            _ => Err(ExpressionError::new(
                arguments[0].at,
                "PERIOD takes the id of a metric",
            )),
        },
        Function::Minute
        | Function::Hour
        | Function::Day
        | Function::Date
        | Function::Month
        | Function::Year
        | Function::Epoch => match argument(0)? {
            Type::Series => Ok(Type::Series),
            found => wrong(0, "a series", found),
        },
        _ => match argument(0)? {
            Type::Scalar => wrong(0, "a series or an array of series", Type::Scalar),
            found => Ok(found),
        },
    }
}

const fn arity(function: Function) -> (usize, usize) {
    match function {
        Function::Metrics => (0, 1),
        Function::AnomalyDetectionBand => (1, 2),
        Function::Fill => (2, 2),
        Function::If | Function::Slice => (2, 3),
        Function::Sort => (3, 4),
        _ => (1, 1),
    }
}

fn fill(arguments: &[Expr], of_id: &impl Fn(&str) -> Option<Type>) -> Result<Type, ExpressionError> {
    let filled = match type_of(&arguments[0], of_id)? {
        Type::Scalar => {
            return Err(ExpressionError::new(
                arguments[0].at,
                "FILL takes a series here, not a number",
            ));
        }
        found => found,
    };
    match &arguments[1].node {
        Node::Word(word) if word == "REPEAT" || word == "LINEAR" => Ok(filled),
        _ => match type_of(&arguments[1], of_id)? {
            Type::Array => Err(ExpressionError::new(
                arguments[1].at,
                "FILL fills with a number, a series, REPEAT or LINEAR",
            )),
            _ => Ok(filled),
        },
    }
}

fn condition(arguments: &[Expr], of_id: &impl Fn(&str) -> Option<Type>) -> Result<Type, ExpressionError> {
    let mut result = Type::Scalar;
    for argument in arguments {
        match type_of(argument, of_id)? {
            Type::Array => {
                return Err(ExpressionError::new(
                    argument.at,
                    "IF takes numbers and series, not arrays",
                ));
            }
            Type::Series => result = Type::Series,
            Type::Scalar => {}
        }
    }
    if result == Type::Scalar {
        return Err(ExpressionError::new(
            arguments[0].at,
            "at least one argument of IF is a series",
        ));
    }
    Ok(result)
}

fn sort(arguments: &[Expr], of_id: &impl Fn(&str) -> Option<Type>) -> Result<Type, ExpressionError> {
    let word = |n: usize, known: &[&str]| match &arguments[n].node {
        Node::Word(word) if known.contains(&word.as_str()) => Ok(()),
        _ => Err(ExpressionError::new(
            arguments[n].at,
            format!("SORT takes one of {} here", known.join(", ")),
        )),
    };
    if type_of(&arguments[0], of_id)? != Type::Array {
        return Err(ExpressionError::new(
            arguments[0].at,
            "SORT takes an array of series here",
        ));
    }
    word(1, &["AVG", "MIN", "MAX", "SUM"])?;
    word(2, &["ASC", "DESC"])?;
    match arguments.get(3).map(|limit| (type_of(limit, of_id), limit.at)) {
        None | Some((Ok(Type::Scalar), _)) => Ok(Type::Array),
        Some((Ok(_), at)) => Err(ExpressionError::new(at, "SORT takes a number here")),
        Some((Err(error), _)) => Err(error),
    }
}
