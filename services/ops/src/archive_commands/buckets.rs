//! Buckets of the account that is asked: on the platform on this machine, at another endpoint, or on AWS.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use log_archive_domain::layout;
use log_archive_domain::restore::{Restoring, Speed};
use log_archive_s3::{OpenError, Patience};
use log_archive_store::chain;
use ops_archive::{Bucket, Buckets, Glacier};
use ops_monitoring::Refused;

use crate::aws::stack::StackPlace;
use crate::aws::told;
use crate::cli::Global;
use crate::context::Context;
use crate::up::STACK;

/// Buckets of the account that the options name.
#[derive(Debug)]
pub(crate) struct AccountBuckets<'a> {
    global: &'a Global,
    patience: Patience,
}

impl<'a> AccountBuckets<'a> {
    pub(crate) fn new(global: &'a Global) -> Self {
        Self {
            global,
            patience: Patience::default(),
        }
    }

    /// For a story, which is told without the archive if that does not answer soon.
    pub(crate) fn of_story(global: &'a Global) -> Self {
        let patience = Patience {
            answer: Duration::from_secs(5),
            all: Duration::from_secs(5),
            retries: 1,
            ..Patience::default()
        };
        Self { global, patience }
    }
}

/// A bucket that nobody has opened yet.
pub(crate) struct Named {
    /// Its name.
    pub(crate) name: String,
    /// Who asks, and where.
    pub(crate) config: SdkConfig,
}

impl AccountBuckets<'_> {
    /// The bucket of this name; `None` stands for that of the stack.
    ///
    /// # Errors
    /// Nobody says which platform, stack or region is meant.
    pub(crate) async fn named(&self, name: Option<&str>) -> Result<Named, Refused> {
        // Not before it is needed: a directory has neither a platform nor a workspace.
        let context = Context::new(self.global.clone()).map_err(|error| refused(attempted(name), &error))?;
        let config = context.sdk_config().await.map_err(|failure| {
            let refused = refused(attempted(name), &failure.into());
            refused.cure("start it with `shopwatch up`, give --profile or --region for AWS, or name a directory with --archive")
        })?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => bucket_of_stack(&context, &config).await.map_err(|error| {
                refused(attempted(name), &error).cure("name it with --archive s3://BUCKET")
            })?,
        };
        Ok(Named { name, config })
    }

    /// The profile of the AWS configuration that was asked for.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.global.profile.as_deref()
    }

    /// Does this machine's configuration say who asks? An endpoint without a profile is an emulator, which takes anybody.
    pub(crate) fn has_own_credentials(&self) -> bool {
        let global = self.global;
        global.profile.is_some() || (global.region.is_some() && global.endpoint_url.is_none())
    }
}

fn attempted(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("open the archive s3://{name}"),
        None => "find the archive of the stack".to_owned(),
    }
}

#[async_trait]
impl Buckets for AccountBuckets<'_> {
    async fn open(&self, name: Option<&str>) -> Result<Bucket, Refused> {
        let named = self.named(name).await?;
        let invalid = |error: OpenError| Refused::usage(attempted(name)).because(chain(&error));
        let Named { name, config } = &named;
        let store = log_archive_s3::open(name, config, self.patience).map_err(invalid)?;
        let glacier = log_archive_s3::Glacier::new(name, config, self.patience).map_err(invalid)?;
        Ok(Bucket {
            name: named.name,
            store,
            glacier: Some(Arc::new(S3Glacier(glacier))),
        })
    }
}

/// Copies out of Glacier, with errors as text.
#[derive(Debug)]
struct S3Glacier(log_archive_s3::Glacier);

#[async_trait]
impl Glacier for S3Glacier {
    async fn restore(&self, key: &str, days: u32, speed: Speed) -> Result<Restoring, String> {
        let restoring = self.0.restore(key, days, speed).await;
        restoring.map_err(|error| chain(&error))
    }
}

/// By account and region: those of the running platform, or those of the stack.
async fn bucket_of_stack(context: &Context, config: &SdkConfig) -> anyhow::Result<String> {
    if !context.asks_aws() {
        let running = context.running()?;
        return Ok(layout::bucket(&running.account, &running.region));
    }
    let described = Client::new(config)
        .describe_stacks()
        .stack_name(STACK)
        .send()
        .await;
    let described = described.map_err(told)?;
    let arn = described.stacks().first().and_then(|stack| stack.stack_id());
    let place = StackPlace::of_arn(arn.unwrap_or_default());
    let place = place.ok_or_else(|| anyhow::anyhow!("CloudFormation gave no ARN of the stack {STACK}"))?;
    Ok(layout::bucket(place.account, place.region))
}

fn refused(attempted: String, error: &anyhow::Error) -> Refused {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    Refused::failed(attempted).because(causes.join(": "))
}
