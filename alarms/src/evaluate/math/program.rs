//! An expression with the entries of `Metrics` it stands in, ready to be computed.

use std::collections::BTreeMap;

use crate::model::expression::{Expr, ExpressionError, Function, Node, Type, parse, type_of};
use crate::model::{MetricDataQuery, is_metrics_insights};

use crate::evaluate::anomaly::DEVIATIONS;

use super::pointwise::{Pointwise, choose};
use super::{Frame, Member, Value, functions, operators};
use crate::metric_data::FOUND;

/// The expressions of an alarm, in an order in which each can be computed.
#[derive(Debug, Clone)]
pub struct Program {
    /// The ids of the metrics, in the order of [`Frame::metrics`].
    metrics: Vec<String>,
    /// Expressions, each after those it uses.
    steps: Vec<Step>,
    result: String,
}

#[derive(Debug, Clone)]
struct Step {
    id: String,
    expr: Expr,
    ty: Type,
}

/// Expressions that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// One of them is not right.
    #[error("expression `{id}`: {error}")]
    Expression {
        /// Its id.
        id: String,
        /// What is wrong.
        error: ExpressionError,
    },
    /// They use each other in a circle.
    #[error("expression `{0}` is part of a circle, or uses an id that is not there")]
    Circle(String),
    /// There is no entry of that id, or it does not give one series.
    #[error("there is no entry `{0}` that gives one series")]
    Result(String),
}

impl Program {
    /// For the entry `result`. A Metrics Insights query is one series, as a metric is: what it selects is its caller's to know.
    ///
    /// # Errors
    /// An expression that cannot be read or does not fit.
    pub fn new(queries: &[MetricDataQuery], result: &str) -> Result<Self, ProgramError> {
        let mut entries = Vec::new();
        for query in queries {
            let expr = match &query.expression {
                None => None,
                Some(text) if is_metrics_insights(text) => None,
                Some(text) => {
                    let of_query = |error| ProgramError::Expression {
                        id: query.id.clone(),
                        error,
                    };
                    Some(parse(text).map_err(of_query)?)
                }
            };
            entries.push((query.id.clone(), expr));
        }
        let program = Self::joined(entries, result)?;
        match program.type_of_id(result) {
            Some(Type::Series) => Ok(program),
            _ => Err(ProgramError::Result(result.to_owned())),
        }
    }

    /// For the entry `result`, which may give several series, of metrics (without an expression) and expressions.
    pub(crate) fn joined(entries: Vec<(String, Option<Expr>)>, result: &str) -> Result<Self, ProgramError> {
        let mut program = Self {
            metrics: Vec::new(),
            steps: Vec::new(),
            result: result.to_owned(),
        };
        let mut open = Vec::new();
        for (id, expr) in entries {
            match expr {
                None => program.metrics.push(id),
                Some(expr) => open.push((id, expr)),
            }
        }
        while !open.is_empty() {
            let ready = open
                .iter()
                .position(|(_, expr)| expr.ids().iter().all(|(id, _)| program.type_of_id(id).is_some()));
            let Some(ready) = ready else {
                return Err(ProgramError::Circle(open.swap_remove(0).0));
            };
            let (id, expr) = open.swap_remove(ready);
            let ty =
                type_of(&expr, &|id| program.type_of_id(id)).map_err(|error| ProgramError::Expression {
                    id: id.clone(),
                    error,
                })?;
            program.steps.push(Step { id, expr, ty });
        }
        match program.type_of_id(result) {
            Some(Type::Series | Type::Array) => Ok(program),
            _ => Err(ProgramError::Result(result.to_owned())),
        }
    }

