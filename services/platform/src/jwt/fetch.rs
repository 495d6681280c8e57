//! Reading the key set over HTTP(S), with the client and the TLS that the SDK brings.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http_body_util::{BodyExt as _, Limited};
use jsonwebtoken::jwk::JwkSet;

/// A key set has a few keys of 500 bytes.
const MAX_KEY_SET_BYTES: usize = 64 * 1024;
/// For the whole fetch.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Why a key set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer, or none in time.
    #[error("fetch the identity provider's keys")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another status than 200.
    #[error("fetch the identity provider's keys: answered {0}")]
    Status(u16),
    /// Not a key set.
    #[error("read the identity provider's keys")]
    NotKeys(#[source] serde_json::Error),
}

/// Reads a pool's key set.
#[async_trait]
pub trait FetchKeys: Send + Sync + fmt::Debug {
    /// The set at an address.
    async fn fetch(&self, url: &str) -> Result<JwkSet, FetchError>;
}

/// [`FetchKeys`] over HTTP(S). Connecting happens at the first fetch, not at init.
#[derive(Debug)]
pub struct HttpKeys(std::sync::OnceLock<Connector>);

impl HttpKeys {
    /// Makes no connection yet.
    #[must_use]
    pub fn new() -> Self {
        Self(std::sync::OnceLock::new())
    }

    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            let settings = HttpConnectorSettings::builder()
                .connect_timeout(Duration::from_secs(1))
                .read_timeout(Duration::from_secs(2))
                .build();
            Connector::builder()
                .connector_settings(settings)
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build()
        })
    }

    async fn body(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let request = HttpRequest::get(url).map_err(|error| FetchError::NoAnswer(error.into()))?;
        let response = self
            .connector()
            .call(request)
            .await
            .map_err(|error| FetchError::NoAnswer(error.into()))?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_KEY_SET_BYTES)
            .collect()
            .await;
        Ok(body.map_err(FetchError::NoAnswer)?.to_bytes().to_vec())
    }
}

impl Default for HttpKeys {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl FetchKeys for HttpKeys {
    async fn fetch(&self, url: &str) -> Result<JwkSet, FetchError> {
        let body = tokio::time::timeout(TIMEOUT, self.body(url))
            .await
            .map_err(|late| FetchError::NoAnswer(late.into()))??;
        serde_json::from_slice(&body).map_err(FetchError::NotKeys)
    }
}
