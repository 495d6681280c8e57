//! Numbers of a function for people and for the endpoint's `/status`.

use serde_json::{Value, json};

/// One function at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionStatus {
    /// Name.
    pub function: String,
    /// Environments that run.
    pub environments: usize,
    /// Invocations that run.
    pub in_flight: usize,
    /// Resident memory of each environment, bytes.
    pub resident_bytes: Vec<u64>,
    /// Invocations since the start, attempts of asynchronous events included.
    pub invocations: u64,
    /// Of these, not successful.
    pub errors: u64,
    /// Invocations refused.
    pub throttles: u64,
    /// Environments started.
    pub cold_starts: u64,
    /// Asynchronous events not done.
    pub queue_depth: u64,
}

impl FunctionStatus {
    /// The shape of the endpoint's `/status`.
    pub fn to_json(&self) -> Value {
        json!({
            "function": self.function, "environments": self.environments, "inFlight": self.in_flight,
            "residentBytes": self.resident_bytes, "invocations": self.invocations, "errors": self.errors,
            "throttles": self.throttles, "coldStarts": self.cold_starts, "queueDepth": self.queue_depth,
        })
    }
}
