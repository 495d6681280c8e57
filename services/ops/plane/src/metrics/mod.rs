//! CloudWatch metrics: where datapoints come from, and the API that reads them.
//!
//! On AWS, services publish their own metrics, CloudWatch Logs extracts embedded metrics, and the CloudWatch API
//! answers. Here `emf` extracts and `api` answers; what stands in for a service publishes through `Intake::metric`.

pub(crate) mod api;
pub(crate) mod cbor;
pub(crate) mod emf;
mod query;
