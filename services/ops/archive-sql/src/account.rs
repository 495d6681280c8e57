//! Buckets of the account that the environment names: `shopwatch archive sql` writes there what it knows of profiles, endpoints and the
//! running platform.

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use log_archive_s3::Patience;
use log_archive_store::chain;
use ops_archive::{Bucket, Buckets};
use ops_monitoring::Refused;

/// The account.
#[derive(Debug)]
pub(crate) struct Account {
    /// Of the AWS configuration.
    pub(crate) profile: Option<String>,
}

#[async_trait]
impl Buckets for Account {
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused> {
        let name = name.ok_or_else(|| {
            Refused::usage("find the archive")
                .because("none is named")
                .cure("ask with `shopwatch archive sql`, which knows the stack's, or name it with --archive")
        })?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let store = log_archive_s3::open(name, &config, Patience::default());
        let store = store.map_err(|error| {
            Refused::usage(format!("open the archive s3://{name}")).because(chain(&error))
        })?;
        Ok(Bucket {
            name: name.to_owned(),
            store,
            glacier: None,
        })
    }
}
