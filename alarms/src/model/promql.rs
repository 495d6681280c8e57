//! What a PromQL alarm evaluates: a query that only the service can answer, and how long a contributor breaches and recovers.

use serde::{Deserialize, Serialize};

/// `EvaluationCriteria`: a union, of which PromQL is the only member yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationCriteria {
    /// The query and its times.
    #[serde(rename = "PromQLCriteria")]
    pub promql: PromQlCriteria,
}

/// `PromQLCriteria`: each series of the answer is a contributor, with a state of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PromQlCriteria {
    /// At most 10 000 characters. It returns what breaches, so the comparison stands in it.
    pub query: String,
    /// Seconds, at most a day: so long a contributor has to breach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_period: Option<u32>,
    /// Seconds, at most a day: so long a contributor must not breach before it is OK again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_period: Option<u32>,
}
