//! The failure of a call to an AWS service, as the adapters of orders, workflow and notifications report it. Which call
//! it was is in the text and in the subsegment; the code stays bounded.

use telemetry_core::Coded;

/// A call that failed, or an answer that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The call failed.
    #[error("{attempted}")]
    Call {
        /// What was attempted.
        attempted: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored item or an answer lacks an attribute, or has a wrong one.
    #[error("read {0}: it is missing or wrong")]
    Malformed(&'static str),
}

impl AdapterError {
    /// A failed call.
    pub fn call(
        attempted: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Call {
            attempted,
            source: source.into(),
        }
    }
}

impl Coded for AdapterError {
    fn code(&self) -> &'static str {
        match self {
            Self::Call { .. } => "aws-call-failed",
            Self::Malformed(_) => "malformed-item",
        }
    }
}
