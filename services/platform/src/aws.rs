//! The configuration that all SDK clients of a function share: region and endpoint from the environment
//! (`AWS_REGION`, `AWS_ENDPOINT_URL`), retries and time limits stated. Clients are made by the adapters that use them.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// How long a call may take, and how often it is tried. Everything together stays below the 29 s of API Gateway and
/// the 30 s of the functions, so that a slow dependency is answered as an error and not as a timeout of the function.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To a TCP connection with TLS.
    pub connect: Duration,
    /// From the request to the first byte of the answer.
    pub read: Duration,
    /// One attempt.
    pub attempt: Duration,
    /// All attempts with their pauses.
    pub operation: Duration,
    /// Attempts, the first included.
    pub attempts: u32,
}

/// For calls that answer in milliseconds: tables, queues, topics, buses.
pub const QUICK: Limits = Limits {
    connect: Duration::from_secs(1),
    read: Duration::from_secs(3),
    attempt: Duration::from_secs(4),
    operation: Duration::from_secs(9),
    attempts: 3,
};

/// For calls that run another function: its cold start and its own retries are inside the attempt.
pub const INVOKE: Limits = Limits {
    connect: Duration::from_secs(1),
    read: Duration::from_secs(12),
    attempt: Duration::from_secs(12),
    operation: Duration::from_secs(20),
    attempts: 2,
};

/// For writing down what cannot be taken back, such as a mail that went: worth waiting out a short outage, because whoever does not find
/// it written does it again.
pub const NOTE: Limits = Limits {
    connect: Duration::from_secs(1),
    read: Duration::from_secs(3),
    attempt: Duration::from_secs(4),
    operation: Duration::from_secs(12),
    attempts: 20,
};

impl Limits {
    /// As the SDK wants them.
    #[must_use]
    pub fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.read)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    /// As the SDK wants them.
    #[must_use]
    pub fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(Duration::from_secs(1))
    }
}

/// The configuration to build clients from, with [`QUICK`] limits. Add the telemetry interceptor per client:
/// `aws_sdk_x::config::Builder::from(&config).interceptor(Interceptor::new())` of `telemetry-aws-sdk`.
pub async fn shared_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(QUICK.timeouts())
        .retry_config(QUICK.retries())
        .load()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_outlives_its_function() {
        for limits in [QUICK, INVOKE, NOTE] {
            assert!(limits.connect < limits.attempt && limits.attempt < limits.operation);
            assert!(limits.operation < Duration::from_secs(29));
        }
    }
}
