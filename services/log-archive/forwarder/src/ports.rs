//! What the forwarder needs from outside. Each port is one right: one delivery stream, two prefixes of one bucket.

use std::error::Error;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

/// Why a call failed. What it means is said where it is asked.
pub type PortError = Box<dyn Error + Send + Sync>;

/// A delivery stream: `firehose:PutRecordBatch`.
#[async_trait]
pub trait Stream: Send + Sync {
    /// Hands records over in one request, and says for each, in their order, what became of it.
    ///
    /// # Errors
    /// The request as a whole was refused or not answered. Records of it may have been taken all the same.
    async fn put(&self, records: &[Bytes]) -> Result<Vec<Outcome>, StreamError>;
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Firehose has it.
    Taken,
    /// Firehose has it not, and says why: `ServiceUnavailableException`, `InternalFailure`.
    Refused(String),
}

/// A request that was refused or not answered.
#[derive(Debug, thiserror::Error)]
#[error("put records")]
pub struct StreamError {
    /// Is there a chance that the same request is taken a moment later?
    pub is_passing: bool,
    /// Why.
    #[source]
    pub cause: PortError,
}

/// The archive's bucket: `s3:PutObject` under `raw/` and `failed/`.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Stores an object, over whatever is there.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), PortError>;
}

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// A number from 0 up to, not including, 1: forwarders that were refused together must not come back together.
    fn chance(&self) -> f64;
}
