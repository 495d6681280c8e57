//! What `SEARCH` looks for: the metrics whose names, namespaces and dimensions fit. Only graphs have it; CloudWatch refuses it in
//! alarms.
//!
//! Written after "CloudWatch search expression syntax" in the user guide.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
//!
//! What does not belong here: where metrics come from, and what their datapoints are. That is [`crate::metric_data`].

mod read;
mod tokens;

#[cfg(test)]
mod tests;

use tokens::Partial;

use super::Metric;

/// The most characters of a search (user guide, "Search expression limits").
pub const LONGEST_SEARCH: usize = 1024;

/// The most series of a graph (user guide, "Search expression limits"): a search finds no more.
pub const MOST_FOUND: usize = 500;

/// A search, as its first argument says it: `{AWS/Lambda,FunctionName} MetricName="Errors"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    schema: Option<Schema>,
    term: Option<Term>,
}

/// What cannot be read as a search, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the search cannot be read: {message}, at character {at} of it")]
pub struct SearchError {
    /// In characters from 1.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

/// `{Namespace, Dimension, …}`: exactly these dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Schema {
    namespace: String,
    /// In order.
    dimensions: Vec<String>,
}

/// What a metric must be.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    /// `MetricName=…`, or without a property anything that the metric says.
    Text {
        property: Option<String>,
        text: Text,
    },
}

/// What a word must be.
#[derive(Debug, Clone, PartialEq)]
enum Text {
    /// In quotes: equal, with its case.
    Exact(String),
    /// Without: some of its tokens.
    Partial(Partial),
}

impl Search {
    /// The namespace and the names of dimensions, in order, that `{…}` asks for.
    #[must_use]
    pub fn schema(&self) -> Option<(&str, &[String])> {
        let schema = self.schema.as_ref()?;
        Some((&schema.namespace, &schema.dimensions))
    }

    /// Does it find this metric?
    ///
    /// ```
    /// use alarms::model::search::Search;
    /// use alarms::model::{Dimension, Metric};
    ///
    /// let search: Search = r#"{AWS/Lambda,FunctionName} MetricName="Errors" NOT order"#.parse()?;
    /// let of = |function: &str| Metric {
    ///     namespace: "AWS/Lambda".to_owned(),
    ///     metric_name: "Errors".to_owned(),
    ///     dimensions: vec![Dimension { name: "FunctionName".to_owned(), value: function.to_owned() }],
    /// };
    /// assert!(search.finds(&of("shop-payment")));
    /// assert!(!search.finds(&of("shop-order")));
    /// # Ok::<(), alarms::model::search::SearchError>(())
    /// ```
    #[must_use]
    pub fn finds(&self, metric: &Metric) -> bool {
        let of_schema = self.schema.as_ref().is_none_or(|schema| schema.has(metric));
        of_schema && self.term.as_ref().is_none_or(|term| term.is(metric))
    }
}

impl Schema {
    fn has(&self, metric: &Metric) -> bool {
        let mut names: Vec<&str> = metric.dimensions.iter().map(|d| d.name.as_str()).collect();
        names.sort_unstable();
        self.namespace == metric.namespace && self.dimensions == names
    }
}

impl Term {
    fn is(&self, metric: &Metric) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.is(metric)),
            Self::Any(terms) => terms.iter().any(|term| term.is(metric)),
            Self::Not(term) => !term.is(metric),
            Self::Text { property: None, text } => {
                let dimensions = metric.dimensions.iter();
                let mut words = dimensions.flat_map(|d| [d.name.as_str(), d.value.as_str()]);
                text.is(&metric.metric_name) || text.is(&metric.namespace) || words.any(|word| text.is(word))
            }
            Self::Text {
                property: Some(property),
                text,
            } => match property.as_str() {
                "MetricName" => text.is(&metric.metric_name),
                "Namespace" => text.is(&metric.namespace),
                name => metric
                    .dimensions
                    .iter()
                    .any(|d| d.name == name && text.is(&d.value)),
            },
        }
    }
}

impl Text {
    fn is(&self, word: &str) -> bool {
        match self {
            Self::Exact(text) => text == word,
            Self::Partial(partial) => partial.is_in(word),
        }
    }
}