    /// The ids of the metrics, in the order in which values are expected.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    fn type_of_id(&self, id: &str) -> Option<Type> {
        if self.metrics.iter().any(|metric| metric == id) {
            return Some(Type::Series);
        }
        self.steps.iter().find(|step| step.id == id).map(|step| step.ty)
    }

    /// The result over these periods: a value per period, NaN where it is missing.
    pub fn evaluate(&self, frame: &Frame<'_>) -> Vec<f64> {
        match self.value(frame) {
            Some(Value::Series(series)) => series,
            _ => vec![f64::NAN; frame.starts.len()],
        }
    }

    /// The series of the result over these periods.
    pub(crate) fn members(&self, frame: &Frame<'_>) -> Vec<Member> {
        self.value(frame).map(Value::into_members).unwrap_or_default()
    }

    fn value(&self, frame: &Frame<'_>) -> Option<Value> {
        let mut known: BTreeMap<&str, Value> = BTreeMap::new();
        for (id, series) in self.metrics.iter().zip(frame.metrics) {
            known.insert(id, Value::Series(series.clone()));
        }
        for step in &self.steps {
            let value = Run {
                program: self,
                frame,
                known: &known,
            }
            .value(&step.expr);
            known.insert(&step.id, value);
        }
        known.remove(self.result.as_str())
    }

    /// The result as a function of one period alone, if it is one.
    pub(crate) fn pointwise(&self) -> Option<Pointwise> {
        self.pointwise_id(&self.result).map(|(found, _)| found)
    }

    fn pointwise_id(&self, id: &str) -> Option<(Pointwise, Type)> {
        if let Some(place) = self.metrics.iter().position(|metric| metric == id) {
            return Some((Pointwise::Metric(place), Type::Series));
        }
        let step = self.steps.iter().find(|step| step.id == id)?;
        self.pointwise_expr(&step.expr)
    }

    /// The type goes along: a missing point counts as 0 only between two series.
    fn pointwise_expr(&self, expr: &Expr) -> Option<(Pointwise, Type)> {
        let boxed = |expr: &Expr| self.pointwise_expr(expr).map(|(found, ty)| (Box::new(found), ty));
        match &expr.node {
            Node::Number(number) => Some((Pointwise::Number(*number), Type::Scalar)),
            Node::Id(id) => self.pointwise_id(id),
            Node::Negated(inner) => boxed(inner).map(|(inner, ty)| (Pointwise::Negated(inner), ty)),
            Node::Binary(operator, left, right) => match (boxed(left)?, boxed(right)?) {
                ((left, Type::Series), (right, Type::Series)) => {
                    Some((Pointwise::Joined(*operator, left, right), Type::Series))
                }
                ((left, Type::Scalar), (right, Type::Scalar)) => {
                    Some((Pointwise::Mixed(*operator, left, right), Type::Scalar))
                }
                ((left, _), (right, _)) => Some((Pointwise::Mixed(*operator, left, right), Type::Series)),
            },
            Node::Call(function, arguments) => match (function, &arguments[..]) {
                (
                    Function::Abs | Function::Ceil | Function::Floor | Function::Log | Function::Log10,
                    [inner],
                ) => boxed(inner).map(|(inner, ty)| (Pointwise::OfPoint(*function, inner), ty)),
                (
                    Function::Minute
                    | Function::Hour
                    | Function::Day
                    | Function::Date
                    | Function::Month
                    | Function::Year
                    | Function::Epoch,
                    [_],
                ) => Some((Pointwise::OfTime(*function), Type::Series)),
                (Function::Fill, [filled, filler]) => {
                    Some((Pointwise::Fill(boxed(filled)?.0, boxed(filler)?.0), Type::Series))
                }
                (Function::TimeSeries, [inner]) => boxed(inner).map(|(inner, _)| (*inner, Type::Series)),
                (Function::If, [condition, then, rest @ ..]) => {
                    let (condition, ty) = boxed(condition)?;
                    let other = match rest {
                        [] => None,
                        [other, ..] => Some(boxed(other)?.0),
                    };
                    let by_series = ty == Type::Series;
                    Some((
                        Pointwise::If(by_series, condition, boxed(then)?.0, other),
                        Type::Series,
                    ))
                }
                (
                    Function::Avg
                    | Function::DatapointCount
                    | Function::Max
                    | Function::Min
                    | Function::Stddev
                    | Function::Sum,
                    [all],
                ) => Some((
                    Pointwise::Across(*function, self.pointwise_members(all)?),
                    Type::Series,
                )),
                _ => None,
            },
            Node::Text(_) | Node::Word(_) | Node::Array(_) => None,
        }
    }

    /// The series of an array, as those of [`Value::into_members`]: a number in it is none. None: it is no array that is written out.
    fn pointwise_members(&self, expr: &Expr) -> Option<Vec<Pointwise>> {
        let Node::Array(parts) = &expr.node else {
            return None;
        };
        let mut members = Vec::new();
        for part in parts {
            match &part.node {
                Node::Array(_) => members.extend(self.pointwise_members(part)?),
                _ => match self.pointwise_expr(part)? {
                    (member, Type::Series) => members.push(member),
                    (_, Type::Scalar) => {}
                    _ => return None,
                },
            }
        }
        Some(members)
    }
}

