//! X-Ray: documents over UDP, traces and summaries over its API.
//!
//! On AWS the daemon (in Lambda: the service's own) takes datagrams and uploads them with `PutTraceSegments`; the service
//! joins independent subsegments to their parents and indexes annotations. Here the daemon writes to the store, and
//! joining happens when a trace is read.

pub(crate) mod api;
pub(crate) mod daemon;
pub(crate) mod document;
mod filter;
mod service_graph;
