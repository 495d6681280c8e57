//! Queries of log widgets over lines that are there already: the part of Logs Insights' language that dashboards need most, for a
//! machine that has no Logs Insights. What is not understood is an error that names it, never a wrong answer.
//!
//! `fields`, `display`, `filter` (comparisons, `in`, `like` with text or `/literal/`, `ispresent`, `and`, `or`, `not`), `sort`,
//! `limit`, `stats` with `count`, `count_distinct`, `sum`, `avg`, `min`, `max`, `earliest`, `latest` `by` fields and
//! `bin(5m)`.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>

mod answer;
mod condition;
mod line;
mod read;
mod token;

#[cfg(test)]
mod tests;

pub use line::LogLine;
pub use read::split;

use condition::Condition;

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Log groups after `SOURCE`.
    pub groups: Vec<String>,
    steps: Vec<Step>,
}

/// What cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the query cannot be evaluated here: {0}")]
pub struct NotUnderstood(pub(crate) String);

/// A command.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Fields(Vec<String>),
    Filter(Condition),
    Sort {
        field: String,
        descending: bool,
    },
    Limit(usize),
    Stats {
        aggregates: Vec<Aggregate>,
        by: Vec<String>,
    },
}

/// `count(*) as errors`.
#[derive(Debug, Clone, PartialEq)]
struct Aggregate {
    function: Function,
    field: String,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Earliest,
    Latest,
}
