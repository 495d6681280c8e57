//! What commands that call AWS share: how errors of the SDK are told, queries of Logs Insights, and of metrics, where a stack is.
//!
//! Not here: which endpoint is asked (`context`), and what a command asks for.

pub(crate) mod insights;
pub(crate) mod metric_query;
pub(crate) mod stack;

/// An error of the AWS SDK with its whole chain.
pub(crate) fn told<E: std::error::Error + 'static>(error: E) -> anyhow::Error {
    anyhow::anyhow!("{}", aws_smithy_types::error::display::DisplayErrorContext(error))
}
