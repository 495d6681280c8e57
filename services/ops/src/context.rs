//! What every command is given: the state directory, the running platform if there is one, and whether to ask that
//! platform or AWS.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use jiff::{SignedDuration, Timestamp};
use ops_plane::Clock;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::run_file::RunFile;
use crate::state_dir::StateDir;
use crate::{console, workspace};

/// Where the shop runs locally.
pub(crate) const REGION: &str = "us-east-1";
/// The emulator's account.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The emulator takes any credentials; these are the customary ones.
pub(crate) const LOCAL_KEY: &str = "test";

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    global: Global,
    state: StateDir,
}

impl Context {
    /// From the options of the command line.
    ///
    /// # Errors
    /// When no state directory is given and there is no workspace to put it in.
    pub(crate) fn new(global: Global) -> anyhow::Result<Self> {
        let root = match &global.state_dir {
            Some(root) => std::path::absolute(root)?,
            None => workspace::root()?.join(".shopwatch"),
        };
        Ok(Self {
            global,
            state: StateDir::new(root),
        })
    }

    /// The options of every command.
    #[must_use]
    pub(crate) fn global(&self) -> &Global {
        &self.global
    }

    /// The folder of the platform's state.
    #[must_use]
    pub(crate) fn state(&self) -> &StateDir {
        &self.state
    }

    /// Is standard output to be coloured?
    #[must_use]
    pub(crate) fn colored(&self) -> bool {
        console::colored(&self.global)
    }

    /// Are the questions for AWS (or another endpoint) rather than for the platform on this machine?
    #[must_use]
    pub(crate) fn asks_aws(&self) -> bool {
        self.global.profile.is_some() || self.global.endpoint_url.is_some() || self.global.region.is_some()
    }

    /// Are they for AWS itself, not for an emulator at some address?
    #[must_use]
    pub(crate) fn asks_aws_itself(&self) -> bool {
        self.asks_aws() && self.global.endpoint_url.is_none()
    }

    /// The platform that runs in the state directory.
    ///
    /// # Errors
    /// When none does, with how to start one.
    pub(crate) fn running(&self) -> Result<RunFile, Failure> {
        RunFile::of_running(&self.state).ok_or_else(|| {
            Failure::new(Exit::No, format!("nothing runs in {}", self.state.root().display()))
                .cure("start it with `shopwatch up`, or name its folder with --state-dir; for AWS give --profile or --region")
        })
    }

    /// The time of metrics and alarms: that of the platform on this machine may run faster than the wall's.
    ///
    /// # Errors
    /// When the local platform is meant and does not run.
    pub(crate) fn time_of_metrics(&self) -> Result<Timestamp, Failure> {
        if self.asks_aws() {
            return Ok(Timestamp::now());
        }
        Ok(self.running()?.clock.now())
    }

    /// The wall clock's time at which it was so long ago where alarms live. On AWS that is so long ago.
    ///
    /// # Errors
    /// When the local platform is meant and does not run, or its clock cannot be read.
    pub(crate) fn alarms_ago(&self, ago: Duration) -> Result<SystemTime, Failure> {
        let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
        let before = |now: Timestamp| now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH);
        if self.asks_aws() {
            return Ok(before(Timestamp::now()).into());
        }
        let now = self.running()?.clock.now();
        let file = self.state.alarm_clock();
        let told = std::fs::read_to_string(&file).unwrap_or_default();
        let clock = Clock::read(&told).ok_or_else(|| {
            Failure::new(
                Exit::Platform,
                format!("read the clock of alarms {}", file.display()),
            )
            .cure("start the platform again")
        })?;
        Ok(clock.to_wall(before(now)).into())
    }

    /// How to reach the AWS APIs: the gateway of the running platform, or AWS when the options say so.
    ///
    /// # Errors
    /// When the local platform is meant and does not run.
    pub(crate) async fn sdk_config(&self) -> Result<SdkConfig, Failure> {
        if !self.asks_aws() {
            return Ok(local_sdk_config(self.running()?.endpoint("aws")));
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = &self.global.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.global.endpoint_url {
            loader = loader.endpoint_url(url);
            // An endpoint without a profile is an emulator: it needs no credentials of this machine.
            if self.global.profile.is_none() {
                loader = loader.credentials_provider(local_credentials());
            }
        }
        if let Some(region) = &self.global.region {
            loader = loader.region(Region::new(region.clone()));
        } else if self.global.profile.is_none() {
            loader = loader.region(REGION);
        }
        Ok(loader.load().await)
    }
}

/// For the AWS APIs at a local address. The machine's own AWS configuration has no say in it: a broken profile must not
/// keep the local platform from working, nor a real one be used.
pub(crate) fn local_sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(local_credentials()))
        .build()
}

fn local_credentials() -> Credentials {
    Credentials::new(LOCAL_KEY, LOCAL_KEY, None, None, "local platform")
}