/// One computation.
struct Run<'a> {
    program: &'a Program,
    frame: &'a Frame<'a>,
    known: &'a BTreeMap<&'a str, Value>,
}

impl Run<'_> {
    fn periods(&self) -> usize {
        self.frame.starts.len()
    }

    fn missing(&self) -> Value {
        Value::Series(vec![f64::NAN; self.periods()])
    }

    fn value(&self, expr: &Expr) -> Value {
        match &expr.node {
            Node::Number(number) => Value::Scalar(*number),
            Node::Id(id) => self
                .known
                .get(id.as_str())
                .cloned()
                .unwrap_or_else(|| self.missing()),
            Node::Negated(inner) => match self.value(inner) {
                Value::Scalar(number) => Value::Scalar(-number),
                other => other.map_series(|series| series.into_iter().map(|v| -v).collect()),
            },
            Node::Binary(operator, left, right) => {
                operators::apply_to_values(*operator, self.value(left), self.value(right))
            }
            Node::Array(parts) => Value::Array(parts.iter().flat_map(|part| self.members_of(part)).collect()),
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Text(_) | Node::Word(_) => self.missing(),
        }
    }

    /// The series of a part of an array. A metric is called by its id.
    fn members_of(&self, part: &Expr) -> Vec<Member> {
        let mut members = self.value(part).into_members();
        if let (Node::Id(id), [only]) = (&part.node, &mut members[..])
            && only.of.is_none()
        {
            only.of = Some(id.clone());
        }
        members
    }

    /// Arguments were counted and typed when the program was made; what cannot be is missing.
    fn call(&self, function: Function, arguments: &[Expr]) -> Value {
        let Some(first) = arguments.first() else {
            return self.metrics("");
        };
        match function {
            Function::Metrics => match &first.node {
                Node::Text(text) => self.metrics(text),
                _ => self.missing(),
            },
            Function::If => self.choose(first, &arguments[1], arguments.get(2)),
            Function::Fill => self.fill(self.value(first), &arguments[1]),
            Function::TimeSeries => Value::Series(vec![self.number(first); self.periods()]),
            Function::Period => Value::Scalar(f64::from(self.frame.period)),
            Function::Minute
            | Function::Hour
            | Function::Day
            | Function::Date
            | Function::Month
            | Function::Year
            | Function::Epoch => Value::Series(
                self.frame
                    .starts
                    .iter()
                    .map(|start| functions::of_time(function, *start))
                    .collect(),
            ),
            Function::Abs | Function::Ceil | Function::Floor | Function::Log | Function::Log10 => {
                self.value(first).map_series(|series| {
                    series
                        .into_iter()
                        .map(|v| functions::of_point(function, v))
                        .collect()
                })
            }
            Function::AnomalyDetectionBand => self.band(
                arguments
                    .get(1)
                    .map_or(DEVIATIONS, |deviations| self.number(deviations)),
            ),
            Function::Diff | Function::DiffTime | Function::Rate | Function::RunningSum => self
                .value(first)
                .map_series(|series| functions::along(function, &series, self.frame.starts)),
            Function::Avg
            | Function::DatapointCount
            | Function::Max
            | Function::Min
            | Function::Stddev
            | Function::Sum => match self.value(first) {
                Value::Array(all) => Value::Series(functions::reduced_across(function, &all, self.periods())),
                Value::Series(series) => Value::Scalar(functions::reduced(function, &series)),
                number @ Value::Scalar(_) => number,
            },
            _ => self.of_array(function, arguments, self.value(first).into_members()),
        }
    }

    /// The upper bound, then the lower: "LAST(ANOMALY_DETECTION_BAND(m1)) returns the lower bound".
    fn band(&self, deviations: f64) -> Value {
        let bounds = self.frame.starts.iter().map(|start| {
            let expected = self.frame.model.and_then(|model| model.expected(*start));
            expected.map_or((f64::NAN, f64::NAN), |expected| expected.bounds(deviations))
        });
        let (lower, upper): (Vec<f64>, Vec<f64>) = bounds.unzip();
        let of = None;
        Value::Array(
            [upper, lower]
                .map(|values| Member {
                    of: of.clone(),
                    values,
                })
                .into(),
        )
    }

    /// Functions of arrays of series.
    fn of_array(&self, function: Function, arguments: &[Expr], mut all: Vec<Member>) -> Value {
        match function {
            #[expect(clippy::cast_precision_loss, reason = "an alarm has at most 20 series")]
            Function::MetricCount => Value::Scalar(all.len() as f64),
            Function::First if !all.is_empty() => Value::Series(all.swap_remove(0).values),
            Function::Last => all
                .pop()
                .map_or_else(|| self.missing(), |last| Value::Series(last.values)),
            Function::RemoveEmpty => {
                all.retain(|member| member.values.iter().any(|value| !value.is_nan()));
                Value::Array(all)
            }
            Function::Slice => {
                let end = arguments
                    .get(2)
                    .map_or(all.len(), |end| place(self.number(end)).min(all.len()));
                let start = place(self.number(&arguments[1])).min(end);
                Value::Array(all.drain(start..end).collect())
            }
            Function::Sort => self.sort(arguments, all),
            _ => self.missing(),
        }
    }

    /// Series without datapoints come last, in either order.
    fn sort(&self, arguments: &[Expr], all: Vec<Member>) -> Value {
        let word = |n: usize| match arguments.get(n).map(|argument| &argument.node) {
            Some(Node::Word(word)) => word.as_str(),
            _ => "",
        };
        let function = Function::of_name(word(1)).unwrap_or(Function::Avg);
        let sign = if word(2) == "DESC" { -1.0 } else { 1.0 };
        let mut keyed: Vec<(f64, Member)> = all
            .into_iter()
            .map(|member| {
                let is_empty = member.values.iter().all(|value| value.is_nan());
                let key = if is_empty {
                    f64::INFINITY
                } else {
                    sign * functions::reduced(function, &member.values)
                };
                (key, member)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let limit = arguments
            .get(3)
            .map_or(keyed.len(), |limit| place(self.number(limit)));
        Value::Array(keyed.into_iter().take(limit).map(|(_, member)| member).collect())
    }

    fn metrics(&self, part: &str) -> Value {
        // What an expression found is no metric of the request.
        let named = self
            .program
            .metrics
            .iter()
            .zip(self.frame.metrics)
            .filter(|(id, _)| id.contains(part) && !id.contains(FOUND));
        let members = named.map(|(id, values)| Member {
            of: Some(id.clone()),
            values: values.clone(),
        });
        Value::Array(members.collect())
    }

    fn number(&self, expr: &Expr) -> f64 {
        match self.value(expr) {
            Value::Scalar(number) => number,
            _ => f64::NAN,
        }
    }

    fn fill(&self, filled: Value, filler: &Expr) -> Value {
        let filler = match &filler.node {
            Node::Word(word) if word == "REPEAT" => {
                return filled.map_series(|mut series| {
                    functions::fill_repeat(&mut series);
                    series
                });
            }
            Node::Word(_) => {
                return filled.map_series(|mut series| {
                    functions::fill_linear(&mut series, self.frame.starts);
                    series
                });
            }
            _ => self.value(filler),
        };
        filled.map_series(|series| {
            let filler = (0..).map(|at| at_of(&filler, at));
            series
                .into_iter()
                .zip(filler)
                .map(|(v, f)| if v.is_nan() { f } else { v })
                .collect()
        })
    }

    fn choose(&self, condition: &Expr, then: &Expr, other: Option<&Expr>) -> Value {
        let (condition, then) = (self.value(condition), self.value(then));
        let other = other.map(|other| self.value(other));
        let by_series = matches!(condition, Value::Series(_));
        let at = |at: usize| {
            let otherwise = || other.as_ref().map_or(f64::NAN, |other| at_of(other, at));
            choose(by_series, at_of(&condition, at), || at_of(&then, at), otherwise)
        };
        Value::Series((0..self.periods()).map(at).collect())
    }
}

fn at_of(value: &Value, at: usize) -> f64 {
    match value {
        Value::Scalar(number) => *number,
        Value::Series(series) => series.get(at).copied().unwrap_or(f64::NAN),
        Value::Array(_) => f64::NAN,
    }
}

/// An index from a number of metric math: a fraction is cut off, what is no index is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped; NaN becomes 0"
)]
fn place(number: f64) -> usize {
    number.clamp(0.0, 1e6) as usize
}
