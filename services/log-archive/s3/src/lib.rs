//! The log archive's store on S3, for functions and for the operator's program: an [`ObjectStore`] with the credentials, the region and
//! the endpoint that the AWS SDK found, over the HTTP client that is in every function already.
//!
//! In reading order: [`open`] puts it together; `credentials` keeps what the SDK's provider gives, `connection` speaks HTTP and gives up
//! what hangs, `span` tells telemetry of each request. [`Glacier`] asks for copies of what lies in Deep Archive.
//!
//! Not here: what is stored (`log-archive-store`).

mod connection;
mod credentials;
mod glacier;
#[cfg(feature = "loopback")]
pub mod loopback;
mod span;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

pub use glacier::{Glacier, RestoreError};

use connection::Connector;
use credentials::Credentials;

/// How long is waited, and how often something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// From the request, which may have a body of many megabytes, to the beginning of its answer.
    pub answer: Duration,
    /// For each further piece of an answer.
    pub piece: Duration,
    /// No attempt begins so long after the first one.
    pub all: Duration,
    /// Attempts after the first.
    pub retries: usize,
    /// Before the second attempt, about; each further pause is up to twice as long, and none longer than 5 s.
    pub pause: Duration,
}

impl Default for Patience {
    /// For functions and people who wait some minutes at most. A request of 64 MB takes one second of one of S3's connections
    /// (85 to 90 MB/s, S3 performance guidelines); a function of 1,769 MB has less.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(30),
            piece: Duration::from_secs(10),
            all: Duration::from_secs(60),
            retries: 6,
            pause: Duration::from_millis(100),
        }
    }
}

/// Why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody says where it is.
    #[error("open the bucket {bucket}: no region is configured (AWS_REGION, or that of the profile)")]
    NoRegion {
        /// Which.
        bucket: String,
    },
    /// Nobody says who asks.
    #[error("open the bucket {bucket}: no credentials are configured")]
    NoCredentials {
        /// Which.
        bucket: String,
    },
    /// Its name or the endpoint is none.
    #[error("open the bucket {bucket}")]
    Invalid {
        /// Which.
        bucket: String,
        /// Why.
        #[source]
        cause: object_store::Error,
    },
}

/// Opens a bucket. Nothing is asked of it yet.
///
/// # Errors
/// The configuration lacks something.
pub fn open(bucket: &str, config: &SdkConfig, patience: Patience) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let Who { region, provider } = Who::of(bucket, config)?;
    let builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region.as_ref())
        .with_credentials(Arc::new(Credentials::new(provider)))
        .with_retry(retries(patience))
        // One request for one object: its answer says what became of it.
        .with_disable_bulk_delete(true);
    let store = addressed(builder, bucket, config.endpoint_url(), patience).build();
    let store: AmazonS3 = store.map_err(|cause| OpenError::Invalid {
        bucket: bucket.to_owned(),
        cause,
    })?;
    Ok(Arc::new(store))
}

/// On AWS the bucket is part of the host; another endpoint (`AWS_ENDPOINT_URL`) has it in the path.
fn addressed(
    builder: AmazonS3Builder,
    bucket: &str,
    endpoint: Option<&str>,
    patience: Patience,
) -> AmazonS3Builder {
    let connector = connector(bucket, endpoint, patience);
    match endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint),
        None => builder.with_virtual_hosted_style_request(true),
    }
    .with_http_connector(connector)
}

fn connector(bucket: &str, endpoint: Option<&str>, patience: Patience) -> Connector {
    match endpoint {
        Some(endpoint) if endpoint.starts_with("http://") => Connector::plain(bucket, patience),
        _ => Connector::encrypted(bucket, patience),
    }
}

/// Who asks, and where.
struct Who<'c> {
    region: &'c Region,
    provider: SharedCredentialsProvider,
}

impl<'c> Who<'c> {
    fn of(bucket: &str, config: &'c SdkConfig) -> Result<Self, OpenError> {
        let named = || bucket.to_owned();
        let region = config.region();
        let provider = config.credentials_provider();
        Ok(Self {
            region: region.ok_or_else(|| OpenError::NoRegion { bucket: named() })?,
            provider: provider.ok_or_else(|| OpenError::NoCredentials { bucket: named() })?,
        })
    }
}

fn retries(patience: Patience) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: patience.pause,
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: patience.retries,
        retry_timeout: patience.all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(region: Option<&'static str>, has_credentials: bool) -> SdkConfig {
        let credentials = aws_credential_types::Credentials::new("id", "secret", None, None, "test");
        let mut builder = SdkConfig::builder();
        builder.set_region(region.map(Region::new));
        builder
            .set_credentials_provider(has_credentials.then(|| SharedCredentialsProvider::new(credentials)));
        builder.build()
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |config: &SdkConfig, expected: &str| {
            let error = open("logs", config, Patience::default()).unwrap_err().to_string();
            assert!(
                error.contains("the bucket logs") && error.contains(expected),
                "{error}"
            );
        };
        check(&config(None, true), "no region");
        check(&config(Some("eu-west-1"), false), "no credentials");
        assert!(open("logs", &config(Some("eu-west-1"), true), Patience::default()).is_ok());
    }
}
