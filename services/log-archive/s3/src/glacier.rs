//! Copies out of Glacier: the one thing that the archive asks of S3 and that no object store knows.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html>

use std::time::Duration;

use aws_types::SdkConfig;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use log_archive_domain::restore::{Restoring, Speed};
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpClient, HttpConnector as _, HttpError, HttpRequest};
use object_store::{ClientOptions, CredentialProvider as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep};

use crate::credentials::Credentials;
use crate::{OpenError, Patience, Who, connector};

/// What stands in a path as it is: S3 signs it so.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// An answer that is no answer of S3 may be long.
const LONGEST_TOLD: usize = 300;

/// A bucket whose objects may be in Glacier.
#[derive(Debug)]
pub struct Glacier {
    client: HttpClient,
    credentials: Credentials,
    region: String,
    /// `https://logs.s3.eu-west-1.amazonaws.com`.
    address: String,
    patience: Patience,
}

/// Why a copy was not asked for.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Nobody signs.
    #[error("sign the request to restore {key}")]
    Sign {
        /// Which object.
        key: String,
        /// Why.
        #[source]
        cause: Box<object_store::Error>,
    },
    /// The key or the endpoint is none.
    #[error("ask S3 to restore {key}")]
    Invalid {
        /// Which object.
        key: String,
        /// Why.
        #[source]
        cause: http::Error,
    },
    /// No answer came.
    #[error("ask S3 to restore {key}")]
    Unanswered {
        /// Which object.
        key: String,
        /// Why.
        #[source]
        cause: HttpError,
    },
    /// S3 refused.
    #[error("S3 does not restore {key}: {status} {told}")]
    Refused {
        /// Which object.
        key: String,
        /// The status of its answer.
        status: StatusCode,
        /// Its own words.
        told: String,
    },
}

/// An answer that was read.
struct Answer {
    status: StatusCode,
    body: String,
}

impl Glacier {
    /// Of a bucket. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The configuration lacks something.
    pub fn new(bucket: &str, config: &SdkConfig, patience: Patience) -> Result<Self, OpenError> {
        let Who { region, provider } = Who::of(bucket, config)?;
        let endpoint = config.endpoint_url();
        let address = match endpoint {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        };
        let connected = connector(bucket, endpoint, patience).connect(&ClientOptions::new());
        let client = connected.map_err(|cause| OpenError::Invalid {
            bucket: bucket.to_owned(),
            cause,
        })?;
        Ok(Self {
            client,
            credentials: Credentials::new(provider),
            region: region.to_string(),
            address,
            patience,
        })
    }

    /// Asks for a copy of an object that can be read for so many days. To ask twice does no harm.
    ///
    /// # Errors
    /// S3 refuses or does not answer, also when it is asked again.
    pub async fn restore(&self, key: &str, days: u32, speed: Speed) -> Result<Restoring, RestoreError> {
        let body = body(days, speed);
        let (begun, mut attempt, mut pause) = (Instant::now(), 0, self.patience.pause);
        loop {
            let answer = self.send(key, &body).await;
            let is_last = attempt >= self.patience.retries || begun.elapsed() + pause > self.patience.all;
            match answer {
                Err(RestoreError::Unanswered { .. }) if !is_last => {}
                Ok(answer) if is_passing(answer.status) && !is_last => {}
                Ok(answer) => return answer.read(key),
                Err(error) => return Err(error),
            }
            sleep(pause).await;
            attempt += 1;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn send(&self, key: &str, body: &str) -> Result<Answer, RestoreError> {
        let request = self.request(key, body).await?;
        let unanswered = |cause| RestoreError::Unanswered {
            key: key.to_owned(),
            cause,
        };
        let answer = self.client.execute(request).await.map_err(unanswered)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(unanswered)?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status, body })
    }

    async fn request(&self, key: &str, body: &str) -> Result<HttpRequest, RestoreError> {
        let uri = format!("{}/{}?restore", self.address, utf8_percent_encode(key, PATH));
        let request = Request::builder().method(Method::POST).uri(uri);
        let mut request = request
            .body(body.to_owned().into())
            .map_err(|cause| RestoreError::Invalid {
                key: key.to_owned(),
                cause,
            })?;
        let signing = |cause| RestoreError::Sign {
            key: key.to_owned(),
            cause: Box::new(cause),
        };
        let credential = self.credentials.get_credential().await.map_err(signing)?;
        AwsAuthorizer::new(&credential, "s3", &self.region)
            .try_authorize(&mut request, None)
            .map_err(signing)?;
        Ok(request)
    }
}

impl Answer {
    fn read(self, key: &str) -> Result<Restoring, RestoreError> {
        let code = element(&self.body, "Code").unwrap_or_default();
        match (self.status, code) {
            (StatusCode::ACCEPTED, _) => Ok(Restoring::Begun),
            (StatusCode::OK, _) => Ok(Restoring::Restored),
            (StatusCode::CONFLICT, "RestoreAlreadyInProgress") => Ok(Restoring::UnderWay),
            // What is in no class that is restored can be read as it is.
            (StatusCode::FORBIDDEN, "InvalidObjectState") => Ok(Restoring::NotNeeded),
            _ => {
                let message = element(&self.body, "Message").unwrap_or(&self.body);
                Err(RestoreError::Refused {
                    key: key.to_owned(),
                    status: self.status,
                    told: format!("{code} {message}")
                        .trim()
                        .chars()
                        .take(LONGEST_TOLD)
                        .collect(),
                })
            }
        }
    }
}

/// May it be otherwise next time?
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn body(days: u32, speed: Speed) -> String {
    let tier = match speed {
        Speed::Standard => "Standard",
        Speed::Bulk => "Bulk",
    };
    format!(
        "<RestoreRequest xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>{days}</Days>\
         <GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>"
    )
}

/// The text of the first element of this name. S3's errors have no attributes, and nothing nested that has the same name.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}
