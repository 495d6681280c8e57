//! Credentials as the SDK's provider gives them: from the environment of a function, a profile, a container, a single sign-on.
//! The provider may ask somebody over the network; so what it gave is kept until shortly before it ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

/// So long before they end new ones are asked for: longer than a request is tried ([`crate::Patience::all`]), because it is signed once.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// A provider of the SDK, for the store.
#[derive(Debug)]
pub(crate) struct Credentials {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    credential: Arc<AwsCredential>,
    /// `None`: they never end.
    until: Option<SystemTime>,
}

impl Credentials {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        let kept = Mutex::new(None);
        Self { provider, kept }
    }

    async fn at(&self, now: SystemTime) -> object_store::Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_good(now)) {
            return Ok(Arc::clone(&kept.credential));
        }
        let given = self.provider.provide_credentials().await;
        let given = given.map_err(|error| object_store::Error::Generic {
            store: "S3",
            source: Box::new(error),
        })?;
        let credential = Arc::new(AwsCredential {
            key_id: given.access_key_id().to_owned(),
            secret_key: given.secret_access_key().to_owned(),
            token: given.session_token().map(str::to_owned),
        });
        *kept = Some(Kept {
            credential: Arc::clone(&credential),
            until: given.expiry(),
        });
        Ok(credential)
    }
}

impl Kept {
    fn is_good(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now + MARGIN < until)
    }
}

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        self.at(SystemTime::now()).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::Credentials as Given;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{ProvideCredentials, future};

    use super::*;

    /// Gives others each time, for an hour from the epoch on; the third time there are none.
    #[derive(Debug, Default)]
    struct Counting(AtomicU64);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            if count > 2 {
                return future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("signed out")));
            }
            let ends = at(count * 3_600);
            let given = Given::new(
                format!("id-{count}"),
                "secret",
                Some("token".to_owned()),
                Some(ends),
                "test",
            );
            future::ProvideCredentials::ready(Ok(given))
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn they_are_kept_until_shortly_before_they_end() {
        let credentials = Credentials::new(SharedCredentialsProvider::new(Counting::default()));
        let check = async |seconds: u64, expected: &str| {
            let told = match credentials.at(at(seconds)).await {
                Ok(credential) => credential.key_id.clone(),
                Err(error) => error.to_string(),
            };
            assert!(told.contains(expected), "{seconds} s: {told}");
        };
        check(0, "id-1").await;
        check(3_299, "id-1").await;
        check(3_300, "id-2").await;
        check(6_899, "id-2").await;
        check(6_900, "not").await;
    }
}
